//! A part of a page that is fetched anew when something happened: `<section data-live-card="URL" data-live="STREAM">`.
//! The server makes it, so that visitors who came before are counted once and every filter holds.

use std::cell::Cell;
use std::rc::Rc;

use gloo_net::http::Request;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Document, Element};

use crate::stream;

/// Fetches at the most this often, in milliseconds, however much happens.
const PAUSE: i32 = 400;

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
    let waits = Rc::new(Cell::new(false));
    stream::read(stream, move |_| {
        if !waits.replace(true) {
            let (card, url, waits) = (card.clone(), url.clone(), waits.clone());
            after(PAUSE, move || {
                waits.set(false);
                spawn_local(refresh(card, url));
            });
        }
    });
}

async fn refresh(card: Element, url: String) {
    let Ok(response) = Request::get(&url).send().await else {
        return;
    };
    if !response.ok() {
        return;
    }
    if let Ok(html) = response.text().await {
        card.set_inner_html(&html);
    }
}

fn after(milliseconds: i32, work: impl FnOnce() + 'static) {
    let work = Closure::once_into_js(work);
    if let Some(window) = web_sys::window() {
        // It fails only for a window that is gone.
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(
            work.unchecked_ref(),
            milliseconds,
        );
    }
}
