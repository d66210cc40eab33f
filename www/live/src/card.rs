//! A part of a page that is fetched anew when something happened: `<section data-live-card="URL" data-live="STREAM">`.
//! The server makes it, so that visitors who came before are counted once and every filter holds.

use std::cell::Cell;
use std::rc::Rc;

use gloo_net::http::Request;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Document, Element};

use crate::{stream, timer};

/// A fetch waits this long for what happens with it, in milliseconds.
const PAUSE: i32 = 400;

/// A fetch that failed is tried again after this long.
const AGAIN: i32 = 3000;

pub(crate) fn start(document: &Document) {
    let Ok(Some(card)) = document.query_selector("[data-live-card]") else {
        return;
    };
    let (Some(url), Some(stream)) = (
        card.get_attribute("data-live-card"),
        card.get_attribute("data-live"),
    ) else {
        return;
    };
    let state = Rc::new(Cell::new(State::Idle));
    stream::read(stream, move |_| match state.get() {
        State::Idle => {
            state.set(State::Busy);
            spawn_local(keep_fresh(card.clone(), url.clone(), state.clone()));
        }
        State::Busy => state.set(State::Stale),
        State::Stale => {}
    });
}

/// One fetch at a time, so that an older answer never comes after a newer one.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Idle,
    /// Waits or fetches.
    Busy,
    /// The same, and something has happened since.
    Stale,
}

async fn keep_fresh(card: Element, url: String, state: Rc<Cell<State>>) {
    let mut pause = PAUSE;
    loop {
        timer::pause(pause).await;
        state.set(State::Busy);
        let is_fresh = refresh(&card, &url).await;
        pause = if is_fresh { PAUSE } else { AGAIN };
        if is_fresh && state.get() != State::Stale {
            return state.set(State::Idle);
        }
    }
}

/// Says whether the card shows how things are now.
async fn refresh(card: &Element, url: &str) -> bool {
    let Ok(response) = Request::get(url).send().await else {
        return false;
    };
    if response.status() == 401 {
        // The login has run out: the page itself leads to where one logs in.
        if let Some(window) = web_sys::window() {
            let _ = window.location().reload();
        }
    }
    let (true, Ok(html)) = (response.ok(), response.text().await) else {
        return false;
    };
    let open = card.query_selector_all("details[open]");
    card.set_inner_html(&html);
    // What a reader had opened stays open.
    let Ok(open) = open else { return true };
    for nth in 0..open.length() {
        let id = open
            .item(nth)
            .and_then(|node| node.dyn_into::<Element>().ok())
            .map(|e| e.id());
        let again = id.and_then(|id| card.query_selector(&format!("details#{id}")).ok().flatten());
        if let Some(details) = again {
            let _ = details.set_attribute("open", "");
        }
    }
    true
}
