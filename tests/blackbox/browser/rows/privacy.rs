//! Who is counted, and what is stored: automation, consent, opting out, cookieless.

use serde_json::json;

use super::super::row::Step::{Left, Open, Script, Wait};
use super::super::row::{Row, row};
use super::NONE;

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    vec![
        Row { head: "<script>Object.defineProperty(navigator, 'webdriver', {value: true})</script>", views: vec![], is_silent: true,
            ..row("automation is not counted", "", vec![Script("admx.goal('No')")], vec![]) },
        Row { head: "<script>Object.defineProperty(navigator, 'webdriver', {value: true})</script>", tag: "data-allow-automation",
            ..row("automation that is allowed", "", vec![Script("admx.goal('Yes')")], vec![("Yes", NONE)]) },
        Row { is_silent: true, ..row("admx_ignore", "", vec![Script("localStorage.admx_ignore = 'true'"), Open("/two"), Script("admx.goal('No')")], vec![]) },
        Row { tag: "data-require-consent", holds: "admx.optedIn() === true && document.cookie.includes('admx_vid=')",
            ..row("consent", "", vec![Script("if (document.cookie || localStorage.length || admx.optedIn()) throw 1; admx.goal('Waits')"), Wait(100), Script("admx.optIn()")],
            vec![("Waits", NONE)]) },
        Row { tag: "data-require-consent", ..row("a call long after a click, both before consent", "<button data-admx-goal=L>x</button>",
            vec![Left("button"), Wait(100), Script("admx.goal('L', {second: 1})"), Wait(50), Script("admx.optIn()")],
            vec![("L", NONE), ("L", json!({ "second": 1 }))]) },
        row("opting out in another page of the site", "", vec![Wait(100),
            Script("localStorage.admx_choice = String(Date.now() + 1e9); dispatchEvent(new StorageEvent('storage', {key: 'admx_choice'})); admx.goal('No')")], vec![]),
        row("opting out and in again", "", vec![Wait(100), Script("admx.optOut(); admx.goal('No')"), Open("/two"), Script("admx.optIn(); admx.goal('Yes')")],
            vec![("Yes", NONE)]).with_views(vec!["/", "/two"]),
        Row { tag: "data-require-consent", views: vec![], ..row("no consent", "", vec![Script("admx.goal('No')"), Wait(100)], vec![]) },
        Row { holds: "!document.cookie && !localStorage.admx_vid && admx.optedIn() === false",
            ..row("opting out", "", vec![Wait(100), Script("admx.optOut(); admx.goal('No')"), Open("/two"), Script("admx.goal('No')")], vec![]) },
        Row { tag: "data-cookieless", holds: "!document.cookie && localStorage.length == 0 && sessionStorage.length == 0 && !admx.visitorId()",
            ..row("cookieless", "", vec![Script("admx.goal('Plain')"), Wait(100)], vec![("Plain", NONE)]) },
        Row { head: "<script>Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})</script>", holds: "!document.cookie && localStorage.length == 0",
            ..row("global privacy control", "", vec![Script("admx.goal('Plain')"), Wait(100)], vec![("Plain", NONE)]) },
        Row { holds: "/^[0-9a-f-]{36}$/.test(admx.visitorId()) && document.cookie == 'admx_vid=' + admx.visitorId() && localStorage.admx_vid == admx.visitorId()",
            ..row("a visitor", "", vec![Script("admx.goal('Here')"), Wait(100), Open("/two")], vec![("Here", NONE)]).with_views(vec!["/", "/two"]) },
        Row { head: "<script>Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied', 'SecurityError') }});\
                     Object.defineProperty(Document.prototype, 'cookie', {get() { throw new DOMException('denied', 'SecurityError') }, set() { throw 1 }})</script>",
            holds: "/^[0-9a-f-]{36}$/.test(admx.visitorId())", ..row("storage that is denied", "", vec![Script("admx.goal('Still')"), Wait(100)], vec![("Still", NONE)]) },
        Row { head: "<script>Object.defineProperty(navigator, 'doNotTrack', {value: '1'})</script>", holds: "!document.cookie && localStorage.length == 0 && !admx.visitorId()",
            ..row("do not track", "", vec![Script("admx.goal('Plain')"), Wait(100)], vec![("Plain", NONE)]) },
        Row { tag: "data-require-consent", views: vec![], ..row("fifty events wait for consent, the oldest go", "", vec![Script("for (let i = 0; i < 60; i++) admx.goal('W', {i})"), Wait(100), Script("admx.optIn()")],
            (10..60).map(|i| ("W", json!({ "i": i }))).collect()) },
        Row { tag: "data-require-consent", ..row("consent is remembered", "", vec![Script("admx.optIn()"), Wait(100), Open("/two"), Script("admx.goal('There')")], vec![("There", NONE)]).with_views(vec!["/", "/two"]) },
        Row { holds: "!document.cookie && Object.keys(localStorage).join() == 'admx_choice' && localStorage.admx_choice > Date.now() + 3e10 && !sessionStorage.length && admx.visitorId() === undefined",
            ..row("opting out deletes what is stored", "<video muted src='/v.webm'></video>", vec![Script("document.querySelector('video').play()"), Wait(400), Script("admx.optOut()"), Wait(100)],
            vec![("__admx_video_play", json!({ "src": "$ORIGIN/v.webm", "duration": 2 }))]) },
        Row { tag: "data-cookieless", holds: "!document.cookie && !localStorage.length && !sessionStorage.length", ..row("a video without anything stored", "<video muted src='/v.webm'></video>", vec![
            Script("document.querySelector('video').play()"), Wait(400)], vec![("__admx_video_play", json!({ "src": "$ORIGIN/v.webm", "duration": 2 }))]) },
        Row { head: "<script>document.cookie = 'admx_vid=0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f;path=/'</script>", holds: "admx.visitorId() == '0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f' && localStorage.admx_vid == admx.visitorId()",
            ..row("a visitor known by the cookie", "", vec![Wait(100)], vec![]) },
        Row { head: "<script>localStorage.admx_vid = '0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f'</script>", holds: "document.cookie == 'admx_vid=0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f'",
            ..row("a visitor known by storage", "", vec![Wait(100)], vec![]) },
        Row { tag: "data-require-consent", holds: "!document.cookie && !localStorage.length && !sessionStorage.length && admx.visitorId() === undefined", views: vec![],
            ..row("nothing is stored before consent", "<video muted src='/v.webm'></video>", vec![Script("document.querySelector('video').play(); admx.goal('No')"), Wait(400)], vec![]) },
        // The last: other hosts of the domain see it.
        Row { tag: "data-domain=admx.localhost", holds: "document.cookie == 'admx_vid=' + admx.visitorId()", ..row("a cookie for all of a domain", "", vec![Wait(100)], vec![]) },
    ]
}
