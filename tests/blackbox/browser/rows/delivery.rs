//! What is fired arrives: leaving, servers that are away or busy, bursts.

use serde_json::json;

use super::super::row::Step::{Left, Open, Script, Wait};
use super::super::row::{Row, row};
use super::NONE;

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    vec![
        row("goals fired and the page left at once", "<a href='/next' onclick='for (let i = 0; i < 20; i++) admx.goal(\"Bye\")'>x</a>", vec![Left("a")],
            vec![("Bye", NONE); 20]).with_views(vec!["/", "/next"]),
        row("a goal as the page goes away", "<script>addEventListener('pagehide', () => admx.goal('Last'))</script>", vec![Open("/next")],
            vec![("Last", NONE), ("Last", NONE)]).with_views(vec!["/", "/next"]),
        row("a burst past the quota", "", vec![Script("for (let i = 0; i < 300; i++) admx.goal('Burst', {fill: 'x'.repeat(400)})"), Wait(900)],
            vec![("Burst", json!({ "fill": "x".repeat(400) })); 300]),
        Row { head: "<script>window.fetch = () => { throw new Error('mine') }</script>",
            ..row("a fetch that throws", "", vec![Script("admx.goal('Beacon')"), Wait(100)], vec![("Beacon", NONE)]) },
        row("a server that is away for a moment", "", vec![Wait(200),
            Script("const f = window.fetch; window.fetch = () => Promise.reject(new TypeError('down')); window.up = () => { window.fetch = f; dispatchEvent(new Event('online')) }; admx.goal('Held')"),
            Wait(100), Script("up()"), Wait(200)], vec![("Held", NONE)]),
        row("a server that says later", "", vec![Wait(200),
            Script("const f = window.fetch; let n = 0; window.fetch = (u, o) => n++ ? f(u, o) : Promise.resolve(new Response('', {status: 503})); admx.goal('Later')"),
            Wait(1900)], vec![("Later", NONE)]),
        Row { holds: "!Object.keys(localStorage).some(k => /queue|vid/.test(k))", ..row("opting out while something is on its way", "", vec![Wait(200),
            Script("window.fetch = () => new Promise(r => setTimeout(() => r(new Response('', {status: 503, headers: {'retry-after': '1'}})), 100)); admx.goal('No')"), Wait(50),
            Script("admx.optOut(); Object.defineProperty(document, 'hidden', {value: true}); document.dispatchEvent(new Event('visibilitychange'))"), Wait(1300)], vec![]) },
        row("what had no answer goes out with the next page", "", vec![Wait(200),
            Script("window.fetch = () => Promise.reject(new TypeError('down')); admx.goal('Kept')"), Wait(50), Open("/two")], vec![("Kept", NONE)])
            .with_views(vec!["/", "/two"]),
        // -- Against a real proxy that answers as it is told
        Row { tag: "data-api=/collect/ok", ..row("a first-party proxy", "", vec![Script("admx.goal('Proxied', {a: 1})"), Wait(100)], vec![("Proxied", json!({ "a": 1 }))]) },
        Row { tag: "data-api=/collect/503,ok", ..row("503, then well", "", vec![Script("admx.goal('G')"), Wait(2300)], vec![("G", NONE)]) },
        Row { tag: "data-api=/collect/500,502,ok", ..row("500 and 502, then well", "", vec![Wait(4600)], vec![]) },
        Row { tag: "data-api=/collect/429-1,ok", ..row("429 with Retry-After", "", vec![Script("admx.goal('G')"), Wait(1700)], vec![("G", NONE)]) },
        Row { tag: "data-api=/collect/503-9,ok", holds: "performance.getEntriesByType('resource').filter(e => e.name.includes('/collect')).length < 3",
            ..row("Retry-After is kept to", "", vec![Wait(200), Script("admx.goal('G')"), Wait(2500)], vec![]).with_views(vec![]) },
        Row { tag: "data-api=/collect/503-60,ok", ..row("what a busy server refused goes out with the next page", "", vec![Wait(200), Script("admx.goal('Kept')"), Wait(100), Open("/two"), Wait(300)],
            vec![("Kept", NONE)]).with_views(vec!["/", "/two"]) },
        Row { tag: "data-api=/collect/lost,ok", ..row("an answer that is lost on its way", "", vec![Wait(2300)], vec![]) },
        Row { tag: "data-api=/collect/400,401,403,404,413,ok", ..row("what is wrong is not sent again and blocks nothing", "", vec![
            Wait(100), Script("admx.goal('a')"), Wait(100), Script("admx.goal('b')"), Wait(100), Script("admx.goal('c')"), Wait(100), Script("admx.goal('d')"), Wait(100), Script("admx.goal('e')"), Wait(100)],
            vec![("e", NONE)]).with_views(vec![]) },
        row("a burst past the quota, and the page left at once", "", vec![Script("for (let i = 0; i < 300; i++) admx.goal('Burst', {fill: 'x'.repeat(400)})"), Open("/two"), Wait(900)],
            vec![("Burst", json!({ "fill": "x".repeat(400) })); 300]).with_views(vec!["/", "/two"]),
        // What fits into the 64 KiB that outlive a page, and the 256 that may be stored.
        row("450 goals, and the page left at once", "", vec![Wait(200), Script("for (let i = 0; i < 450; i++) admx.goal('Many'); location.href = '/two'"), Wait(2000)],
            vec![("Many", NONE); 450]).with_views(vec!["/", "/two"]),
        row("goals fired while the page is hidden and goes", "<script>for (const type of ['beforeunload', 'pagehide', 'visibilitychange']) addEventListener(type, () => admx.goal(type), true)</script>", vec![Wait(100), Open("/next"), Open("/last"), Wait(100)],
            vec![("beforeunload", NONE), ("pagehide", NONE), ("visibilitychange", NONE), ("beforeunload", NONE), ("pagehide", NONE), ("visibilitychange", NONE), ("beforeunload", NONE), ("pagehide", NONE), ("visibilitychange", NONE)]).with_views(vec!["/", "/next", "/last"]),
        row("a goal on a link, with the network down", "<a data-admx-goal=Go href='/next'>x</a>", vec![Wait(200),
            Script("window.fetch = () => Promise.reject(new TypeError('down'))"), Left("a"), Wait(300)], vec![("Go", NONE)]).with_views(vec!["/", "/next"]),
        Row { tag: "data-api=/collect/503-60", holds: "Object.keys(localStorage).some(key => key.startsWith('admx_q') && localStorage[key].includes('Waits'))",
            ..row("what waits is stored while the page is open", "", vec![Wait(150), Script("admx.goal('Waits')"), Wait(150)], vec![]).with_views(vec![]) },
    ]
}
