//! The seven goals that fire by themselves.

use fantoccini::key::Key;
use serde_json::json;

use super::super::row::Step::{Left, Open, Press, Script, Wait, Wheel};
use super::super::row::{Row, row};
use super::NONE;

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    let scroll = || ("__admx_scroll_50", json!({ "path": "/" }));
    let scroll_75 = || ("__admx_scroll_75", json!({ "path": "/" }));
    let scroll_90 = || ("__admx_scroll_90", json!({ "path": "/" }));
    let out = |href: &str, text: &str| {
        ("__admx_outbound_click", json!({ "href": href, "host": "other.localhost:$PORT", "text": text }))
    };
    vec![
        row("a click out", "<a href='http://user:pw@other.localhost:9/x?y#z'> Read\n <b>more</b> </a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("__admx_outbound_click", json!({ "href": "http://other.localhost:9/x?y#z", "host": "other.localhost:9", "text": "Read more" }))]),
        row("a click within the site", "<a href='/in'>x</a><a id=m href='mailto:a@b.test'>m</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a"), Left("#m")], vec![]),
        row("pictures and svg links", "<a href='//other.localhost:$PORT/'><img alt='Logo' width=20 height=20></a><a id=l aria-label='Named' href='http://x.test/'><i>&nbsp;&nbsp;</i></a>
            <svg width=50 height=20><a id=s href='https://y.test/'><text y=15>svg</text></a></svg><script>onclick=e=>e.preventDefault();document.querySelector('a').href='http://other.localhost:1/'</script>",
            vec![Left("img"), Left("#l"), Left("#s text")],
            vec![("__admx_outbound_click", json!({ "href": "http://other.localhost:1/", "host": "other.localhost:1", "text": "Logo" })),
                 ("__admx_outbound_click", json!({ "href": "http://x.test/", "host": "x.test", "text": "Named" })),
                 ("__admx_outbound_click", json!({ "href": "https://y.test/", "host": "y.test", "text": "svg" }))]),
        row("a download", "<a href='/files/Report.PDF?v=1#p'>x</a>", vec![Left("a"), Wait(100)],
            vec![("__admx_file_download", json!({ "extension": "pdf", "href": "$ORIGIN/files/Report.PDF?v=1#p", "filename": "Report.PDF" }))]),
        row("no download", "<a href='/files/x.pdf.html'>x</a><a id=b href='/files/pdf'>y</a><a id=c href='/files/a?x.pdf'>z</a>", vec![Left("a"), Left("#b"), Left("#c"), Wait(100)], vec![]),
        row("addresses that are no files", "<a href='mailto:a@firm.zip'>x</a><a id=j href='javascript:void 0//x.exe'>y</a><script>onclick=e=>e.preventDefault()</script>",
            vec![Left("a"), Left("#j")], vec![]),
        row("a download by its attribute", "<a download='All.xlsx' href='blob:x'>x</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("__admx_file_download", json!({ "extension": "xlsx", "href": "blob:x", "filename": "All.xlsx" }))]),
        row("a download elsewhere is both", "<a href='http://other.localhost:1/a.zip'>x</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("__admx_outbound_click", json!({ "href": "http://other.localhost:1/a.zip", "host": "other.localhost:1", "text": "x" })),
                 ("__admx_file_download", json!({ "extension": "zip", "href": "http://other.localhost:1/a.zip", "filename": "a.zip" }))]),
        row("a link that leaves", "<script>document.write(`<a href='http://other.localhost:${location.port}/'>x</a>`)</script>", vec![Left("a")],
            vec![out("http://other.localhost:$PORT/", "x")]),
        row("a form", "<form id=f action='/sent?a' method=POST><input name=action><input name=secret value=s><button>x</button></form>", vec![Left("button"), Wait(250)],
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
        row("every ending of a download", "<script>onclick = e => e.preventDefault()</script>", vec![Script(
            "for (const end of 'pdf zip dmg pkg exe csv xlsx docx pptx mp4 txt pdfx tar.gz'.split(' ')) { const a = document.createElement('a'); a.href = '/files/F.' + end.toUpperCase() + '?a.b#c.d'; document.body.append(a); a.click() }")],
            ["pdf", "zip", "dmg", "pkg", "exe", "csv", "xlsx", "docx", "pptx", "mp4"].map(|end| ("__admx_file_download", {
                let name = end.to_uppercase();
                json!({ "extension": end, "href": format!("$ORIGIN/files/F.{name}?a.b#c.d"), "filename": format!("F.{name}") })
            })).to_vec()),
        row("an empty download attribute", "<a download href='/files/a.zip'>x</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("__admx_file_download", json!({ "extension": "zip", "href": "$ORIGIN/files/a.zip", "filename": "a.zip" }))]),
        row("a download attribute of another ending than the file's", "<a download='a.txt' href='/files/a.pdf'>x</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("__admx_file_download", json!({ "extension": "pdf", "href": "$ORIGIN/files/a.pdf", "filename": "a.txt" }))]),
        row("a link with a goal out of the site", "<a data-admx-goal=Partner href='http://other.localhost:1/'>x</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a")],
            vec![("Partner", NONE), ("__admx_outbound_click", json!({ "href": "http://other.localhost:1/", "host": "other.localhost:1", "text": "x" }))]),
        row("a long text and a long address", "<a>x</a><script>const a = document.querySelector('a'); a.textContent = '😀'.repeat(300); a.href = 'http://other.localhost:1/' + 'p'.repeat(3000); onclick=e=>e.preventDefault()</script>",
            vec![Script("document.querySelector('a').click()")],
            vec![("__admx_outbound_click", json!({ "href": format!("http://other.localhost:1/{}", "p".repeat(2048 - 25)), "host": "other.localhost:1", "text": "😀".repeat(200) }))]),
        row("a link in a shadow root", "<x-a></x-a><script>document.querySelector('x-a').attachShadow({mode:'open'}).innerHTML='<a href=\"http://other.localhost:1/\">in</a>'; onclick=e=>e.preventDefault()</script>",
            vec![Script("document.querySelector('x-a').shadowRoot.querySelector('a').click()")],
            vec![("__admx_outbound_click", json!({ "href": "http://other.localhost:1/", "host": "other.localhost:1", "text": "in" }))]),
        row("a link to another window", "<script>document.write(`<a target=_blank href='http://other.localhost:${location.port}/'>x</a>`)</script>", vec![Left("a"), Wait(200)],
            vec![out("http://other.localhost:$PORT/", "x")]),
        row("a link by which a page is mailed or called", "<a href='mailto:a@b.c'>x</a><a id=t href='tel:+1'>y</a><a id=n>z</a><script>onclick=e=>e.preventDefault()</script>", vec![Left("a"), Left("#t"), Left("#n")], vec![]),
        row("a button that sends its form elsewhere", "<form action=/a method=get><button formaction='/b' formmethod=post>x</button></form>", vec![Left("button"), Wait(250)],
            vec![("__admx_form_submit", json!({ "formId": "", "action": "$ORIGIN/b", "method": "post" }))]).with_views(vec!["/", "/b"]),
        row("a form of a dialog", "<dialog open><form method=dialog><button>x</button></form></dialog>", vec![Left("button")],
            vec![("__admx_form_submit", json!({ "formId": "", "action": "$ORIGIN/", "method": "dialog" }))]),
        row("a form that is sent though it isn't valid", "<form action=/sent><input required><button formnovalidate>x</button></form>", vec![Left("button"), Wait(250)],
            vec![("__admx_form_submit", json!({ "formId": "", "action": "$ORIGIN/sent", "method": "get" }))]).with_views(vec!["/", "/sent?"]),
        row("fields that are named as a form's own", "<form id=f action=/sent><input name=id><input name=method><input name=action><input name=submit><input name=attributes><button>x</button></form>", vec![Left("button"), Wait(250)],
            vec![("__admx_form_submit", json!({ "formId": "f", "action": "$ORIGIN/sent", "method": "get" }))]).with_views(vec!["/", "/sent?id=&method=&action=&submit=&attributes="]),
        row("a form that a listener above handles", "<form><button>x</button></form><script>addEventListener('submit', e => e.preventDefault())</script>", vec![Left("button")], vec![]),
        row("a form whose submit makes no event", "<form action=/sent></form>", vec![Script("document.querySelector('form').submit()"), Wait(250)], vec![]).with_views(vec!["/", "/sent?"]),
        row("two videos, and one source that is changed", "<video id=a muted src='/a.webm'></video><video id=b muted src='/b.webm'></video>", vec![
            Script("document.getElementById('a').play(); document.getElementById('b').play()"), Wait(500), Script("const v = document.getElementById('a'); v.src = '/c.webm'; v.onloadedmetadata = () => v.play()"), Wait(400), Script("document.querySelectorAll('video').forEach(v => v.pause())")],
            ["a", "b", "c"].map(|v| ("__admx_video_play", json!({ "src": format!("$ORIGIN/{v}.webm"), "duration": 2 }))).to_vec()),
        row("a video on the next page of a session", "<video muted src='/v.webm'></video>", vec![
            Script("document.querySelector('video').play()"), Wait(400), Open("/two"), Script("document.querySelector('video').play()"), Wait(400)],
            vec![("__admx_video_play", json!({ "src": "$ORIGIN/v.webm", "duration": 2 }))]).with_views(vec!["/", "/two"]),
        row("a video that plays by itself", "<video muted autoplay src='/v.webm'></video>", vec![Wait(600)], vec![("__admx_video_play", json!({ "src": "$ORIGIN/v.webm", "duration": 2 }))]),
        row("a video in a shadow root", "<x-v></x-v><script>document.querySelector('x-v').attachShadow({mode:'open'}).innerHTML='<video muted src=/v.webm></video>'</script>", vec![
            Wait(100), Script("document.querySelector('x-v').shadowRoot.querySelector('video').play()"), Wait(400)], vec![("__admx_video_play", json!({ "src": "$ORIGIN/v.webm", "duration": 2 }))]),
        row("what plays but is no video", "<audio></audio>", vec![Script("document.querySelector('audio').dispatchEvent(new Event('play'))")], vec![]),
        row("scrolling by a program once the page is there", "<div style='height:5000px'></div>", vec![Wait(150), Script("scrollTo(0, 9999)"), Wait(200)], vec![scroll(), scroll_75(), scroll_90()]),
        row("scrolling back and again", "<div style='height:5000px'></div>", vec![Wait(150), Script("scrollTo(0, 2500)"), Wait(150), Script("scrollTo(0, 0)"), Wait(150), Script("scrollTo(0, 2500)"), Wait(150)], vec![scroll()]),
        row("a small box that scrolls", "<div id=b style='height:100px;overflow:auto'><div style='height:900px'></div></div>", vec![Wait(150), Script("document.getElementById('b').scrollTop = 900"), Wait(150)], vec![]),
        row("scrolling sideways", "<div style='width:9000px;height:5000px'></div>", vec![Wait(150), Script("scrollTo(5000, 0)"), Wait(150)], vec![]),
        row("a page that grows while it is read", "<div style='height:3000px'></div>", vec![
            Wait(150), Script("scrollTo(0, 1200)"), Wait(150), Script("document.querySelector('div').style.height = '9000px'; scrollTo(0, 1300)"), Wait(150)], vec![scroll()]),
        row("where a page was left, when it is loaded anew", "<div style='height:5000px'></div>", vec![Wait(150), Script("scrollTo(0, 2500)"), Wait(200), Script("location.reload()"), Wait(600)], vec![scroll()]).with_views(vec!["/", "/"]),
        row("a form with a goal whose button calls for it", "<form data-admx-goal=X action=/sent><button onclick='admx.goal(\"X\", {a: 1})'>x</button></form>", vec![Left("button"), Wait(250)],
            vec![("X", json!({ "a": 1 }))]).with_views(vec!["/", "/sent?"]),
        row("a submit that a program tells of", "<form></form>", vec![Script("document.querySelector('form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))")], vec![]),
        row("a form with an address that is none", "<form data-admx-goal=G action='https://' onsubmit='event.preventDefault()'><button>x</button></form>", vec![Left("button")], vec![("G", NONE)]),
        row("an area with a text", "<map name=m><area alt=Shop href='http://other.localhost:1/'></map><script>onclick=e=>e.preventDefault()</script>", vec![Script("document.querySelector('area').click()")],
            vec![("__admx_outbound_click", json!({ "href": "http://other.localhost:1/", "host": "other.localhost:1", "text": "Shop" }))]),
        row("scrolling after a page view by hand", "<div style='height:5000px'></div>", vec![Wait(150), Script("scrollTo(0, 2500)"), Wait(150), Script("admx.pageview('/by-hand'); scrollTo(0, 0)"), Wait(100), Script("scrollTo(0, 2500)"), Wait(150)],
            vec![scroll(), scroll()]).with_views(vec!["/", "/by-hand"]),
    ]
}
