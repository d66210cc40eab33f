//! A guest's manners on pages of every kind.

use serde_json::json;

use super::super::row::Step::{Left, Script, Wait};
use super::super::row::{Row, row};
use super::NONE;

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    vec![
        Row { body: "<script>addEventListener('load', () => 0)</script>$TAG<button data-admx-goal=G>x</button>",
            ..row("two copies count once", "", vec![Wait(200), Left("button")], vec![("G", NONE)]) },
        Row { holds: "typeof admx.goal == 'function'", ..row("an element named admx", "<a id=admx></a><form id=admaxxer><input name=optedIn></form>",
            vec![Script("admx.goal('Mine')")], vec![("Mine", NONE)]) },
        Row { head: "<script>window.admx=window.admx||new Proxy({q:[]},{get:(o,k)=>o[k]||((...a)=>o.q.push([k,Date.now(),location.href,a]))});admx.goal('Early',{a:1});admx.nonsense();admx.pageview()</script>",
            ..row("calls before the script", "", vec![Script("history.pushState(1, '', '/b'); admx.goal('After')")], vec![("Early", json!({ "a": 1 })), ("After", NONE)]).with_views(vec!["/", "/", "/b"]) },
        Row { holds: "typeof admx.goal == 'function'", ..row("a form named admx with a field named goal", "<form id=admx><input name=goal><input name=q></form>", vec![Script("admx.goal('Mine')")], vec![("Mine", NONE)]) },
        Row { head: "<script>for (const of of [Object, Array, String, Function, Promise]) Object.freeze(of.prototype); Object.freeze(JSON); Object.freeze(Math)</script>",
            ..row("frozen prototypes", "<button data-admx-goal=G data-admx-goal-a=1>x</button>", vec![Left("button"), Script("admx.goal('H', {b: [2]})")], vec![("G", json!({ "a": "1" })), ("H", json!({ "b": [2] }))]) },
        Row { head: "<script>Object.freeze(history)</script>", ..row("a frozen history", "", vec![Script("admx.goal('G')")], vec![("G", NONE)]) },
        Row { head: "<script>Array.prototype.toJSON = function () { return 'mine' }</script>",
            ..row("arrays with a hand in JSON of before", "<button data-admx-goal=G data-admx-goal-meta='{\"a\":[1]}'>x</button><script>onload = () => setTimeout(() => { document.querySelector('button').click(); delete Array.prototype.toJSON }, 50)</script>", vec![Wait(200)],
            vec![("G", json!({ "a": "mine" }))]) },
        Row { head: "<script>const own = JSON.stringify; JSON.stringify = () => { throw 1 }; addEventListener('load', () => setTimeout(() => { admx.goal('G', {a: 1}); JSON.stringify = own }, 50))</script>",
            ..row("a page that broke JSON before", "", vec![Wait(200)], vec![("G", NONE)]) },
        Row { head: "<script>const own = fetch; window.fetch = async function (...given) { const reply = await own.apply(this, given); await reply.clone().text(); return reply }</script>",
            ..row("a page that wraps fetch", "", vec![Script("admx.goal('G')"), Wait(100)], vec![("G", NONE)]) },
        Row { head: "<script>window.fetch = () => {}</script>", ..row("a fetch that answers nothing", "", vec![Script("admx.goal('G')"), Wait(100)], vec![("G", NONE)]) },
        Row { head: "<script>var event = 7, status = 'x', name = 'y'</script>", ..row("globals of the page's own", "<button data-admx-goal=X onclick='admx.goal(\"X\", {a: 1})'>x</button>", vec![Left("button")], vec![("X", json!({ "a": 1 }))]) },
        Row { head: "<script>window.before = new Set(Object.getOwnPropertyNames(window))</script>",
            holds: "Object.getOwnPropertyNames(window).filter(name => !before.has(name) && !/cdc_|ret_nodes/.test(name)).sort().join() == 'admaxxer,admx,before' && admx === admaxxer",
            ..row("no global but two", "", vec![], vec![]) },
        Row { holds: "window.fine === true", ..row("natives stay what they were", "<script>onload = () => { window.fine = /native/.test(EventTarget.prototype.addEventListener) && /native/.test(fetch) && history.pushState.length == 2 \
                      && history.replaceState.length == 2 && history.replaceState.name == 'replaceState' && (() => { try { history.pushState.call({}) } catch (e) { return e instanceof TypeError } })() }</script>", vec![], vec![]) },
        Row { policy: "sandbox allow-scripts", holds: "origin == 'null' && /^[0-9a-f-]{36}$/.test(admx.visitorId())", ..row("a sandboxed page", "<button data-admx-goal=G>x</button>", vec![Left("button"), Wait(100)], vec![("G", NONE)]) },
        Row { policy: "require-trusted-types-for 'script'", ..row("a page that wants trusted types", "<button data-admx-goal=G>x</button>", vec![Left("button")], vec![("G", NONE)]) },
        Row { policy: "connect-src 'none'", ..row("a policy that lets nothing out", "<button data-admx-goal=G>x</button>", vec![Left("button"), Wait(100)], vec![]).with_views(vec![]) },
        Row { holds: "!window.heard.some(type => /unload/.test(type))", head: "<script>window.heard = []; const own = EventTarget.prototype.addEventListener; EventTarget.prototype.addEventListener = function (type, ...rest) { heard.push(type); return own.call(this, type, ...rest) }</script>",
            ..row("no handler that keeps a page from its cache", "", vec![], vec![]) },
        Row { holds: "window.lines.filter(line => line.startsWith('admx')).length == 1", ..row("one line in the console at the most", "", vec![Script("for (const m of [1, 'x', []]) admx.goal('G', m); admx.goal('__x'); admx.goal(' ')")], vec![("G", NONE); 3]) },
        Row { holds: "document.querySelector('input').checked && window.went == 1", ..row("what a click does is done once", "<script>went = 0</script><input type=checkbox data-admx-goal=G onclick='went++'>", vec![Left("input")], vec![("G", NONE)]) },
        row("ten thousand elements", "", vec![Script("document.body.innerHTML = '<p><b>x</b></p>'.repeat(5000) + '<button data-admx-goal=Last>x</button>'; document.querySelector('button').click()"), Wait(100)], vec![("Last", NONE)]),
        Row { head: "<script>const own = fetch; window.fetch = async (url, options) => { if (url.includes('/graphql')) throw 1; return own(url, options) }</script>",
            ..row("a fetch that wants its address as text", "", vec![Script("admx.goal('G')"), Wait(100)], vec![("G", NONE)]) },
    ]
}
