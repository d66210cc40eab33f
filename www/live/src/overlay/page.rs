//! Puts the overlay together on a page: finds the tag, listens, and keeps the panel's head up to date.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Date, Function, Number, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Document, HtmlScriptElement, Response, Url, Window};

use super::panel::{Entry, Panel};
use super::said::{self, Answer, Request, Verdict};
use super::standing::{self, Facts};
use super::tap::tap;
use crate::timer;

/// Ids of events that are remembered, so that a repeat is known as one.
const REMEMBERED: usize = 1000;

/// How often the head is read anew, in milliseconds.
const PAUSE: i32 = 500;

/// # Errors
/// When the page's DOM refuses; the page goes on without the overlay then.
pub(crate) fn start(window: &Window, document: &Document) -> Result<(), JsValue> {
    let tag = document.query_selector("script[data-website-id]")?;
    let Some(tag) = tag.and_then(|tag| tag.dyn_into::<HtmlScriptElement>().ok()) else {
        return Ok(());
    };
    let overlay = Rc::new(Overlay {
        endpoint: endpoint(&tag, document)?,
        panel: Panel::new(document)?,
        window: window.clone(),
        tag,
        has_sent: Cell::default(),
        remembered: RefCell::default(),
    });
    let by = overlay.clone();
    tap(window, "fetch", move |given, came| by.fetched(given, came))?;
    let by = overlay.clone();
    tap(&window.navigator(), "sendBeacon", move |given, came| {
        by.beaconed(given, came);
    })?;
    let console = Reflect::get(window, &"console".into())?;
    let by = overlay.clone();
    tap(&console, "warn", move |given, _| by.warned(given))?;
    spawn_local(async move {
        loop {
            // It fails only on a page that is going away.
            let _ = overlay.stand();
            timer::pause(PAUSE).await;
        }
    });
    Ok(())
}

/// Where the pixel posts to: as `pixel/shim/delivery.js` reckons it.
fn endpoint(tag: &HtmlScriptElement, document: &Document) -> Result<String, JsValue> {
    let base = document.base_uri()?.unwrap_or_default();
    let own = Url::new_with_base("/api/event", &tag.src()).map(|url| url.href());
    match tag.dataset().get("api").filter(|api| !api.is_empty()) {
        Some(api) => Ok(Url::new_with_base(&api, &base)?.href()),
        None => own,
    }
}

struct Overlay {
    endpoint: String,
    panel: Panel,
    window: Window,
    tag: HtmlScriptElement,
    has_sent: Cell<bool>,
    remembered: RefCell<VecDeque<String>>,
}

impl Overlay {
    /// `fetch` was called. What has to be done at once is done here: a copy of the answer can be had only before the
    /// pixel reads it.
    fn fetched(self: &Rc<Self>, given: &Array, came: &Result<JsValue, JsValue>) {
        if !self.is_ours(&given.get(0)) {
            return;
        }
        let body = Reflect::get(&given.get(1), &"body".into());
        let Some(entry) = self.sent(&body.unwrap_or_default()) else {
            return;
        };
        match came.as_ref().map(|came| came.dyn_ref::<Promise>()) {
            Ok(Some(promise)) => self.await_answer(promise, entry),
            // The pixel takes sendBeacon then.
            _ => entry.answer("fetch failed on this page".into(), Verdict::Unknown),
        }
    }

    fn await_answer(&self, promise: &Promise, entry: Waiting) {
        let entry = Rc::new(entry);
        let failed = entry.clone();
        let answered = Closure::once(move |response: JsValue| {
            let copy = response
                .dyn_ref::<Response>()
                .and_then(|response| response.clone().ok());
            spawn_local(async move {
                if let Some(copy) = copy {
                    entry.read(&copy).await;
                }
            });
        });
        let refused = Closure::once(move |_: JsValue| {
            let events = failed.request.events.len();
            failed.entry.answer(&said::no_answer(events));
        });
        let _ = promise.then2(&answered, &refused);
        answered.forget();
        refused.forget();
    }

    /// `navigator.sendBeacon` was called; nobody hears its answer.
    fn beaconed(self: &Rc<Self>, given: &Array, came: &Result<JsValue, JsValue>) {
        if !self.is_ours(&given.get(0)) {
            return;
        }
        let Some(entry) = self.sent(&given.get(1)) else {
            return;
        };
        match came {
            Ok(taken) if taken.is_truthy() => entry.answer(
                "by sendBeacon, whose answer nobody hears".into(),
                Verdict::Unknown,
            ),
            _ => entry.answer(
                "the browser took no beacon; waits, and is tried again".into(),
                Verdict::Waits,
            ),
        }
    }

    /// `console.warn` was called.
    fn warned(&self, given: &Array) {
        if let Some(text) = given.get(0).as_string().filter(|t| t.starts_with("admx: ")) {
            let _ = self.panel.line(&time(), &text);
        }
    }

    /// Whether a request goes to the pixel's endpoint. Only what is plainly an address is looked at, so that no object of
    /// the page is asked anything.
    fn is_ours(&self, to: &JsValue) -> bool {
        to.dyn_ref::<Url>().map(Url::href).or(to.as_string()) == Some(self.endpoint.clone())
    }

    fn sent(self: &Rc<Self>, body: &JsValue) -> Option<Waiting> {
        let request = said::request(&body.as_string()?)?;
        self.has_sent.set(true);
        let is_again = self.is_again(&request);
        let entry = self.panel.request(&time(), &request, is_again).ok()?;
        Some(Waiting { entry, request })
    }

    fn is_again(&self, request: &Request) -> bool {
        let mut remembered = self.remembered.borrow_mut();
        let ids = || request.events.iter().map(|event| &event.id);
        let is_again = ids().any(|id| remembered.contains(id));
        remembered.extend(ids().cloned());
        let many = remembered.len().saturating_sub(REMEMBERED);
        remembered.drain(..many);
        is_again
    }

    fn stand(&self) -> Result<(), JsValue> {
        let data = self.tag.dataset();
        let has = |name: &str| data.get(name).is_some();
        let navigator = self.window.navigator();
        let flag = |name: &str| Reflect::get(&navigator, &name.into()).unwrap_or_default();
        let storage = self.window.local_storage().ok().flatten();
        let stored = |key: &str| {
            storage
                .as_ref()
                .and_then(|s| s.get_item(key).ok().flatten())
        };
        let is_open = self.ask("optedIn").is_truthy();
        let host = self.window.location().hostname().unwrap_or_default();
        let until = stored("admx_choice").map(|choice| Number::parse_float(&choice));
        let facts = Facts {
            is_open,
            is_automated: flag("webdriver").is_truthy() && !has("allowAutomation"),
            is_ignored: stored("admx_ignore").as_deref() == Some("true"),
            is_local: standing::is_local(&host) && !has("allowLocalhost"),
            is_opted_out: until.is_some_and(|until| until > Date::now()),
            is_cookieless: has("cookieless")
                || flag("globalPrivacyControl").is_truthy()
                || flag("doNotTrack").as_string().as_deref() == Some("1"),
        };
        // Asked for earlier, it would be made, and stored, by the asking.
        let visitor = self
            .has_sent
            .get()
            .then(|| self.ask("visitorId").as_string());
        let consent = match (facts.is_opted_out, has("requireConsent"), is_open) {
            (true, ..) => "taken back",
            (_, false, _) => "not asked for",
            (_, _, true) => "given",
            (_, _, false) => "not given",
        };
        self.panel.stand(
            standing::words(facts),
            &[
                ("Consent", consent.into()),
                ("Website", data.get("websiteId").unwrap_or_default()),
                (
                    "Visitor",
                    visitor.flatten().unwrap_or_else(|| "none".into()),
                ),
            ],
        )
    }

    /// What a call of the pixel gives.
    fn ask(&self, name: &str) -> JsValue {
        let asked = || {
            let admx = Reflect::get(&self.window, &"admx".into())?;
            let call: Function = Reflect::get(&admx, &name.into())?.dyn_into()?;
            call.call0(&admx)
        };
        asked().unwrap_or_default()
    }
}

/// A request that has no answer yet.
struct Waiting {
    entry: Entry,
    request: Request,
}

impl Waiting {
    fn answer(&self, summary: String, verdict: Verdict) {
        let verdicts = vec![verdict; self.request.events.len()];
        self.entry.answer(&Answer { summary, verdicts });
    }

    async fn read(&self, copy: &Response) {
        let text = match copy.text() {
            Ok(text) => JsFuture::from(text).await.unwrap_or_default(),
            Err(_) => JsValue::UNDEFINED,
        };
        let text = text.as_string().unwrap_or_default();
        let events = self.request.events.len();
        self.entry
            .answer(&said::answer(copy.status(), &text, events));
    }
}

/// The time of day, as the reader's clock shows it.
fn time() -> String {
    Date::new_0().to_locale_time_string("en-GB").into()
}
