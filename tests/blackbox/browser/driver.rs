//! A headless Chromium with a profile of its own, by Debian's chromedriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MOUSE_BUTTON_MIDDLE, MOUSE_BUTTON_RIGHT,
};
use fantoccini::actions::{MouseActions, PointerAction, WheelAction, WheelActions};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// A browser. It is closed when dropped.
pub struct Browser {
    pub client: Client,
    driver: Child,
}

impl Browser {
    /// Names ending in `.test` are this machine; automation doesn't show, as it wouldn't with a person.
    pub async fn start() -> Browser {
        // A group of its own, so that its end is Chromium's too.
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed");
        let mut lines = BufReader::new(driver.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let port = lines
            .find_map(|line| {
                line.split_once("successfully on port ")
                    .map(|(_, p)| p.trim_end_matches('.').to_owned())
            })
            .unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let options = json!({ "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1000,700",
            "--disable-blink-features=AutomationControlled", "--host-resolver-rules=MAP *.test 127.0.0.1",
            "--autoplay-policy=no-user-gesture-required", "--disable-popup-blocking",
        ] });
        let capabilities = [("goog:chromeOptions".to_owned(), options)]
            .into_iter()
            .collect();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Browser { client, driver }
    }

    pub async fn script(&self, code: &str) -> Value {
        self.client
            .execute(code, Vec::new())
            .await
            .unwrap_or_else(|e| panic!("{code}: {e}"))
    }

    /// Presses and releases a button of the mouse over an element, with a key held down if one is given.
    pub async fn press(&self, css: &str, button: u64, held: Option<Key>) {
        let element = self
            .client
            .find(Locator::Css(css))
            .await
            .unwrap_or_else(|e| panic!("{css}: {e}"));
        let key = |down: bool| {
            held.as_ref().map(|key| {
                let value = char::from(*key);
                let action = if down {
                    KeyAction::Down { value }
                } else {
                    KeyAction::Up { value }
                };
                KeyActions::new("keys".into()).then(action)
            })
        };
        if let Some(keys) = key(true) {
            self.client.perform_actions(keys).await.unwrap();
        }
        let mouse = MouseActions::new("mouse".into())
            .then(PointerAction::MoveToElement {
                element,
                duration: None,
                x: 0.0,
                y: 0.0,
            })
            .then(PointerAction::Down { button })
            .then(PointerAction::Up { button });
        self.client
            .perform_actions(mouse)
            .await
            .unwrap_or_else(|e| panic!("{css}: {e}"));
        if let Some(keys) = key(false) {
            self.client.perform_actions(keys).await.unwrap();
        }
    }

    pub async fn left(&self, css: &str) {
        self.press(css, MOUSE_BUTTON_LEFT, None).await;
    }

    pub async fn middle(&self, css: &str) {
        self.press(css, MOUSE_BUTTON_MIDDLE, None).await;
    }

    pub async fn right(&self, css: &str) {
        self.press(css, MOUSE_BUTTON_RIGHT, None).await;
    }

    /// Turns the wheel in the middle of the window.
    pub async fn wheel(&self, pixels: i64) {
        let wheel = WheelActions::new("wheel".into()).then(WheelAction::Scroll {
            duration: None,
            x: 400,
            y: 300,
            delta_x: 0,
            delta_y: pixels,
        });
        self.client.perform_actions(wheel).await.unwrap();
    }

    /// Types into whatever has the focus.
    pub async fn key(&self, key: Key) {
        let value = char::from(key);
        let keys = KeyActions::new("keys".into())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Closes every window but the first.
    pub async fn close_others(&self) {
        let windows = self.client.windows().await.unwrap();
        for window in windows.iter().skip(1).cloned() {
            self.client.switch_to_window(window).await.unwrap();
            self.client.close_window().await.unwrap();
        }
        self.client
            .switch_to_window(windows[0].clone())
            .await
            .unwrap();
    }

    pub async fn close(self) {
        // The group is ended in any case.
        let _ = self.client.clone().close().await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.driver.wait();
    }
}
