//! The panel: a small window at the edge of the page, in a shadow root of its own, so that neither touches the other.
//! Text only: what a page or a visitor wrote is never read as HTML.

use wasm_bindgen::prelude::*;
use web_sys::{
    CssStyleSheet, Document, Element, Event, ShadowRoot, ShadowRootInit, ShadowRootMode,
};

use super::said::{Answer, Request};

/// Entries that the panel keeps.
const KEPT: u32 = 200;

const STYLE: &str = include_str!("panel.css");

/// The panel on a page.
#[derive(Clone)]
pub struct Panel {
    document: Document,
    root: ShadowRoot,
    standing: Element,
    identity: Element,
    list: Element,
}

impl Panel {
    /// Puts it on the page.
    ///
    /// # Errors
    /// When the page's DOM refuses.
    pub fn new(document: &Document) -> Result<Panel, JsValue> {
        let host = document.create_element("admx-debug")?;
        let root = host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Closed))?;
        // Unlike a style element, this needs no word of the page's policy.
        let sheet = CssStyleSheet::new()?;
        sheet.replace_sync(STYLE)?;
        root.set_adopted_style_sheets(&js_sys::Array::of1(&sheet));
        let panel = Panel {
            document: document.clone(),
            standing: document.create_element("span")?,
            identity: document.create_element("dl")?,
            list: document.create_element("ol")?,
            root,
        };
        panel.furnish()?;
        document
            .document_element()
            .ok_or(JsValue::NULL)?
            .append_with_node_1(&host)?;
        Ok(panel)
    }

    fn furnish(&self) -> Result<(), JsValue> {
        let section = self.document.create_element("section")?;
        section.set_attribute("aria-label", "What admx does on this page")?;
        self.root.append_child(&section)?;
        let header = self.part(&section, "header", "", "")?;
        self.part(&header, "b", "", "admx")?;
        header.append_child(&self.standing)?;
        let button = self.part(&header, "button", "", "Hide")?;
        button.set_attribute("type", "button")?;
        button.set_attribute("aria-expanded", "true")?;
        let body = self.part(&section, "div", "", "")?;
        body.append_child(&self.identity)?;
        self.list
            .set_attribute("aria-label", "What was sent, newest first")?;
        self.list.set_attribute("aria-live", "off")?;
        self.list.set_attribute("tabindex", "0")?;
        body.append_child(&self.list)?;
        let pressed = button.clone();
        let fold = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            // It is no click on the page.
            event.stop_propagation();
            let (words, expanded) = match body.toggle_attribute("hidden") {
                Ok(true) => ("Show", "false"),
                _ => ("Hide", "true"),
            };
            pressed.set_text_content(Some(words));
            let _ = pressed.set_attribute("aria-expanded", expanded);
        });
        button.add_event_listener_with_callback("click", fold.as_ref().unchecked_ref())?;
        fold.forget();
        Ok(())
    }

    /// What is inside, for tests: the page itself can't reach it.
    pub fn root(&self) -> &ShadowRoot {
        &self.root
    }

    /// Says whether the pixel counts, and who is who.
    ///
    /// # Errors
    /// When the page's DOM refuses.
    pub fn stand(&self, standing: &str, identity: &[(&str, String)]) -> Result<(), JsValue> {
        let is_known =
            |element: &Element, text: &str| element.text_content().as_deref() == Some(text);
        // Whoever marks text with the mouse keeps it while nothing is new.
        if !is_known(&self.standing, standing) {
            self.standing.set_text_content(Some(standing));
        }
        let text: String = identity.iter().map(|(k, v)| format!("{k}{v}")).collect();
        if !is_known(&self.identity, &text) {
            self.identity.set_text_content(None);
            for (key, value) in identity {
                self.part(&self.identity, "dt", "", key)?;
                self.part(&self.identity, "dd", "", value)?;
            }
        }
        Ok(())
    }

    /// Lists a request, and gives its entry for the answer.
    ///
    /// # Errors
    /// When the page's DOM refuses.
    pub fn request(&self, time: &str, request: &Request, is_again: bool) -> Result<Entry, JsValue> {
        let entry = self.entry(time)?;
        let number = request.events.len();
        let mut words = format!("{number} event{} sent", if number == 1 { "" } else { "s" });
        if request.is_raw {
            words += ", as raw records";
        }
        if is_again {
            words += ", tried again";
        }
        self.part(&entry, "span", "", &words)?;
        let summary = self.part(&entry, "span", "muted", "…")?;
        let events = self.part(&entry, "ul", "", "")?;
        let mut verdicts = Vec::new();
        for event in &request.events {
            let row = self.part(&events, "li", "", "")?;
            let class = if event.is_reserved { "system" } else { "" };
            self.part(&row, "b", class, &event.label)?;
            verdicts.push(self.part(&row, "span", "muted", "")?);
            if !event.details.is_empty() {
                self.part(&row, "code", "", &event.details)?;
            }
            if !event.url.is_empty() {
                self.part(&row, "small", "muted", &event.url)?;
            }
        }
        Ok(Entry { summary, verdicts })
    }

    /// Lists a line of its own, such as a warning.
    ///
    /// # Errors
    /// When the page's DOM refuses.
    pub fn line(&self, time: &str, text: &str) -> Result<(), JsValue> {
        let entry = self.entry(time)?;
        self.part(&entry, "span", "bad", text).map(|_| ())
    }

    fn entry(&self, time: &str) -> Result<Element, JsValue> {
        let entry = self.document.create_element("li")?;
        self.part(&entry, "time", "muted", time)?;
        self.list.prepend_with_node_1(&entry)?;
        while self.list.child_element_count() > KEPT {
            match self.list.last_element_child() {
                Some(last) => last.remove(),
                None => break,
            }
        }
        Ok(entry)
    }

    fn part(
        &self,
        within: &Element,
        tag: &str,
        class: &str,
        text: &str,
    ) -> Result<Element, JsValue> {
        let element = self.document.create_element(tag)?;
        if !class.is_empty() {
            element.set_class_name(class);
        }
        if !text.is_empty() {
            element.set_text_content(Some(text));
        }
        within.append_child(&element)?;
        Ok(element)
    }
}

/// A request in the list, which waits for its answer.
pub struct Entry {
    summary: Element,
    verdicts: Vec<Element>,
}

impl Entry {
    /// Adds the answer.
    pub fn answer(&self, answer: &Answer) {
        self.summary.set_text_content(Some(&answer.summary));
        for (element, verdict) in self.verdicts.iter().zip(&answer.verdicts) {
            element.set_text_content(Some(&verdict.words()));
            element.set_class_name(if verdict.is_good() { "muted" } else { "bad" });
        }
    }
}
