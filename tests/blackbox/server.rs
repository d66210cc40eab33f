//! Starts the built binary in a folder of its own on a free port, and asks it things.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A browser's user agent.
pub const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

/// The `Origin` of a page on the site that [`set_up`] adds.
pub const ORIGIN: (&str, &str) = ("origin", "https://example.com");

/// What browsers say of a request that a page of the server's own makes.
pub const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// The password of each [`Server::person`].
pub const PASSWORD: &str = "a long enough one";

/// A running server. It is killed when dropped.
pub struct Server {
    pub url: String,
    pub port: u16,
    /// The one-time link printed at the start.
    pub login: String,
    pub data: TempDir,
    child: Child,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The cookie that it sets.
    pub fn cookie(&self) -> String {
        let cookie = self
            .header("set-cookie")
            .unwrap_or_else(|| panic!("no cookie: {self:?}"));
        cookie.split(';').next().unwrap().to_owned()
    }

    /// The code of an error.
    pub fn code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Server {
    pub fn start() -> Server {
        Server::with(&[])
    }

    pub fn with(flags: &[&str]) -> Server {
        Server::on(tempfile::tempdir().unwrap(), flags)
    }

    /// Starts on a folder that may hold something already.
    pub fn on(data: TempDir, flags: &[&str]) -> Server {
        Server::with_environment(data, flags, &[])
    }

    /// The same, with variables of the environment, of which it has no others.
    pub fn with_environment(
        data: TempDir,
        flags: &[&str],
        environment: &[(&str, OsString)],
    ) -> Server {
        let anywhere: &[&str] = match flags.contains(&"--listen") {
            true => &[],
            false => &["--listen", "127.0.0.1:0"],
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_admx"))
            .args(["serve", "--data"])
            .arg(data.path())
            .args(anywhere)
            .args(flags)
            .env_clear()
            .envs(store(data.path()))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut url, mut login) = (String::new(), String::new());
        for line in lines.by_ref().map_while(Result::ok) {
            let word = line
                .split_whitespace()
                .find(|w| w.starts_with("http"))
                .unwrap_or_default()
                .to_owned();
            if line.starts_with("admx ") {
                url = word;
            } else if line.contains("dashboard") {
                login = word;
            } else if line.contains("snippet") {
                break;
            }
        }
        // What it logs from here on is shown with a test that fails.
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| eprintln!("server: {line}"))
        });
        let port = url
            .rsplit(':')
            .next()
            .and_then(|p| p.parse().ok())
            .expect("the server says where it is");
        Server {
            url,
            port,
            login,
            data,
            child,
        }
    }

    /// Runs a command beside the server and gives what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = run(self.data.path(), arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn add_site(&self, domain: &str) -> String {
        self.run(&["site", "add", domain])
    }

    pub fn new_key(&self) -> String {
        self.run(&[
            "key",
            "new",
            "--name",
            "test",
            "--scope",
            "event:write",
            "--scope",
            "analytics:read",
        ])
    }

    /// A key that may do everything.
    pub fn full_key(&self) -> String {
        let mut words = vec!["key", "new", "--name", "all"];
        for scope in ["event:write", "analytics:read", "manage"] {
            words.extend(["--scope", scope]);
        }
        self.run(&words)
    }

    /// Asks with a key and a body of some type.
    pub fn send(&self, key: &str, method: &str, path: &str, kind: &str, body: &str) -> Reply {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", &*bearer), ("content-type", kind)];
        self.ask(method, path, &headers, body)
    }

    /// Sends a form for files: with one in it, and with rows that were typed.
    pub fn upload(&self, path: &str, cookie: &str, file: &str, typed: &str) -> Reply {
        let part = |name: &str, more: &str, body: &str| {
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{body}\r\n"
            )
        };
        let kind = "; filename=\"a.csv\"\r\nContent-Type: text/csv";
        let body = part("file", kind, file) + &part("rows", "", typed) + "--XX--\r\n";
        let kind = ("content-type", "multipart/form-data; boundary=XX");
        self.ask("POST", path, &[("cookie", cookie), kind, OWN], body)
    }

    /// Posts an event.
    pub fn post(&self, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
        let mut request = agent().post(format!("{}/api/event", self.url));
        let agent = [("user-agent", AGENT)];
        let is_given = headers.iter().any(|(name, _)| *name == "user-agent");
        for (name, value) in headers.iter().chain(&agent[usize::from(is_given)..]) {
            request = request.header(*name, *value);
        }
        reply(request.send(body.as_ref()).unwrap())
    }

    /// Posts to another route than that of events.
    pub fn post_to(&self, path: &str, key: &str, body: impl AsRef<[u8]>) -> Reply {
        let request = agent()
            .post(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {key}"));
        reply(request.send(body.as_ref()).unwrap())
    }

    /// Sends a form as a page of the server's own does, logged in where there is a cookie.
    pub fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Reply {
        self.form_with(path, &[("cookie", cookie), OWN], fields)
    }

    /// Sends a form with these headers.
    pub fn form_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Reply {
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.ask("POST", path, headers, body)
    }

    /// Any request.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        Server::ask_at(&self.url, method, path, headers, body)
    }

    /// Any request to what is at an address.
    pub fn ask_at(
        url: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{url}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body: Vec<u8> = body.into();
        // What has no body says so by having none.
        match method {
            "POST" | "PATCH" | "PUT" => reply(agent().run(request.body(body).unwrap()).unwrap()),
            _ => reply(agent().run(request.body(()).unwrap()).unwrap()),
        }
    }

    /// The path of a link of this server's.
    pub fn path<'a>(&self, link: &'a str) -> &'a str {
        link.trim()
            .strip_prefix(&self.url)
            .expect("a link of this server's")
    }

    /// Uses a one-time link up, as the button on its page does, and gives the cookie.
    pub fn follow(&self, link: &str) -> String {
        let path = self.path(link);
        let shown = self.get(path, &[]);
        assert_eq!((shown.status, shown.header("set-cookie")), (200, None));
        self.form(path, "", &[]).cookie()
    }

    /// Adds a person with a password, and gives their cookie.
    pub fn person(&self, email: &str, role: &str, more: &[&str]) -> String {
        let add = [
            "user",
            "add",
            email,
            "--role",
            role,
            "--base-url",
            &self.url,
        ];
        let cookie = self.follow(&self.run(&[&add[..], more].concat()));
        let fields = [("password", PASSWORD), ("workspace", "My workspace")];
        let set = self.form("/welcome", &cookie, &fields);
        assert_eq!(set.status, 303, "{}", set.text);
        cookie
    }

    /// Whoever opens the first link and sets a password, and their cookie.
    pub fn first(&self, email: &str) -> String {
        let cookie = self.follow(&self.login);
        let fields = [
            ("email", email),
            ("password", PASSWORD),
            ("workspace", "My workspace"),
        ];
        let set = self.form("/welcome", &cookie, &fields);
        assert_eq!(set.status, 303, "{}", set.text);
        cookie
    }

    /// The rows of an answer to a question.
    pub fn query(&self, key: &str, question: Value) -> Value {
        let reply = self.post_to("/api/v1/query", key, question.to_string());
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["data"]["rows"].clone()
    }

    pub fn post_with_key(&self, key: &str, body: impl AsRef<[u8]>) -> Reply {
        self.post(&[("authorization", &format!("Bearer {key}"))], body)
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = agent().get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        reply(request.call().unwrap())
    }

    pub fn get_with_key(&self, key: &str, path: &str) -> Reply {
        self.get(path, &[("authorization", &format!("Bearer {key}"))])
    }

    /// A connection of its own, on which so much was sent.
    pub fn open(&self, sent: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        stream.write_all(sent.as_ref()).unwrap();
        stream
    }

    /// A number of `/metrics`.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics", &[]).text;
        let mut lines = text.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found
            .and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    pub fn head(&self, path: &str) -> Reply {
        reply(agent().head(format!("{}{path}", self.url)).call().unwrap())
    }

    /// Every event of a site, oldest first.
    pub fn events(&self, key: &str, website_id: &str) -> Vec<Value> {
        let reply = self.get_with_key(
            key,
            &format!("/api/v1/export/events.ndjson?website_id={website_id}"),
        );
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply
            .text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal: `-KILL`, `-TERM`.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Kills it as a power cut would, and gives the folder.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.data, tempfile::tempdir().unwrap())
    }

    /// Waits until it has ended, and gives how.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks it to stop, waits until it has, and gives the folder.
    pub fn stop(self) -> TempDir {
        self.signal("-TERM");
        self.stopped()
    }

    /// Waits until it has stopped, as it was asked to a moment ago, and gives the folder.
    pub fn stopped(mut self) -> TempDir {
        let asked = Instant::now();
        let status = self.wait();
        assert!(status.success(), "{status}");
        assert!(asked.elapsed() < Duration::from_secs(10));
        std::mem::replace(&mut self.data, tempfile::tempdir().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server with a site and a key.
pub fn set_up(flags: &[&str]) -> (Server, String, String) {
    let server = Server::with(flags);
    let site = server.add_site("example.com");
    let key = server.new_key();
    (server, site, key)
}

/// Where a folder's events are kept: a database of its own in the ClickHouse that `ADMX_TEST_STORE` names, if it names one.
fn store(data: &Path) -> Option<(&'static str, OsString)> {
    let there = std::env::var("ADMX_TEST_STORE").ok()?;
    let (host, words) = there.split_once('?').unwrap_or((&there, ""));
    let folder = data.file_name().unwrap().to_string_lossy();
    let name: String = folder.chars().filter(char::is_ascii_alphanumeric).collect();
    let place = format!("{host}/admx_{name}?{words}&settles=true");
    Some(("ADMX_STORE", place.into()))
}

/// Runs a command of the binary on a data folder.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    run_with(data, arguments, &[])
}

/// The same, with variables of the environment.
pub fn run_with(data: &Path, arguments: &[&str], environment: &[(&str, OsString)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_admx"))
        .args(arguments)
        .env_clear()
        .env("ADMX_DATA", data)
        .envs(store(data))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}

fn reply(mut response: ureq::http::Response<ureq::Body>) -> Reply {
    let headers = response
        .headers()
        .iter()
        .map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned()))
        .collect();
    let mut text = Vec::new();
    response
        .body_mut()
        .as_reader()
        .read_to_end(&mut text)
        .unwrap();
    Reply {
        status: response.status().as_u16(),
        headers,
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// Waits until `look` finds something, for ten seconds at the most.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "waited in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// The day so many days ago, as UTC has it.
pub fn day(before: i64) -> String {
    let day = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * before);
    day.strftime("%Y-%m-%d").to_string()
}
