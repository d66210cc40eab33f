//! The server's events: one `EventSource` a page part, read for as long as the page lives.

use futures_util::StreamExt;
use gloo_net::eventsource::futures::EventSource;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::Fire;

/// Gives `each` every fire that the stream at `url` tells of. The browser reconnects by itself; `each(None)` says that
/// it did, and that something may have been missed.
pub(crate) fn read(url: String, mut each: impl FnMut(Option<Fire>) + 'static) {
    spawn_local(async move {
        let Ok(mut source) = EventSource::new(&url) else { return };
        let (Ok(mut fires), Ok(mut hellos)) = (source.subscribe("fire"), source.subscribe("hello")) else { return };
        let mut greeted = false;
        loop {
            match futures_util::future::select(fires.next(), hellos.next()).await {
                futures_util::future::Either::Left((Some(Ok((_, message))), _)) => {
                    if let Some(fire) = parse(&message.data()) {
                        each(Some(fire));
                    }
                }
                futures_util::future::Either::Right((Some(Ok(_)), _)) => {
                    // The first hello is that of a page which has just been made.
                    if std::mem::replace(&mut greeted, true) {
                        each(None);
                    }
                }
                // Errors are the browser's to mend: it connects again.
                futures_util::future::Either::Left((Some(Err(_)), _)) | futures_util::future::Either::Right((Some(Err(_)), _)) => {}
                _ => return,
            }
        }
    });
}

/// A message of the stream.
pub(crate) fn parse(data: &JsValue) -> Option<Fire> {
    let object = js_sys::JSON::parse(&data.as_string()?).ok()?;
    serde_wasm_bindgen::from_value(object).ok()
}
