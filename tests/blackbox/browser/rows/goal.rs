//! Goals that people define: by a call, by an attribute, on every kind of element.

use fantoccini::key::Key;
use serde_json::json;

use super::super::row::Step::{Control, Left, Middle, Press, Right, Script, Wait, Wheel};
use super::super::row::{Row, row};
use super::NONE;

/// 100 characters of two code units each, and 100 that JSON escapes.
const FACES: &str = "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀";
const QUOTES: &str = "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"";

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    vec![
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

        // -- Calls that can't be right never throw
        row("calls with anything", "", vec![Script(
            "const o = {}; o.o = o; for (const m of [o, 1n, {n: 1n}, Symbol(), {get x() { throw 1 }}, 7, 'x', [1], () => 1, null, undefined, {toJSON() { throw 1 }}]) admx.goal('M', m);
             for (const n of [undefined, null, 7, {}, Symbol(), '', ' ', '__x', 'x'.repeat(101), 'a\\nb']) admx.goal(n);
             admx.goal(); admx.pageview(Symbol()); admx.identify(); admx.identify(Symbol()); admx.visitorId(1)")],
            vec![("M", NONE); 12]),
        row("metadata over 8 KB costs no goal", "", vec![Script("admx.goal('Big', {x: 'y'.repeat(8185)}); admx.goal('Fits', {x: 'y'.repeat(8184)}); admx.goal('Wide', {x: 'é'.repeat(4093)})")],
            vec![("Big", NONE), ("Fits", json!({ "x": "y".repeat(8184) })), ("Wide", NONE)]),
        row("half of a surrogate pair", "", vec![Script("admx.goal('Half', {x: 'a\\ud83d'})")], vec![("Half", json!({ "x": "a\u{fffd}" }))]),
        // The drivers need JSON themselves, so the page takes it away between two of their commands.
        row("a page with its own hand in JSON", "<button data-admx-goal=G>g</button><script>const own = JSON.stringify; onload = () => setTimeout(() => {
                JSON.stringify = () => 'broken'; Array.prototype.toJSON = () => 'x'; admx.goal('A', {a: 1}); document.querySelector('button').click();
                setTimeout(() => { JSON.stringify = own; delete Array.prototype.toJSON }, 50) }, 50)</script>", vec![Wait(300)],
            vec![("A", NONE), ("G", NONE)]),
        // -- Metadata of single attributes
        row("single metadata attributes", "<button data-admx-goal=S data-admx-goal-plan=pro data-admx-goal-seat-count='3 \"x\"'>x</button>", vec![Left("button")],
            vec![("S", json!({ "plan": "pro", "seat-count": "3 \"x\"" }))]),
        row("a single attribute beside the JSON one wins", "<button data-admx-goal=S data-admx-goal-meta='{\"plan\":\"free\",\"n\":1}' data-admx-goal-plan=pro>x</button>", vec![Left("button")],
            vec![("S", json!({ "plan": "pro", "n": 1 }))]),
        row("a call's keys win over both", "<button data-admx-goal=S data-admx-goal-meta='{\"a\":1,\"b\":1,\"c\":1}' data-admx-goal-b=2 data-admx-goal-c=2 onclick='admx.goal(\"S\", {c: 3})'>x</button>", vec![Left("button")],
            vec![("S", json!({ "a": 1, "b": "2", "c": 3 }))]),
        row("single attributes of a form", "<form data-admx-goal=F data-admx-goal-list=news onsubmit='event.preventDefault()'><input name=attributes><button>x</button></form>", vec![Left("button")],
            vec![("F", json!({ "list": "news" }))]),

        // -- data-admx-scroll
        row("an element that is seen", "<p data-admx-scroll=Seen data-admx-goal-place=top>x", vec![Wait(250)], vec![("Seen", json!({ "place": "top" }))]),
        row("an element that is not seen", "<div style='height:3000px'></div><p data-admx-scroll=No>x", vec![Wait(250)], vec![]),
        Row { script: "script.plus.js", ..row("an element that is scrolled to, once", "<div style='height:3000px'></div><p id=p data-admx-scroll=Low>x</p><div style='height:9000px'></div>", vec![
            Wait(150), Script("document.getElementById('p').scrollIntoView()"), Wait(150), Script("scrollTo(0, 0)"), Wait(150), Script("document.getElementById('p').scrollIntoView()"), Wait(200)],
            vec![("Low", NONE)]) },
        row("an element of which too little is seen", "<div style='height:95vh'></div><div data-admx-scroll=No style='height:400px'>x</div>", vec![Wait(250)], vec![]),
        row("an element of which enough is seen", "<div style='height:90vh'></div><div data-admx-scroll=Some data-admx-scroll-threshold=0.01 style='height:400px'>x</div>", vec![Wait(250)], vec![("Some", NONE)]),
        row("an element seen for long enough", "<p data-admx-scroll=Long data-admx-scroll-delay=200>x", vec![Wait(500)], vec![("Long", NONE)]),
        row("an element not seen for long enough", "<p data-admx-scroll=No data-admx-scroll-delay=300>x", vec![Wait(100), Script("document.querySelector('p').style.display = 'none'"), Wait(500)], vec![]),
        row("an element taller than the window", "<div data-admx-scroll=Tall style='height:6000px'>x</div>", vec![Wait(250)], vec![("Tall", NONE)]),
        row("an element inserted later is seen", "", vec![Script("document.body.innerHTML = '<p data-admx-scroll=Late>x'"), Wait(250)], vec![("Late", NONE)]),
        row("an element that is named later is seen", "<p>x", vec![Wait(100), Script("document.querySelector('p').setAttribute('data-admx-scroll', 'Named')"), Wait(250)], vec![("Named", NONE)]),

        // -- More kinds of elements and clicks
        row("an area of a picture's map", "<map name=m><area data-admx-goal=Area href='#x'></map>", vec![Script("document.querySelector('area').click()")], vec![("Area", NONE)]),
        row("a link by the keyboard", "<a href='#x' data-admx-goal=Link>x</a>", vec![Press("a", Key::Enter)], vec![("Link", NONE)]),
        row("a summary", "<details><summary data-admx-goal=More>x</summary>y</details>", vec![Left("summary")], vec![("More", NONE)]),
        row("a shape in a picture", "<svg width=50 height=50 data-admx-goal=Svg><circle cx=25 cy=25 r=25 /></svg>", vec![Left("circle")], vec![("Svg", NONE)]),
        row("a label for a control elsewhere", "<label for=i data-admx-goal=L>x</label><p><input id=i type=checkbox>", vec![Left("label")], vec![("L", NONE)]),
        row("a control behind its label", "<label><input type=checkbox data-admx-goal=I><span>x</span></label>", vec![Left("span")], vec![("I", NONE)]),
        row("a label and its control, both with goals", "<label data-admx-goal=L><input type=checkbox data-admx-goal=I><span>x</span></label>", vec![Left("span")], vec![("L", NONE)]),
        row("a control in a label, clicked itself", "<label data-admx-goal=L><input type=checkbox><span>x</span></label>", vec![Left("input")], vec![("L", NONE)]),
        row("an element in a slot", "<x-s><button data-admx-goal=Slot>x</button></x-s><script>document.querySelector('x-s').attachShadow({mode:'open'}).innerHTML='<div><slot></slot></div>'</script>", vec![Left("button")], vec![("Slot", NONE)]),
        row("a shadow root in a shadow root", "<x-o></x-o><script>const o=document.querySelector('x-o').attachShadow({mode:'open'});o.innerHTML='<x-i></x-i>';o.querySelector('x-i').attachShadow({mode:'open'}).innerHTML='<button data-admx-goal=Inner>x</button>'</script>",
            vec![Left("x-o")], vec![("Inner", NONE)]),
        row("the host of a closed shadow root", "<x-c data-admx-goal=Host></x-c><script>document.querySelector('x-c').attachShadow({mode:'closed'}).innerHTML='<button>x</button>'</script>", vec![Left("x-c")], vec![("Host", NONE)]),
        row("a click that doesn't bubble", "<button data-admx-goal=Flat>x</button>", vec![Script("document.querySelector('button').dispatchEvent(new MouseEvent('click'))")], vec![("Flat", NONE)]),
        row("a document that stops every click", "<script>document.addEventListener('click', e => e.stopImmediatePropagation(), true)</script><button data-admx-goal=Heard>x</button>", vec![Left("button")], vec![("Heard", NONE)]),
        row("a goal within a link that is followed", "<a href='/next'><span data-admx-goal=In>x</span></a>", vec![Left("span"), Wait(250)], vec![("In", NONE)]).with_views(vec!["/", "/next"]),
        Row { holds: "location.pathname == '/spa' && window.kept == 1", ..row("a goal on a link of a one-page app", "<script>window.kept = 1</script><a href='/spa' data-admx-goal=Spa onclick='event.preventDefault(); history.pushState(1, \"\", this.href)'>x</a>",
            vec![Left("a"), Wait(150)], vec![("Spa", NONE)]).with_views(vec!["/", "/spa"]) },
        row("a part of the page that is made anew", "<main><button data-admx-goal=Re>x</button></main>", vec![
            Left("button"), Script("const m = document.querySelector('main'); m.innerHTML = m.innerHTML"), Left("button"), Script("const m = document.querySelector('main'); m.innerHTML = m.innerHTML"), Left("button")],
            vec![("Re", NONE); 3]),
        row("names at the limit", "", vec![Script("admx.goal('😀'.repeat(100)); admx.goal('😀'.repeat(101)); admx.goal('\"'.repeat(100)); admx.goal('x\\u0085'.repeat(1)); admx.goal('a\\x7f'); admx.goal('a\\x1fb'); admx.goal('a\\tb')")],
            vec![(FACES, NONE), (QUOTES, NONE)]),
        row("names that are ours", "", vec![Script("admx.goal('__admx_scroll_50'); admx.goal('__x'); admx.goal('_x')")], vec![("_x", NONE)]),
        row("a call that has lost its object", "", vec![Script("const { goal } = admx; goal('Free', { a: 1 }); [1].forEach(admx.goal.bind(null, 'Bound', { b: 2 }))")], vec![("Free", json!({ "a": 1 })), ("Bound", json!({ "b": 2 }))]),
        row("metadata of every kind of value", "", vec![Script("admx.goal('All', { s: 'a\\n\\t\\u0000\\u2028\"\\\\', n: -0.5, b: true, z: null, l: [1, [2]], o: { k: {} }, u: undefined, f() {}, d: new Date(0) })")],
            vec![("All", json!({ "s": "a\n\t\0\u{2028}\"\\", "n": -0.5, "b": true, "z": null, "l": [1, [2]], "o": { "k": {} }, "d": "1970-01-01T00:00:00.000Z" }))]),
        row("clicks by program on a disabled control", "<button disabled data-admx-goal=No><span id=s>x</span></button><fieldset disabled><i id=i data-admx-goal=In>y</i></fieldset>",
            vec![Script("document.getElementById('s').click(); document.querySelector('button').dispatchEvent(new MouseEvent('click', { bubbles: true })); document.getElementById('i').click()")], vec![("In", NONE)]),
        row("a threshold of nothing", "<div style='height:3000px'></div><p data-admx-scroll=No data-admx-scroll-threshold=0>x", vec![Wait(250)], vec![]),
    ]
}
