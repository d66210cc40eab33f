//! The server's events: one `EventSource` a page part, read for as long as the page lives.

use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use gloo_net::eventsource::State;
use gloo_net::eventsource::futures::EventSource;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::{Fire, timer};

/// How long to wait before a stream that was refused is asked for again, in milliseconds.
const PAUSE: i32 = 3000;

/// Gives `each` every fire that the stream at `url` tells of. Where the connection breaks the browser connects again
/// and says which fire it heard last; where it was refused, as while the server starts anew, we do. While the page is
/// away, kept for whoever goes back to it, it has no connection: browsers have only six for a server, and the page that
/// came after it would wait for one.
pub(crate) fn read(url: String, mut each: impl FnMut(Fire) + 'static) {
    spawn_local(async move {
        let mut heard = None;
        loop {
            let mut hidden = event("pagehide");
            loop {
                let from = from(&url, heard.as_deref());
                if !listen(&from, &mut heard, &mut each, &mut hidden).await {
                    break;
                }
                let pause = pin!(timer::pause(PAUSE));
                if let Either::Right(_) = select(pause, &mut hidden).await {
                    break;
                }
            }
            let _ = event("pageshow").await;
        }
    });
}

/// The next event of this name at the window.
fn event(name: &str) -> JsFuture {
    JsFuture::from(Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            // It fails only for a window that is gone.
            let _ = window.add_event_listener_with_callback(name, &resolve);
        }
    }))
}

/// The stream's address, going on after the last fire that was heard.
fn from(url: &str, heard: Option<&str>) -> String {
    match (heard, url.split_once("after=")) {
        (Some(id), Some((before, _))) => format!("{before}after={id}"),
        _ => url.to_owned(),
    }
}

/// Listens until the stream is closed for good or the page is hidden, and notes the last fire heard. Says whether the
/// page is there still.
async fn listen(
    url: &str,
    heard: &mut Option<String>,
    each: &mut impl FnMut(Fire),
    hidden: &mut JsFuture,
) -> bool {
    let Ok(mut source) = EventSource::new(url) else {
        return true;
    };
    let Ok(mut fires) = source.subscribe("fire") else {
        return true;
    };
    loop {
        match select(fires.next(), &mut *hidden).await {
            Either::Left((Some(Ok((_, message))), _)) => {
                *heard = Some(message.last_event_id());
                if let Some(fire) = parse(&message.data()) {
                    each(fire);
                }
            }
            Either::Left((Some(Err(_)), _)) if source.state() == State::Closed => return true,
            // The browser is connecting again.
            Either::Left((Some(Err(_)), _)) => {}
            Either::Left((None, _)) => return true,
            // Dropped, the source is closed.
            Either::Right(_) => return false,
        }
    }
}

/// A message of the stream; `None` when it is none.
pub fn parse(data: &JsValue) -> Option<Fire> {
    let object = js_sys::JSON::parse(&data.as_string()?).ok()?;
    serde_wasm_bindgen::from_value(object).ok()
}
