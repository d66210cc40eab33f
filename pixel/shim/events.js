// What happens on the page, by the type of the browser's event.

// When the page last moved by itself: scrolling within a moment of that is not the visitor's doing.
let calm;
let depth = 0;
let shown;
let from = d.referrer;
const viewed = () => {
  depth = 0;
  put("p", "", "", [], draft("referrer", from.slice(0, 2048)));
};
const view = safe(() => {
  calm = d.readyState == "complete" ? now() + 50 : 1 / 0;
  if (shown != (shown = l.pathname + ("hash" in options ? l.hash : ""))) viewed();
  from = l.href;
});

const silence = () => {
  gate = Math.max(gate, 2);
  seen = [];
  fresh = [];
  queue.clear();
  visitor = undefined;
};

const on = {
  click(event, path) {
    const find = (test) => path.find((node) => node.matches && test(node));
    const link = find((node) => node.matches("a[*|href],area[href]"));
    if (find((node) => node.matches(":disabled:not(fieldset)"))) return;
    // A middle click opens links; on anything else it is no click, and no further button makes one.
    if (event.button > 1 || (event.button && !link)) return;
    let element = find(goalOf);
    // A form's goal is its submit. A label hands its click on to its control: one click, told twice.
    if (element && (element.matches("form") || (click.element && click.label == path[0]))) element = 0;
    click = { element, label: find((node) => node.control)?.control };
    handled = handled || event.isTrusted;
    soon();
    let about = [];
    if (PLUS && link)
      safe(() => {
        // Of an SVG link href is an object.
        const url = new URL(link.href.baseVal ?? link.href, d.baseURI);
        const { protocol, host } = url;
        const href = address(url);
        // Of a mailto: link and its like the path is none.
        const file = url.pathname[0] == "/" ? url.pathname.split("/").pop() : "";
        const as = read(link, "download");
        const endings = [file, as].map((name) => ("" + /\.\w{3,4}$/.exec(name)).slice(1).toLowerCase());
        const text = link.textContent.trim() || link.querySelector("[alt]")?.alt || read(link, "alt") || read(link, "aria-label");
        about = [
          [protocol.slice(0, -1), +(host != l.host), ...endings],
          reserved("outbound_click", inside({ href, host, text: "" + /.{0,200}/u.exec(text.replace(/\s+/g, " ")) })),
          ...endings.map((extension) => reserved("file_download", inside({ href, extension, filename: as || file }))),
        ];
      })();
    if (element || link) put("c", element ? goalOf(element) : "", element ? own(element) : "", ...about);
  },
  auxclick: 0,
  submit(event) {
    const form = event.target;
    const goal = goalOf(form);
    // One click is one goal, and of nested ones the innermost: the button's that led to this.
    if (goal && form.contains(click.element || null)) return;
    handled = handled || event.isTrusted;
    const by = (name) => read(event.submitter || form, "form" + name) || read(form, name);
    put(
      "f",
      goal,
      own(form),
      // A program may tell of a submit that is none.
      { toString: () => +(!!goal || !event.isTrusted || event.defaultPrevented) },
      PLUS &&
        reserved(
          "form_submit",
          inside({
            formId: read(form, "id"),
            action: safe(address)(by("action")) || "",
            method: by("method").toLowerCase() || "get",
          }),
        ),
    );
  },
  popstate: view,
  hashchange: view,
  online: resume,
  pagehide() {
    leaving = 1;
    flush();
  },
  visibilitychange() {
    leaving = d.hidden;
    flush();
  },
  // Opting out, and in, holds in every page of the site, those that wait in the background too.
  storage() {
    if (optedOut()) silence();
    if (gate == 1 && stored("choice") == 1) {
      gate = 0;
      flush();
    }
  },
  pageshow(event) {
    on.storage();
    leaving = 0;
    if (event.persisted) shown = from = "";
    shown == null || view();
  },
};
if (PLUS) {
  on.wheel = on.touchmove = on.keydown = on.pointerdown = () => (calm = 0);
  on.play = ({ target }) => {
    const src = target.currentSrc && address(target.currentSrc);
    const times = (!gate && !cookieless && safe(() => sessionStorage)()) || {};
    const key = "admx_" + src;
    // A stream has no address: the element stands for it.
    if (target.matches("video") && (src ? !(now() - (met[key] || times[key]) < 18e5) : first(target))) {
      const { duration } = target;
      put("v", "", "", [], reserved("video_play", inside({ src }) + field("duration", isFinite(duration) ? duration : null)));
      if (src) times[key] = met[key] = now();
    }
  };
  on.scroll = ({ target }) => {
    const box = target == d ? d.scrollingElement : target;
    const percent = (((box.scrollTop + box.clientHeight + 2) / box.scrollHeight) * 100) | 0;
    const marks = [50, 75, 90];
    if (
      now() > calm &&
      box.scrollTop &&
      box.clientHeight * 2 > innerHeight &&
      percent >= marks.find((mark) => mark > depth)
    ) {
      const where = inside({ path: l.pathname });
      put("s", "", "", [depth, percent], ...marks.map((mark) => reserved("scroll_" + mark, where)));
      depth = percent;
    }
  };
}
