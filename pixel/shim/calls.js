// `window.admx`, and the start.

const start = safe(() => {
  started = 1;
  hear(w);
  watch(d);
  ["pushState", "replaceState"].map(
    safe((name) => {
      // A proxy keeps what a native is: its length, its name, its `this`, its exceptions.
      history[name] = new Proxy(history[name], { apply: (...given) => [Reflect.apply(...given), view()][0] });
    }),
  );
  // Routers that go by the Navigation API change the address without a call of the history.
  w.navigation?.addEventListener("currententrychange", view);
  view();
  // One page at a time takes over what others left. The last step: where storage is denied it is none.
  const take = () => {
    empty("localStorage", waiting, (records) => records.split("\n").map((record) => now() - parseInt(record) < 6048e5 && enter(record)));
    send();
  };
  const waiting = /^admx_q/;
  if (!gate && !cookieless && Object.keys(localStorage).some((key) => waiting.test(key)))
    n.locks ? n.locks.request("admx", take).catch(() => {}) : take();
});

const admx = {
  goal(name, details) {
    put("g", name.trim().slice(0, 999) || "__", metadata(details));
  },
  pageview(url) {
    if (url) place = new URL(url, d.baseURI).href;
    viewed();
    place = 0;
  },
  identify(user) {
    if (/st|nu|bi/.test(typeof user)) {
      user = ("" + user).trim();
      put("i" + quoted(user), "", "", [], draft("user_id", user));
    }
  },
  visitorId,
  optIn() {
    store("choice", 1);
    if (gate > 1) shown = "";
    gate = gate > 2 && 3;
    view();
    flush();
  },
  optOut() {
    silence();
    ["localStorage", "sessionStorage"].map((box) => empty(box, /^admx_[^i]/, () => 0));
    cookie("", 0);
    store("choice", now() + 31536e6);
  },
  optedIn: () => !gate,
};
for (const name in admx) admx[name] = safe(admx[name]);
w.admx = w.admaxxer = admx;

// A page made ahead of its visit begins when it is shown; one that is being looked at, when the overlay is there.
d.prerendering
  ? d.addEventListener("prerenderingchange", start)
  : l.search.includes("admx_debug")
    ? import(new URL("/js/debug.js", script.src)).then(start, start)
    : start();
early?.q?.map?.(
  safe(([name, time, url, given]) => {
    earlier = time;
    place = url;
    admx[name](...given);
  }),
);
earlier = place = 0;
