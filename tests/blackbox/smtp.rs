//! A small mail server: plain SMTP with AUTH, which notes what it takes and answers what it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server::{Server, wait_for};

/// The name and password that it takes, as an address has them and base64 has them (`\0me@mail.test\0s3cret:word`).
pub const LOGIN: &str = "me%40mail.test:s3cret%3Aword";
pub const PASSWORD: &str = "s3cret:word";
const PLAIN: &str = "AG1lQG1haWwudGVzdABzM2NyZXQ6d29yZA==";

/// What it says to a login and to a recipient.
#[derive(Clone)]
pub struct Says {
    pub login: &'static str,
    pub recipient: &'static str,
}

pub const YES: Says = Says {
    login: "235 ok",
    recipient: "250 ok",
};

/// A message that it took.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub mail: Mail,
}

/// A message, taken apart.
#[derive(Clone, Debug)]
pub struct Mail {
    pub head: String,
    pub text: String,
    pub html: String,
}

impl Mail {
    /// A multipart message as we write it.
    pub fn read(raw: &str) -> Mail {
        let (head, body) = raw.split_once("\r\n\r\n").expect("a head and a body");
        let head = head.replace("\r\n ", " ");
        let boundary = head.split("boundary=\"").nth(1).expect("parts");
        let boundary = boundary.split('"').next().unwrap();
        let mut mail = Mail {
            head: head.clone(),
            text: String::new(),
            html: String::new(),
        };
        for part in body.split(&format!("--{boundary}")) {
            let Some((head, body)) = part.split_once("\r\n\r\n") else {
                continue;
            };
            let decoded = if head.contains("quoted-printable") {
                quoted(body)
            } else {
                assert!(!head.contains("base64"), "{head}");
                body.to_owned()
            };
            let decoded = decoded.replace("\r\n", "\n");
            if head.contains("text/html") {
                mail.html = decoded;
            } else if head.contains("text/plain") {
                mail.text = decoded;
            }
        }
        mail
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &str| line.to_lowercase().starts_with(&format!("{name}: "));
        let line = self.head.split("\r\n").find(|line| named(line))?;
        line.split_once(": ").map(|(_, value)| value)
    }

    /// The address in the text that begins so.
    pub fn link(&self, start: &str) -> String {
        let at = self
            .text
            .find(start)
            .unwrap_or_else(|| panic!("{}", self.text));
        let rest = &self.text[at..];
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

/// Quoted-printable, undone.
fn quoted(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend(before.bytes());
        rest = match after.strip_prefix("\r\n") {
            Some(after) => after,
            None => {
                bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
                &after[2..]
            }
        };
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).unwrap()
}

/// What lies in a data folder's outbox, oldest first.
pub fn outbox(data: &Path) -> Vec<Mail> {
    let Ok(files) = std::fs::read_dir(data.join("outbox")) else {
        return Vec::new();
    };
    let mut names: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    names.retain(|name| name.extension().is_some_and(|end| end == "eml"));
    // By their number: clocks jump.
    names.sort_by_key(|name| {
        let name = name.file_stem().unwrap().to_str().unwrap();
        name.rsplit('-').next().unwrap().parse::<u32>().unwrap()
    });
    let read = |name| Mail::read(&std::fs::read_to_string(name).unwrap());
    names.into_iter().map(read).collect()
}

/// The messages in the outbox once there are so many, and no more a moment later.
pub fn mails(server: &Server, wanted: usize) -> Vec<Mail> {
    wait_for("mail", || {
        (outbox(server.data.path()).len() >= wanted).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300));
    let mails = outbox(server.data.path());
    assert_eq!(mails.len(), wanted);
    mails
}

pub struct Smtp {
    pub port: u16,
    pub says: Arc<Mutex<Says>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    /// Recipients that it was asked about, taken or not.
    pub asked: Arc<Mutex<Vec<String>>>,
    /// Whether anybody said a password, right or wrong.
    pub is_told: Arc<Mutex<bool>>,
}

impl Smtp {
    pub fn start(says: Says) -> Smtp {
        Smtp::on(TcpListener::bind("127.0.0.1:0").unwrap(), says)
    }

    pub fn on(listener: TcpListener, says: Says) -> Smtp {
        let smtp = Smtp {
            port: listener.local_addr().unwrap().port(),
            says: Arc::new(Mutex::new(says)),
            taken: Arc::default(),
            asked: Arc::default(),
            is_told: Arc::default(),
        };
        let (says, is_told) = (smtp.says.clone(), smtp.is_told.clone());
        let (taken, asked) = (smtp.taken.clone(), smtp.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let says = says.lock().unwrap().clone();
                // One at a time is enough; whoever leaves in the middle left.
                let _ = talk(stream.unwrap(), &says, &taken, (&asked, &is_told));
            }
        });
        smtp
    }

    pub fn url(&self) -> String {
        format!("smtp://{LOGIN}@127.0.0.1:{}", self.port)
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

fn talk(
    stream: TcpStream,
    says: &Says,
    taken: &Mutex<Vec<Taken>>,
    (asked, is_told): (&Mutex<Vec<String>>, &Mutex<bool>),
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    let mut say = |line: &str| out.write_all(format!("{line}\r\n").as_bytes());
    say("220 mail.test ESMTP")?;
    let (mut from, mut to, mut is_in) = (String::new(), String::new(), false);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let between = || {
            let rest = line.split('<').nth(1).unwrap_or_default();
            rest.split('>').next().unwrap_or_default().to_owned()
        };
        match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => say("250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")?,
            "AUTH" => {
                *is_told.lock().unwrap() = true;
                is_in = line == format!("AUTH PLAIN {PLAIN}");
                say(if is_in { says.login } else { "535 no" })?;
                is_in &= says.login.starts_with('2');
            }
            "MAIL" if is_in => {
                from = between();
                say("250 ok")?;
            }
            "RCPT" => {
                to = between();
                asked.lock().unwrap().push(to.clone());
                say(says.recipient)?;
            }
            "DATA" => {
                say("354 go on")?;
                let mut raw = String::new();
                loop {
                    let mut line = String::new();
                    lines.read_line(&mut line)?;
                    if line == ".\r\n" {
                        break;
                    }
                    assert!(line.ends_with("\r\n") && line.len() <= 1000, "{line}");
                    raw += line
                        .strip_prefix('.')
                        .filter(|_| line.len() > 3)
                        .unwrap_or(&line);
                }
                let (from, to) = (from.clone(), to.clone());
                let mail = Mail::read(&raw);
                taken.lock().unwrap().push(Taken { from, to, mail });
                say("250 taken")?;
            }
            "QUIT" => {
                say("221 bye")?;
                return Ok(());
            }
            "RSET" | "NOOP" => say("250 ok")?,
            _ => say("503 no")?,
        }
    }
}
