//! The engines that the suite runs in, and how each is started: Chromium by Debian's chromedriver, Firefox ESR by
//! geckodriver, WebKitGTK by Debian's WebKitWebDriver in a virtual display, since it has no headless mode.
//!
//! Names ending in `.localhost` are this machine in all three, and pages there are secure contexts as pages by https are.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use serde_json::{Map, Value, json};

/// A browser engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

/// A driver that listens, and all that it started. It is ended when dropped.
pub struct Driver {
    pub port: u16,
    children: Vec<Child>,
}

/// Where Debian puts the browser that WebKitWebDriver starts.
const MINI_BROWSER: &str = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

impl Engine {
    /// What a new session is asked for.
    pub fn capabilities(self) -> Map<String, Value> {
        let all = match self {
            Engine::Chromium => json!({ "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1000,700",
                "--autoplay-policy=no-user-gesture-required", "--disable-popup-blocking",
                // Automation doesn't show, as it wouldn't with a person.
                "--disable-blink-features=AutomationControlled",
            ] } }),
            Engine::Firefox => {
                json!({ "moz:firefoxOptions": { "args": ["-headless", "--width=1000", "--height=700"], "prefs": {
                    "app.update.enabled": false, "datareporting.policy.dataSubmissionEnabled": false,
                    "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,
                    "media.autoplay.default": 0, "dom.disable_open_during_load": false,
                } } })
            }
            Engine::WebKit => {
                json!({ "webkitgtk:browserOptions": { "binary": MINI_BROWSER, "args": ["--automation"] } })
            }
        };
        match all {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// Starts the driver and waits until it listens.
    pub fn drive(self) -> Driver {
        match self {
            Engine::Chromium => {
                let (child, port) = announced("chromedriver", &["--port=0"], |line| {
                    line.split_once("successfully on port ")
                        .map(|(_, port)| port.trim_end_matches('.'))
                });
                Driver {
                    port,
                    children: vec![child],
                }
            }
            Engine::Firefox => {
                let arguments = ["--port", "0", "--websocket-port", "0"];
                let (child, port) = announced("geckodriver", &arguments, |line| {
                    line.split_once("Listening on 127.0.0.1:")
                        .map(|(_, port)| port)
                });
                Driver {
                    port,
                    children: vec![child],
                }
            }
            Engine::WebKit => {
                let (screen, display) = announced(
                    "Xvfb",
                    &[
                        "-displayfd",
                        "1",
                        "-screen",
                        "0",
                        "1000x800x24",
                        "-nolisten",
                        "tcp",
                    ],
                    |line| Some(line),
                );
                let port = TcpListener::bind("127.0.0.1:0")
                    .and_then(|free| free.local_addr())
                    .expect("a port is free")
                    .port();
                let driver = group("WebKitWebDriver")
                    .arg(format!("--port={port}"))
                    .env("DISPLAY", format!(":{display}"))
                    // Its sandbox doesn't start for root, who tests on throw-away machines.
                    .env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("WebKitWebDriver is installed");
                while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                Driver {
                    port,
                    children: vec![driver, screen],
                }
            }
        }
    }
}

/// A command in a process group of its own, so that its end is that of all it started too.
fn group(program: &str) -> Command {
    let mut command = Command::new(program);
    command.process_group(0).stdin(Stdio::null());
    command
}

/// Starts a program and reads the number that it prints when it is ready.
fn announced(
    program: &str,
    arguments: &[&str],
    number: impl Fn(&str) -> Option<&str>,
) -> (Child, u16) {
    let mut child = group(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("{program} is installed: {e}"));
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let found = output
        .by_ref()
        .lines()
        .map_while(Result::ok)
        .find_map(|line| number(&line)?.trim().parse().ok())
        .unwrap_or_else(|| panic!("{program} says that it is ready"));
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    (child, found)
}

impl Drop for Driver {
    fn drop(&mut self) {
        for child in &mut self.children {
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ = child.wait();
        }
    }
}
