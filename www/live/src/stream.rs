//! The server's events: one `EventSource` a page part, read for as long as the page lives.

use futures_util::StreamExt;
use gloo_net::eventsource::futures::EventSource;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::Fire;

/// Gives `each` every fire that the stream at `url` tells of. Where the connection breaks the browser connects again
/// and says which fire it heard last; the server goes on from there.
pub(crate) fn read(url: String, mut each: impl FnMut(Fire) + 'static) {
    spawn_local(async move {
        let Ok(mut source) = EventSource::new(&url) else {
            return;
        };
        let Ok(mut fires) = source.subscribe("fire") else {
            return;
        };
        while let Some(message) = fires.next().await {
            if let Some(fire) = message.ok().and_then(|(_, message)| parse(&message.data())) {
                each(fire);
            }
        }
    });
}

/// A message of the stream; `None` when it is none.
pub fn parse(data: &JsValue) -> Option<Fire> {
    let object = js_sys::JSON::parse(&data.as_string()?).ok()?;
    serde_wasm_bindgen::from_value(object).ok()
}
