//! The server's events: one `EventSource` a page part, read for as long as the page lives.

use futures_util::StreamExt;
use gloo_net::eventsource::State;
use gloo_net::eventsource::futures::EventSource;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::{Fire, timer};

/// How long to wait before a stream that was refused is asked for again, in milliseconds.
const PAUSE: i32 = 3000;

/// Gives `each` every fire that the stream at `url` tells of. Where the connection breaks the browser connects again
/// and says which fire it heard last; where it was refused, as while the server starts anew, we do.
pub(crate) fn read(url: String, mut each: impl FnMut(Fire) + 'static) {
    spawn_local(async move {
        let mut heard = None;
        loop {
            listen(&from(&url, heard.as_deref()), &mut heard, &mut each).await;
            timer::pause(PAUSE).await;
        }
    });
}

/// The stream's address, going on after the last fire that was heard.
fn from(url: &str, heard: Option<&str>) -> String {
    match (heard, url.split_once("after=")) {
        (Some(id), Some((before, _))) => format!("{before}after={id}"),
        _ => url.to_owned(),
    }
}

/// Listens until the stream is closed for good, and notes the last fire heard.
async fn listen(url: &str, heard: &mut Option<String>, each: &mut impl FnMut(Fire)) {
    let Ok(mut source) = EventSource::new(url) else {
        return;
    };
    let Ok(mut fires) = source.subscribe("fire") else {
        return;
    };
    while let Some(message) = fires.next().await {
        match message {
            Ok((_, message)) => {
                *heard = Some(message.last_event_id());
                if let Some(fire) = parse(&message.data()) {
                    each(fire);
                }
            }
            Err(_) if source.state() == State::Closed => return,
            // The browser is connecting again.
            Err(_) => {}
        }
    }
}

/// A message of the stream; `None` when it is none.
pub fn parse(data: &JsValue) -> Option<Fire> {
    let object = js_sys::JSON::parse(&data.as_string()?).ok()?;
    serde_wasm_bindgen::from_value(object).ok()
}
