//! Page views, of one-page apps too.

use super::super::row::Step::{Back, Left, Open, Script, Wait};
use super::super::row::{Row, row};
use super::NONE;

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    /// Stands for a path that is cut where addresses are.
    const LONG: &str = "/long?…";
    vec![
        row("pushState and back", "", vec![
            Script("history.pushState({}, '', '/a'); history.pushState({}, '', '/b?x=1'); history.replaceState({}, '', '/b?x=2')"), Script("history.back()"), Wait(300)],
            vec![]).with_views(vec!["/", "/a", "/b?x=1", "/a"]),
        row("an address that is far too long", "", vec![Script("history.pushState({}, '', '/long?' + 'x'.repeat(90000)); history.pushState({}, '', '/short')")], vec![])
            .with_views(vec!["/", LONG, "/short"]),
        row("a hash is no page", "", vec![Script("location.hash = 'x'"), Wait(50)], vec![]),
        Row { tag: "data-hash", ..row("a hash is one with data-hash", "", vec![Script("location.hash = 'x'"), Wait(50)], vec![]).with_views(vec!["/", "/#x"]) },
        Row { holds: "history.pushState.length == 2 && history.pushState.name == 'pushState' && (() => { try { history.pushState(1, '', 'http://other.localhost') } catch (e) { return e.name == 'SecurityError' } })()",
            ..row("pushState stays what it was", "", vec![], vec![]) },
        row("a page view by hand", "", vec![Script("admx.pageview('/by-hand')")], vec![]).with_views(vec!["/", "/by-hand"]),
        row("back and forward", "", vec![Open("/two"), Back, Wait(200)], vec![]).with_views(vec!["/", "/two", "/"]),
        row("the same address once more", "", vec![Script("history.pushState(1, '', '/a'); history.pushState(2, '', '/a'); history.replaceState(3, '', '/a?b'); history.replaceState(4, '')")], vec![]).with_views(vec!["/", "/a"]),
        row("routes behind a hash, of which one is back", "", vec![Script("location.hash = '#/a'"), Wait(50), Script("history.back()"), Wait(200)], vec![]),
        Row { tag: "data-hash", ..row("routes behind a hash with data-hash", "", vec![Script("location.hash = '#/a'"), Wait(50), Script("history.back()"), Wait(200)], vec![]).with_views(vec!["/", "/#/a", "/"]) },
        row("a page view by hand of an absolute address", "", vec![Script("admx.pageview(location.origin + '/abs?x'); admx.pageview(); admx.goal('After')")], vec![("After", NONE)]).with_views(vec!["/", "/abs?x", "/"]),
        row("a page made ahead of its visit counts when it is shown", "<script type=speculationrules>{\"prerender\":[{\"source\":\"list\",\"urls\":[\"/two\"],\"eagerness\":\"immediate\"}]}</script><a href=/two>x</a>",
            vec![Wait(500), Left("a"), Wait(300)], vec![]).with_views(vec!["/", "/two"]),
        row("a page made ahead of a visit that never comes", "<script type=speculationrules>{\"prerender\":[{\"source\":\"list\",\"urls\":[\"/two\"],\"eagerness\":\"immediate\"}]}</script>", vec![Wait(500)], vec![]),
        row("every page view of a walk", "<a href=/two>x</a>", vec![Left("a"), Wait(200), Open("/three"), Back, Wait(200)], vec![]).with_views(vec!["/", "/two", "/three", "/two"]),
        row("a router that goes by the Navigation API", "<a href=/nav>x</a><script>if (window.navigation) navigation.addEventListener('navigate', e => e.canIntercept && e.intercept({ handler: async () => {} }))</script>",
            vec![Left("a"), Wait(250)], vec![]).with_views(vec!["/", "/nav"]),
    ]
}
