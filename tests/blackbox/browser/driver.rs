//! A browser with a profile of its own, driven by WebDriver: what a person does with mouse, wheel and keys.

use base64::Engine as _;
use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MOUSE_BUTTON_MIDDLE, MOUSE_BUTTON_RIGHT,
};
use fantoccini::actions::{MouseActions, PointerAction, WheelAction, WheelActions};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::Url;

use super::engine::{Driver, Engine};

/// A browser. It is closed when dropped.
pub struct Browser {
    pub client: Client,
    engine: Engine,
    _driver: Driver,
}

impl Browser {
    /// Chromium.
    pub async fn start() -> Browser {
        Browser::of(Engine::Chromium).await
    }

    pub async fn of(engine: Engine) -> Browser {
        let driver = engine.drive();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(engine.capabilities())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap_or_else(|e| panic!("{engine:?} starts: {e}"));
        Browser {
            client,
            engine,
            _driver: driver,
        }
    }

    /// Makes the page as wide as a screen, light or dark, and still. Chromium's alone.
    pub async fn look(&self, width: u32, scheme: &str) {
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.tools("Emulation.setEmulatedMedia", features).await;
        self.size(width, 900).await;
    }

    /// The whole page as a PNG. Chromium's alone.
    pub async fn picture(&self, width: u32) -> Vec<u8> {
        let height = self
            .script("return document.documentElement.scrollHeight")
            .await;
        self.size(width, height.as_u64().unwrap() as u32).await;
        let asked = json!({ "format": "webp", "quality": 60 });
        let command = DevTools("Page.captureScreenshot", asked);
        let picture = self.client.issue_cmd(command).await.unwrap();
        self.size(width, 900).await;
        let picture = picture["data"].as_str().unwrap();
        base64::engine::general_purpose::STANDARD
            .decode(picture)
            .unwrap()
    }

    async fn size(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.tools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// A command of Chromium's developer tools.
    pub async fn tools(&self, command: &'static str, parameters: Value) {
        let command = DevTools(command, parameters);
        self.client.issue_cmd(command).await.unwrap();
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
        if self.engine == Engine::WebKit {
            // Its driver's wheel scrolls by other amounts than it is told, and back: the page's part of it by hand.
            let scroll = format!(
                "let box = document.elementFromPoint(400, 300);
                 while (box && box.scrollHeight <= box.clientHeight) box = box.parentElement;
                 box = box || document.scrollingElement;
                 box.dispatchEvent(new WheelEvent('wheel', {{ bubbles: true, composed: true }}));
                 box.scrollBy(0, {pixels})"
            );
            self.script(&scroll).await;
            return;
        }
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

    /// Types a letter with a key held down.
    pub async fn chord(&self, held: Key, letter: char) {
        let held = char::from(held);
        let keys = KeyActions::new("keys".into())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value: letter })
            .then(KeyAction::Up { value: letter })
            .then(KeyAction::Up { value: held });
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

/// A command of Chromium's own protocol, and its parameters.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &Url) -> (hyper::Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (hyper::Method::POST, Some(body.to_string()))
    }
}
