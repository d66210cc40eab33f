//! One click is one goal, whatever it runs through.

use fantoccini::key::Key;
use serde_json::json;

use super::super::row::Step::{Left, Middle, Press, Right, Script, Wait};
use super::super::row::{Row, row};
use super::NONE;

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    vec![
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
        row("metadata that is too much together", "<button data-admx-goal=X>x</button><script>const b = document.querySelector('button'); b.setAttribute('data-admx-goal-meta', JSON.stringify({a: 'y'.repeat(8000)})); b.onclick = () => admx.goal('X', {b: 'z'.repeat(300)})</script>",
            vec![Left("button")], vec![("X", json!({ "b": "z".repeat(300) }))]),
        row("a call behind a promise", "<button data-admx-goal=X onclick='Promise.resolve().then(() => admx.goal(\"X\", {a: 1}))'>x</button>", vec![Left("button")], vec![("X", json!({ "a": 1 }))]),
        row("a call in a handler within a shadow root", "<x-a></x-a><script>const r = document.querySelector('x-a').attachShadow({mode:'open'}); r.innerHTML='<button data-admx-goal=X>x</button>'; r.querySelector('button').onclick = () => admx.goal('X', {a: 1})</script>",
            vec![Left("x-a")], vec![("X", json!({ "a": 1 }))]),
        row("a call long after the click", "<button data-admx-goal=X onclick='setTimeout(() => admx.goal(\"X\", {late: 1}), 150)'>x</button>", vec![Left("button"), Wait(300)], vec![("X", NONE), ("X", json!({ "late": 1 }))]),
        row("two elements of one name", "<button id=a data-admx-goal=X>x</button><button id=b data-admx-goal=X onclick='admx.goal(\"X\", {b: 1})'>y</button>", vec![Left("#a"), Left("#b")], vec![("X", NONE), ("X", json!({ "b": 1 }))]),
        row("a handler that clicks another element", "<button id=a data-admx-goal=X onclick='document.getElementById(\"b\").click()'>x</button><button id=b data-admx-goal=Y>y</button>", vec![Left("#a")], vec![("X", NONE), ("Y", NONE)]),
        row("Enter in a form without a button", "<form data-admx-goal=F onsubmit='event.preventDefault()'><input></form>", vec![Press("input", Key::Enter)], vec![("F", NONE)]),
        row("a form that a program submits", "<form data-admx-goal=F onsubmit='event.preventDefault()'><input></form>", vec![Script("document.querySelector('form').requestSubmit()")], vec![("F", NONE)]),
        row("a form that isn't valid, with a goal", "<form data-admx-goal=F><input required><button>x</button></form>", vec![Left("button")], vec![]),
        row("a form with a goal within an element with one", "<div data-admx-goal=Outer><form data-admx-goal=F onsubmit='event.preventDefault()'><button>x</button></form></div>", vec![Left("button")], vec![("F", NONE)]),
        row("a click in a form with a goal that submits nothing", "<form data-admx-goal=F><p>x</p></form>", vec![Left("p")], vec![]),
        row("a call in a submit handler", "<form data-admx-goal=F data-admx-goal-meta='{\"a\":1}' onsubmit='event.preventDefault(); admx.goal(\"F\", {b: 2})'><button>x</button></form>", vec![Left("button")], vec![("F", json!({ "a": 1, "b": 2 }))]),
    ]
}
