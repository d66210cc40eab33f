//! A ClickHouse to test with: `tests/clickhouse/front.py`, a real engine behind ClickHouse's protocol, with switches for what
//! goes wrong. `ADMX_TEST_CHDB` names the Python that has the engine.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A ClickHouse that fails when it is told to. It ends when this is dropped.
pub struct Engine {
    pub port: u16,
    fails: PathBuf,
    folder: TempDir,
    pub child: Child,
}

impl Engine {
    pub fn start() -> Engine {
        let python = std::env::var("ADMX_TEST_CHDB").expect("tests/run sets ADMX_TEST_CHDB");
        let folder = tempfile::tempdir().unwrap();
        let fails = folder.path().join("fails");
        let mut child = Command::new(python)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/clickhouse/front.py"
            ))
            .args(["--port", "0", "--with-stdin", "--data"])
            .arg(folder.path().join("data"))
            .arg("--fail-file")
            .arg(&fails)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
        Engine {
            port,
            fails,
            folder,
            child,
        }
    }

    pub fn place(&self) -> String {
        format!("clickhouse://127.0.0.1:{}/shop?compression=none", self.port)
    }

    /// What a server is told.
    pub fn environment(&self) -> [(&'static str, OsString); 1] {
        [("ADMX_STORE", self.place().into())]
    }

    pub fn fail(&self, how: &str) {
        let whole = self.folder.path().join("how");
        std::fs::write(&whole, how).unwrap();
        std::fs::rename(whole, &self.fails).unwrap();
    }

    pub fn work(&self) {
        std::fs::remove_file(&self.fails).unwrap();
    }

    /// What a query gives, as it would be typed by an operator.
    pub fn query(&self, sql: &str) -> String {
        self.asked(sql)
            .unwrap_or_else(|said| panic!("{sql}: {said}"))
    }

    /// The same, or what was said instead.
    pub fn asked(&self, sql: &str) -> Result<String, String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{sql}",
            sql.len()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        match text.starts_with("HTTP/1.1 200") {
            true => Ok(text.split_once("\r\n\r\n").unwrap().1.trim().to_owned()),
            false => Err(text),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
