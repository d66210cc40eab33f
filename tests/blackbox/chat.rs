//! A small endpoint of the chat-completions protocol, which notes what it is asked and says what it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What it says to a request.
#[derive(Clone)]
pub enum Says {
    /// This text, as a model's.
    Text(String),
    /// The call of a tool, with these arguments.
    Tool(String),
    /// This status and body.
    Raw(u16, String),
    /// 400 to whoever wants a form of the answer, else this text.
    Picky(String),
    /// This text after a while.
    Late(Duration, String),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its lines in front of the body.
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

pub struct Chat {
    pub port: u16,
    pub says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Chat {
    pub fn start() -> Chat {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let chat = Chat {
            port: listener.local_addr().unwrap().port(),
            says: Arc::new(Mutex::new(Says::Raw(500, String::new()))),
            asked: Arc::default(),
        };
        let (says, asked) = (chat.says.clone(), chat.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (says, asked) = (says.clone(), asked.clone());
                // Whoever leaves in the middle left.
                std::thread::spawn(move || talk(stream.unwrap(), &says, &asked));
            }
        });
        chat
    }

    pub fn url(&self) -> String {
        format!("http://localhost:{}/v1", self.port)
    }

    pub fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn talk(stream: TcpStream, says: &Mutex<Says>, asked: &Mutex<Vec<Asked>>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let low = line.to_lowercase();
        if let Some(number) = low.strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8(body).unwrap();
    let has_form = body.contains("response_format");
    asked.lock().unwrap().push(Asked { head, body });
    let says = says.lock().unwrap().clone();
    let message = |message: Value| {
        json!({ "id": "1", "object": "chat.completion", "choices": [{ "index": 0, "finish_reason": "stop", "message": message }] }).to_string()
    };
    let text = |text: &str| message(json!({ "role": "assistant", "content": text }));
    let (status, body) = match says {
        Says::Text(said) => (200, text(&said)),
        Says::Tool(arguments) => (
            200,
            message(
                json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": "c", "type": "function", "function": { "name": "query", "arguments": arguments } }] }),
            ),
        ),
        Says::Raw(status, body) => (status, body),
        Says::Picky(_) if has_form => (
            400,
            json!({ "error": { "message": "response_format is not supported" } }).to_string(),
        ),
        Says::Picky(said) => (200, text(&said)),
        Says::Late(after, said) => {
            std::thread::sleep(after);
            (200, text(&said))
        }
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nlocation: /elsewhere\r\n\r\n",
        body.len()
    );
    out.write_all(head.as_bytes())?;
    out.write_all(body.as_bytes())
}
