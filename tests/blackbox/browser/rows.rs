//! The cases.

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::row::Step::{Back, Control, Left, Middle, Open, Press, Right, Script, Wait, Wheel};
use super::row::{Row, row};

const NONE: Value = Value::Null;

/// Stands for a path that is cut where addresses are.
const LONG: &str = "/long?…";

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    let scroll = || ("__admx_scroll_50", json!({ "path": "/" }));
    let scroll_75 = || ("__admx_scroll_75", json!({ "path": "/" }));
    let scroll_90 = || ("__admx_scroll_90", json!({ "path": "/" }));
    let out = |href: &str, text: &str| {
        ("__admx_outbound_click", json!({ "href": href, "host": "other.test:$PORT", "text": text }))
    };
    vec![
        // -- The three ways to fire a goal, and page views
        row("a page view", "<p>hello", vec![], vec![]),
        row("a call", "", vec![Script("admx.goal('Trial', {plan: 'pro', n: 1.5, deep: {a: [1, null]}})")],
            vec![("Trial", json!({ "plan": "pro", "n": 1.5, "deep": { "a": [1, null] } }))]),
        row("the other name of the same object", "", vec![Script("admaxxer.goal('A')")], vec![("A", NONE)]),
        row("an attribute", "<button data-admx-goal='Price' data-admx-goal-meta='{\"plan\":\"pro\"}'>x</button>", vec![Left("button")],
            vec![("Price", json!({ "plan": "pro" }))]),
        row("a click on a child", "<div data-admx-goal=Card><p><b>x</b></p></div>", vec![Left("b")], vec![("Card", NONE)]),
        row("names as written", "", vec![Script("admx.goal('  Größe \"ü\" \\\\ 日本 😀 ')")], vec![("Größe \"ü\" \\ 日本 😀", NONE)]),
        Row { script: "script.js", ..row("the small script has no reserved goals",
            "<a id=a href='/files/x.pdf'>x</a><button data-admx-goal=G>g</button><div style='height:3000px'></div>",
            vec![Left("#a"), Left("button"), Wheel(3000), Wait(200)], vec![("G", NONE)]) },

        // -- Elements
        row("an element inserted later", "", vec![
            Script("document.body.insertAdjacentHTML('beforeend', '<section><button data-admx-goal=Late>x</button></section>')"), Left("button")],
            vec![("Late", NONE)]),
        row("an attribute set, changed and removed", "<button>x</button>", vec![
            Left("button"), Script("document.querySelector('button').dataset.admxGoal='One'"), Left("button"),
            Script("document.querySelector('button').dataset.admxGoal='Two'"), Left("button"),
            Script("document.querySelector('button').removeAttribute('data-admx-goal')"), Left("button")],
            vec![("One", NONE), ("Two", NONE)]),
        row("only the innermost of nested elements", "<div data-admx-goal=Outer><button data-admx-goal=Inner>x</button></div>", vec![Left("button")],
            vec![("Inner", NONE)]),
        row("a handler that stops propagation", "<button data-admx-goal=Stop>x</button><script>document.querySelector('button').onclick=e=>e.stopPropagation()</script>",
            vec![Left("button")], vec![("Stop", NONE)]),
        row("an element removed by its own handler", "<div data-admx-goal=Gone><button onclick='this.parentNode.remove()'>x</button></div>", vec![Left("button")],
            vec![("Gone", NONE)]),
        row("an open shadow root", "<x-a></x-a><script>document.querySelector('x-a').attachShadow({mode:'open'}).innerHTML='<button data-admx-goal=Shadow>x</button>'</script>",
            vec![Script("document.querySelector('x-a').shadowRoot.querySelector('button').click()")], vec![("Shadow", NONE)]),
        row("a shadow root attached later", "<x-a></x-a>", vec![
            Script("document.querySelector('x-a').attachShadow({mode:'open'}).innerHTML='<button data-admx-goal=Deep>x</button>'"),
            Left("x-a")], vec![("Deep", NONE)]),
        row("an element that left the document", "<button data-admx-goal=Away>x</button>", vec![
            Script("const b = document.querySelector('button'); b.remove(); b.click()")], vec![("Away", NONE)]),
        row("a disabled button", "<button disabled data-admx-goal=No><b>x</b></button><fieldset disabled><button data-admx-goal=No2 id=b>y</button></fieldset>",
            vec![Left("button b"), Left("#b")], vec![]),
        row("a label and its control are one click", "<label data-admx-goal=Label><input type=checkbox><span>x</span></label>", vec![Left("span")],
            vec![("Label", NONE)]),
        Row { holds: "document.querySelector('input').checked", ..row("a label still does its work", "<label data-admx-goal=L><input type=checkbox><span>x</span></label>",
            vec![Left("span")], vec![("L", NONE)]) },
        row("the keyboard", "<button data-admx-goal=Key>x</button>", vec![Press("button", Key::Enter), Press("button", Key::Space)],
            vec![("Key", NONE), ("Key", NONE)]),
        row("a right click is none", "<button data-admx-goal=No>x</button>", vec![Right("button")], vec![]),
        row("a middle click on a button is none, on a link it is", "<button data-admx-goal=No>x</button><a href='/there' data-admx-goal=Link>y</a>",
            vec![Middle("button"), Middle("a"), Wait(300)], vec![("Link", NONE)]).with_views(vec!["/", "/there"]),
        row("a click with Control", "<a href='/there' data-admx-goal=Link>y</a>", vec![Control("a"), Wait(300)], vec![("Link", NONE)])
            .with_views(vec!["/", "/there"]),
        row("a double click is two", "<button data-admx-goal=Two>x</button>", vec![Left("button"), Left("button")], vec![("Two", NONE), ("Two", NONE)]),
        row("clicks by program", "<button data-admx-goal=Three>x</button>",
            vec![Script("for (let i = 0; i < 3; i++) document.querySelector('button').click()")],
            vec![("Three", NONE), ("Three", NONE), ("Three", NONE)]),
        row("metadata that is none", "<button data-admx-goal=A data-admx-goal-meta='{bad'>a</button><i data-admx-goal=B data-admx-goal-meta='[1]'>b</i>",
            vec![Left("button"), Left("i")], vec![("A", NONE), ("B", NONE)]),
        row("a name that is none", "<button data-admx-goal='__x'>a</button><i data-admx-goal='  '>b</i>", vec![Left("button"), Left("i")], vec![]),

        // -- One click is one goal
        row("a call in a handler of the same click", "<button data-admx-goal=X data-admx-goal-meta='{\"a\":1,\"b\":2}' onclick='admx.goal(\"X\", {b: 3, c: 4})'>x</button>",
            vec![Left("button")], vec![("X", json!({ "a": 1, "b": 3, "c": 4 }))]),
        row("a call of another name", "<button data-admx-goal=X onclick='admx.goal(\"Y\")'>x</button>", vec![Left("button")], vec![("X", NONE), ("Y", NONE)]),
        row("a second call of the name is meant", "<button data-admx-goal=X onclick='admx.goal(\"X\", {n: 1}); admx.goal(\"X\", {n: 2})'>x</button>",
            vec![Left("button")], vec![("X", json!({ "n": 1 })), ("X", json!({ "n": 2 }))]),
        row("a call before the attribute's listener", "<script>addEventListener('click', () => admx.goal('X', {a: 1}), true)</script><button data-admx-goal=X>x</button>",
            vec![Left("button")], vec![("X", json!({ "a": 1 }))]),

        row("a call in a handler, behind much else", "<button data-admx-goal=X onclick='for (let i = 0; i < 12; i++) admx.goal(\"Y\", {f: \"x\".repeat(2000)}); admx.goal(\"X\", {k: 1})'>x</button>",
            vec![Left("button")], [vec![("X", json!({ "k": 1 }))], vec![("Y", json!({ "f": "x".repeat(2000) })); 12]].concat()),
        row("a tagged button in a tagged form", "<form data-admx-goal=Form onsubmit='event.preventDefault()'><button data-admx-goal=Button>x</button><button id=b type=submit>y</button></form>",
            vec![Left("button"), Left("#b")], vec![("Button", NONE), ("Form", NONE)]),
        row("a call in the submit that a tagged button led to", "<form onsubmit='event.preventDefault(); admx.goal(\"B\", {a: 1})'><button data-admx-goal=B>x</button></form>",
            vec![Left("button")], vec![("B", json!({ "a": 1 }))]),
        row("a call in the click that led to a tagged form's submit", "<form data-admx-goal=F onsubmit='event.preventDefault()'><button onclick='admx.goal(\"F\", {a: 1})'>x</button></form>",
            vec![Left("button")], vec![("F", json!({ "a": 1 }))]),
        row("a goal and a user of one name", "<button onclick='admx.goal(\"alice\"); admx.identify(\"alice\"); admx.identify(null); admx.identify()'>x</button>",
            vec![Left("button")], vec![("alice", NONE)]),
        row("a call after a click by program", "<button data-admx-goal=P>x</button>", vec![Script("document.querySelector('button').click(); admx.goal('P', {after: 1})")],
            vec![("P", NONE), ("P", json!({ "after": 1 }))]),
        row("a call of a right click", "<div data-admx-goal=Aux onauxclick='admx.goal(\"Aux\")'>x</div>", vec![Right("div"), Middle("div")], vec![("Aux", NONE), ("Aux", NONE)]),
        row("an inner name of spaces", "<div data-admx-goal=Outer><button data-admx-goal=' '>x</button></div>", vec![Left("button")], vec![("Outer", NONE)]),

        // -- Calls that can't be right never throw
        row("calls with anything", "", vec![Script(
            "const o = {}; o.o = o; for (const m of [o, 1n, {n: 1n}, Symbol(), {get x() { throw 1 }}, 7, 'x', [1], () => 1, null, undefined, {toJSON() { throw 1 }}]) admx.goal('M', m);
             for (const n of [undefined, null, 7, {}, Symbol(), '', ' ', '__x', 'x'.repeat(101), 'a\\nb']) admx.goal(n);
             admx.goal(); admx.pageview(Symbol()); admx.identify(); admx.identify(Symbol()); admx.visitorId(1)")],
            vec![("M", NONE); 12]),
        row("metadata over 8 KB costs no goal", "", vec![Script("admx.goal('Big', {x: 'y'.repeat(8185)}); admx.goal('Fits', {x: 'y'.repeat(8184)}); admx.goal('Wide', {x: 'é'.repeat(4093)})")],
            vec![("Big", NONE), ("Fits", json!({ "x": "y".repeat(8184) })), ("Wide", NONE)]),
        row("half of a surrogate pair", "", vec![Script("admx.goal('Half', {x: 'a\\ud83d'})")], vec![("Half", json!({ "x": "a\u{fffd}" }))]),
        // The driver needs JSON itself, so the page takes it away between two of its commands.
        row("a page with its own hand in JSON", "<button data-admx-goal=G>g</button>", vec![
            Script("const own = JSON.stringify;
                setTimeout(() => { JSON.stringify = () => 'broken'; Array.prototype.toJSON = () => 'x'; admx.goal('A', {a: 1}); document.querySelector('button').click() }, 50);
                setTimeout(() => { JSON.stringify = own; delete Array.prototype.toJSON }, 150)"), Wait(300)],
            vec![("A", NONE), ("G", NONE)]),

        // -- Leaving
        row("goals fired and the page left at once", "<a href='/next' onclick='for (let i = 0; i < 20; i++) admx.goal(\"Bye\")'>x</a>", vec![Left("a")],
            vec![("Bye", NONE); 20]).with_views(vec!["/", "/next"]),
        row("a goal as the page goes away", "<script>addEventListener('pagehide', () => admx.goal('Last'))</script>", vec![Open("/next")],
            vec![("Last", NONE), ("Last", NONE)]).with_views(vec!["/", "/next"]),
        row("a burst past the quota", "", vec![Script("for (let i = 0; i < 300; i++) admx.goal('Burst', {fill: 'x'.repeat(400)})")],
            vec![("Burst", json!({ "fill": "x".repeat(400) })); 300]),

        // -- Page views of one-page apps
        row("pushState and back", "", vec![
            Script("history.pushState({}, '', '/a'); history.pushState({}, '', '/b?x=1'); history.replaceState({}, '', '/b?x=2')"), Script("history.back()"), Wait(300)],
            vec![]).with_views(vec!["/", "/a", "/b?x=1", "/a"]),
        row("an address that is far too long", "", vec![Script("history.pushState({}, '', '/long?' + 'x'.repeat(90000)); history.pushState({}, '', '/short')")], vec![])
            .with_views(vec!["/", LONG, "/short"]),
        row("a hash is no page", "", vec![Script("location.hash = 'x'"), Wait(50)], vec![]),
        Row { tag: "data-hash", ..row("a hash is one with data-hash", "", vec![Script("location.hash = 'x'"), Wait(50)], vec![]).with_views(vec!["/", "/#x"]) },
        Row { holds: "history.pushState.length == 2 && history.pushState.name == 'pushState' && (() => { try { history.pushState(1, '', 'http://other.test') } catch (e) { return e.name == 'SecurityError' } })()",
            ..row("pushState stays what it was", "", vec![], vec![]) },
        row("a page view by hand", "", vec![Script("admx.pageview('/by-hand')")], vec![]).with_views(vec!["/", "/by-hand"]),
        row("back and forward", "", vec![Open("/two"), Back, Wait(200)], vec![]).with_views(vec!["/", "/two", "/"]),

        // -- Reserved goals
        row("a click out", "<a href='http://user:pw@other.test:9/x?y#z'> Read\n <b>more</b> </a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("__admx_outbound_click", json!({ "href": "http://other.test:9/x?y#z", "host": "other.test:9", "text": "Read more" }))]),
        row("a click within the site", "<a href='/in'>x</a><a id=m href='mailto:a@b.test'>m</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a"), Left("#m")], vec![]),
        row("pictures and svg links", "<a href='//other.test:$PORT/'><img alt='Logo' width=20 height=20></a><a id=l aria-label='Named' href='http://x.test/'><i>&nbsp;&nbsp;</i></a>
            <svg width=50 height=20><a id=s href='https://y.test/'><text y=15>svg</text></a></svg><script>onclick=e=>e.preventDefault();document.querySelector('a').href='http://other.test:1/'</script>",
            vec![Left("img"), Left("#l"), Left("#s text")],
            vec![("__admx_outbound_click", json!({ "href": "http://other.test:1/", "host": "other.test:1", "text": "Logo" })),
                 ("__admx_outbound_click", json!({ "href": "http://x.test/", "host": "x.test", "text": "Named" })),
                 ("__admx_outbound_click", json!({ "href": "https://y.test/", "host": "y.test", "text": "svg" }))]),
        row("a download", "<a href='/files/Report.PDF?v=1#p'>x</a>", vec![Left("a"), Wait(100)],
            vec![("__admx_file_download", json!({ "extension": "pdf", "href": "$ORIGIN/files/Report.PDF?v=1#p", "filename": "Report.PDF" }))]),
        row("no download", "<a href='/files/x.pdf.html'>x</a><a id=b href='/files/pdf'>y</a><a id=c href='/files/a?x.pdf'>z</a>", vec![Left("a"), Left("#b"), Left("#c"), Wait(100)], vec![]),
        row("addresses that are no files", "<a href='mailto:a@firm.zip'>x</a><a id=j href='javascript:void 0//x.exe'>y</a><script>onclick=e=>e.preventDefault()</script>",
            vec![Left("a"), Left("#j")], vec![]),
        row("a download by its attribute", "<a download='All.xlsx' href='blob:x'>x</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("__admx_file_download", json!({ "extension": "xlsx", "href": "blob:x", "filename": "All.xlsx" }))]),
        row("a download elsewhere is both", "<a href='http://other.test:1/a.zip'>x</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("__admx_outbound_click", json!({ "href": "http://other.test:1/a.zip", "host": "other.test:1", "text": "x" })),
                 ("__admx_file_download", json!({ "extension": "zip", "href": "http://other.test:1/a.zip", "filename": "a.zip" }))]),
        row("a link that leaves", "<script>document.write(`<a href='http://other.test:${location.port}/'>x</a>`)</script>", vec![Left("a")],
            vec![out("http://other.test:$PORT/", "x")]),
        row("a form", "<form id=f action='/sent?a' method=POST><input name=action><input name=secret value=s><button>x</button></form>", vec![Left("button")],
            vec![("__admx_form_submit", json!({ "formId": "f", "action": "$ORIGIN/sent?a", "method": "post" }))]).with_views(vec!["/", "/sent?a"]),
        row("a form that its page handles", "<form onsubmit='event.preventDefault()'><button>x</button></form>", vec![Left("button")], vec![]),
        row("a form that is not valid", "<form><input required><button>x</button></form>", vec![Left("button")], vec![]),
        row("a form with a goal", "<form data-admx-goal=Signup data-admx-goal-meta='{\"a\":1}' onsubmit='event.preventDefault()'><button>x</button></form>", vec![Left("button")],
            vec![("Signup", json!({ "a": 1 }))]),
        row("Enter in a field", "<form action='/sent'><input><button data-admx-goal=Send>x</button></form>", vec![Press("input", Key::Enter), Wait(200)],
            vec![("Send", NONE), ("__admx_form_submit", json!({ "formId": "", "action": "$ORIGIN/sent", "method": "get" }))]).with_views(vec!["/", "/sent?"]),
        row("a form in a shadow root", "<x-a></x-a><script>document.querySelector('x-a').attachShadow({mode:'open'}).innerHTML='<form action=/sent><button>x</button></form>'</script>",
            vec![Script("document.querySelector('x-a').shadowRoot.querySelector('button').click()"), Wait(200)],
            vec![("__admx_form_submit", json!({ "formId": "", "action": "$ORIGIN/sent", "method": "get" }))]).with_views(vec!["/", "/sent?"]),
        row("a video, once a source", "<video muted src='/v.webm'></video>", vec![
            Script("const v = document.querySelector('video'); v.play()"), Wait(400), Script("const v = document.querySelector('video'); v.pause(); v.play()"), Wait(200),
            Script("document.querySelector('video').pause()")],
            vec![("__admx_video_play", json!({ "src": "$ORIGIN/v.webm", "duration": 2 }))]),
        row("scrolling", "<div style='height:5000px'></div>", vec![Wheel(1000), Wait(100), Wheel(1000), Wait(100), Wheel(1000), Wait(100), Wheel(9000), Wait(200)],
            vec![scroll(), scroll_75(), scroll_90()]),
        row("scrolling to the end at once", "<div style='height:5000px'></div>", vec![Wheel(9000), Wait(200)], vec![scroll(), scroll_75(), scroll_90()]),
        row("a short page doesn't scroll", "<p>x", vec![Wheel(500), Wait(100)], vec![]),
        row("scrolling starts anew with a page view", "<div style='height:5000px'></div>", vec![
            Wheel(2500), Wait(200), Script("history.pushState({}, '', '/b'); scrollTo(0, 0)"), Wait(100), Wheel(2500), Wait(200)],
            vec![scroll(), ("__admx_scroll_50", json!({ "path": "/b" }))]).with_views(vec!["/", "/b"]),
        row("a page that scrolls itself", "<div style='height:5000px'></div><script>scrollTo(0, 4000); onload = () => scrollTo(0, 4900)</script>", vec![Wait(200)], vec![]),
        row("videos without an address", "<video muted></video><video muted></video>", vec![
            Script("for (const v of document.querySelectorAll('video')) for (let i = 0; i < 2; i++) v.dispatchEvent(new Event('play'))"), Wait(50)],
            vec![("__admx_video_play", json!({ "src": "", "duration": null })); 2]),
        row("a jump to a fragment is no scrolling", "<div style='height:5000px'></div><p id=end>x", vec![Open("/?#end"), Wait(300)], vec![]).with_views(vec!["/", "/?#end"]),
        row("a box that scrolls in the page's place", "<style>html,body{margin:0;height:100%;overflow:hidden}#b{height:100vh;overflow:auto}</style><div id=b><div style='height:5000px'></div></div>",
            vec![Wheel(2500), Wait(200)], vec![scroll()]),

        // -- Guests
        Row { body: "<script>addEventListener('load', () => 0)</script>$TAG<button data-admx-goal=G>x</button>",
            ..row("two copies count once", "", vec![Wait(200), Left("button")], vec![("G", NONE)]) },
        Row { holds: "typeof admx.goal == 'function'", ..row("an element named admx", "<a id=admx></a><form id=admaxxer><input name=optedIn></form>",
            vec![Script("admx.goal('Mine')")], vec![("Mine", NONE)]) },
        Row { head: "<script>window.admx=window.admx||new Proxy({q:[]},{get:(o,k)=>o[k]||((...a)=>o.q.push([k,Date.now(),location.href,a]))});admx.goal('Early',{a:1});admx.nonsense();admx.pageview()</script>",
            ..row("calls before the script", "", vec![Script("history.pushState(1, '', '/b'); admx.goal('After')")], vec![("Early", json!({ "a": 1 })), ("After", NONE)]).with_views(vec!["/", "/", "/b"]) },
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
    ]
}

impl Row {
    fn with_views(self, views: Vec<&'static str>) -> Row {
        Row { views, ..self }
    }
}
