// The part of the pixel that touches the page: it reads the DOM, keeps what waits, and moves bytes. What counts, and
// under which name, is decided by the core (../src): here as WebAssembly or, where that is refused, at the server.
// build.rs puts in PLUS (true for script.plus.js) and WASM (the module as a Latin-1 string), and minifies.
//
// Decided here without the core, so that no frame costs a record: whether an address is new, whether a scroll passes
// the next mark, whether a video's source was seen, which element a click meant, and which call a handler of it made.
//
// A guest's manners: nothing throws into the page, no default is prevented, no global but `admx` and `admaxxer`, at
// most one console line.
((w, d, l, n) => {
  const script = d.currentScript || d.querySelector("script[data-website-id]");
  const early = w.admx;
  // A second copy of the script leaves all to the first.
  if (!script || (early && early.optedIn && !early.q)) return;

  const GOAL = "data-admx-goal";
  const RECORD = "\x1e";
  const INPUT = 65536;

  let warned;
  const warn = (text) => warned || ((warned = 1), console.warn("admx: " + text));
  const safe =
    (work) =>
    (...given) => {
      try {
        return work(...given);
      } catch {}
    };
  const listen = (target, types, work) =>
    types.split(" ").forEach((type) => target.addEventListener(type, work, { capture: true, passive: true }));
  // By the prototype: in a form, an input may be named getAttribute.
  const attribute = (element, name) => Element.prototype.getAttribute.call(element, name);
  const option = (name) => attribute(script, "data-" + name);

  // -- What is stored in the browser ---------------------------------------------------------------------------------

  const stored = safe((key) => w.localStorage.getItem("admx_" + key));
  const store = safe((key, value) =>
    value ? w.localStorage.setItem("admx_" + key, value) : w.localStorage.removeItem("admx_" + key),
  );
  const cookie = safe((value, seconds) => {
    const domain = option("domain");
    d.cookie =
      "admx_vid=" + value + ";path=/;samesite=lax;max-age=" + seconds +
      (domain ? ";domain=" + domain : "") + (l.protocol == "https:" ? ";secure" : "");
  });
  const QUEUE = "queue_" + option("website-id");
  const cookieless = option("cookieless") != null || n.globalPrivacyControl || n.doNotTrack == 1;

  let visitor;
  const visitorId = safe(() => {
    if (gate || cookieless) return;
    if (!visitor) {
      const kept = safe(() => d.cookie.match(/(?:^|; )admx_vid=([\w-]{36})/)[1])();
      visitor = kept || stored("vid") || id() + "0";
      kept || cookie(visitor, 31536e3);
      store("vid", visitor);
    }
    return visitor;
  });

  // -- Whether anything is sent at all -------------------------------------------------------------------------------

  const choice = stored("choice");
  const local = /^(localhost|127\.[\d.]+|\[::1])$/.test(l.hostname) || l.protocol == "file:";
  let off = (n.webdriver && option("allow-automation") == null) || stored("ignore") == "true";
  if (!off && local && option("allow-localhost") == null) {
    off = 1;
    warn("nothing is sent from localhost without data-allow-localhost");
  }
  // 0 open, 1 waits for consent, 2 silent
  let gate = off || choice > Date.now() ? 2 : option("require-consent") != null && choice != 1 ? 1 : 0;

  let api, core;
  try {
    api = new URL(option("api") || new URL(script.src).origin + "/api/event", d.baseURI).href;
  } catch {
    off = gate = 2;
  }
  if (!off)
    try {
      const text = WASM;
      const bytes = new Uint8Array(text.length);
      for (let at = text.length; at--; ) bytes[at] = text.charCodeAt(at);
      core = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    } catch {
      warn("script-src lacks 'wasm-unsafe-eval', so the server does the pixel's work");
    }

  // -- Records: what was seen (../src/record.rs) ---------------------------------------------------------------------

  const quoted = (text) =>
    '"' +
    text.replace(/["\\\0-\x1f]/g, (c) => (c < " " ? "\\u" + (c.charCodeAt() + 65536).toString(16).slice(1) : "\\" + c)) +
    '"';
  const object = (facts) =>
    "{" +
    Object.keys(facts).map((key) => '"' + key + '":' + (typeof facts[key] == "string" ? quoted(facts[key]) : facts[key])) +
    "}";
  const metadata = (given) => {
    if (given == null) return "";
    try {
      const text = JSON.stringify(given);
      // Read back: a page may have put its own hand to JSON.
      if (text[0] == "{" && JSON.parse(text) && new Blob([text]).size <= 8192) return text;
    } catch {}
    warn("metadata left out: no JSON object of at most 8192 bytes");
    return "";
  };
  const goalOf = (element) => (attribute(element, GOAL) || "").trim();
  const tagged = (element) => {
    const name = element ? goalOf(element) : "";
    return [name && quoted(name), name && safe(() => metadata(JSON.parse(attribute(element, GOAL + "-meta"))))()];
  };
  const address = (text) => {
    const url = new URL(text || l.href, text ? d.baseURI : undefined);
    url.username = url.password = "";
    return url.href.slice(0, 2048);
  };

  // Version 7 UUIDs without their last digit: by time, so that the server's index of them grows at its end.
  const random = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => (byte + 256).toString(16).slice(1)).join("");
  let count = 0;
  const id = () => {
    const time = "0" + Date.now().toString(16);
    const nth = (count++ + 4096).toString(16).slice(-3);
    return time.slice(0, 8) + "-" + time.slice(8) + "-7" + nth + "-8" + random.slice(0, 3) + "-" + random.slice(3, 14);
  };

  let seen = [];
  let timer, stamp, leaving, earlier, place;
  // The last click of this moment, and the submit that it led to.
  let last = {};
  const record = (kind, name, details, ...own) => {
    if (gate > 1) return;
    const during = (w.event && w.event.timeStamp) || stamp;
    const moment = during && during == last.submit ? last.timeStamp : during;
    const page = kind == "i" ? "" : quoted((place || l.href).slice(0, 2048));
    const fields = [kind, earlier || Date.now(), id(), "", page, name, details].concat(own);
    // One click is one goal: the first call of its name that a handler of the same event makes is told with it.
    const counts = kind == "g" || kind == "f" || (kind == "c" && !own[0]);
    const twin =
      counts && moment && name &&
      seen.find((it) => it.moment == moment && it[5] == name && it.single && (it[0] == "g") != (kind == "g"));
    fields.moment = moment;
    fields.single = counts;
    if (twin && kind == "g") {
      twin[3] = details;
      twin.single = 0;
      return;
    }
    if (twin) {
      seen.splice(seen.indexOf(twin), 1);
      fields[3] = twin[6];
      fields.single = 0;
    }
    seen.push(fields);
    if (gate && seen.length > 50) seen.shift();
    if (leaving) flush();
    else timer = timer || setTimeout(flush);
  };

  // -- Delivery ------------------------------------------------------------------------------------------------------

  // What waits, as lines of the core or, without it, as records; and what was sent and has no answer yet.
  let waiting = [];
  const sent = new Set();
  let busy = 0;
  let tries = 0;
  let until = 0;
  let retry;

  const flush = safe(() => {
    clearTimeout(timer);
    timer = 0;
    stamp = "";
    last = {};
    seen.forEach((record) => (record.single = 0));
    if (gate || d.prerendering) return;
    const records = seen.map((record) =>
      record
        .map((field) => (field && field.composedPath ? +field.defaultPrevented : "" + (field ?? "")).toString().replace(/[\x1e\x1f]/g, ""))
        .join("\x1f"),
    );
    seen = [];
    waiting.push(...judged(records));
    send();
    leaving && keep();
  });

  const judged = (records) => {
    if (!core) return records;
    try {
      const lines = [];
      for (let at = 0; at < records.length; ) {
        let text = records[at++];
        while (at < records.length && text.length + records[at].length < 2e4) text += RECORD + records[at++];
        const memory = new Uint8Array(core.memory.buffer, core.B.value);
        const { read, written } = new TextEncoder().encodeInto(text, memory.subarray(0, INPUT));
        const length = core.e(written);
        if (length < 0 || read < text.length) throw 0;
        const told = new TextDecoder().decode(memory.slice(INPUT, INPUT + length));
        told.split("\n").forEach((line) => (line[0] == "!" ? warn(line.slice(1)) : line && lines.push(line)));
      }
      return lines;
    } catch {
      core = 0;
      return records;
    }
  };

  const send = safe(() => {
    while (waiting[0] && !gate && Date.now() >= until) {
      const batch = [];
      const raw = isNaN(waiting[0][0]);
      let size = 0;
      while (waiting[0] && batch.length < 100 && isNaN(waiting[0][0]) == raw && (!size || size + waiting[0].length < 2e4)) {
        size += waiting[0].length + 200;
        batch.push(waiting.shift());
      }
      post(batch, raw);
    }
    if (waiting[0] && !gate)
      retry = retry || setTimeout(() => ((retry = 0), send()), until - Date.now() + 9);
  });

  const post = (batch, raw) => {
    const now = Date.now();
    const whose = '"website_id":' + quoted(option("website-id") || "") + (cookieless ? "" : ',"anonymous_id":' + quoted(visitorId()));
    const body = raw
      ? '{"raw":{"v":1,"now":' + now + "," + whose + ',"records":' + quoted(batch.join(RECORD)) + "}}"
      : "[" +
        batch.map((line) => {
          const comma = line.indexOf(",");
          return "{" + whose + ',"age_ms":' + Math.max(0, now - line.slice(0, comma)) + line.slice(comma) + "}";
        }) +
        "]";
    const size = new Blob([body]).size;
    // What outlives the page shares 64 KiB. Past that a page that stays sends as usual; one that leaves keeps the rest.
    const outlives = busy + size < 6e4;
    sent.add(batch);
    busy += size;
    const answered = (again, after) => {
      busy -= size;
      sent.delete(batch);
      if (again && gate < 2) {
        waiting = batch.concat(waiting);
        const pause = after * 1e3 || Math.min(3e5, 1e3 * 2 ** tries++) * (0.5 + Math.random());
        until = Date.now() + Math.min(pause, 864e5);
        send();
      } else tries = 0;
    };
    try {
      fetch(api, { method: "POST", body, keepalive: outlives, credentials: "omit" }).then(
        (reply) => {
          reply.text().catch(() => {});
          answered(/408|429|5../.test(reply.status), reply.headers.get("retry-after"));
        },
        () => answered(1),
      );
    } catch {
      answered(!n.sendBeacon(api, body));
    }
  };

  // Leaves what has no answer to the next page; what did arrive is known by its id.
  const keep = () => {
    const lines = [...new Set([...(stored(QUEUE) || "").split(RECORD), ...[...sent].flat(), ...waiting])];
    const text = lines.slice(-256).join(RECORD);
    text && !cookieless && !gate && store(QUEUE, text);
  };

  // -- Clicks and submits --------------------------------------------------------------------------------------------

  const handled = new WeakSet();
  const once = (work) =>
    safe((event) => {
      if (handled.has(event)) return;
      handled.add(event);
      work(event, event.composedPath());
    });

  const click = once((event, path) => {
    let element, link, href, barred;
    path.forEach((node) => {
      if (node.nodeType != 1) return;
      if (!element) {
        if (Element.prototype.matches.call(node, ":disabled")) barred = "d";
        if (goalOf(node) && node.localName != "form") element = node;
      }
      if (!link && /^(a|area)$/.test(node.localName)) {
        href = attribute(node, "href") ?? attribute(node, "xlink:href");
        if (href != null) link = node;
      }
    });
    // A middle click opens links; on anything else it is no click, and no further button makes one.
    if (event.button && !(event.button == 1 && link)) return;
    // A label hands its click on to its control: one click, twice told, with one timeStamp.
    if (element && element == last.element && event.timeStamp == last.timeStamp && path[0] != last.target) barred = "l";
    last = { element, timeStamp: event.timeStamp, target: path[0] };
    // For handlers that don't see the event: within shadow roots, and what they put off until they have returned.
    if (event.isTrusted) stamp = event.timeStamp;
    timer = timer || setTimeout(flush);
    if (!element && !link) return;
    let about = [link && "link"];
    if (PLUS && link)
      safe(() => {
        const url = new URL(href, d.baseURI);
        if (!/^(https?|file|blob|data):/.test(url.protocol)) return;
        const file = url.pathname.split("/").pop();
        const as = attribute(link, "download") || "";
        const image = link.querySelector("[alt]");
        const text = link.textContent.trim() || attribute(image || link, "alt") || attribute(link, "aria-label") || "";
        const to = { href: address(href), host: url.host };
        about = [
          url.protocol, url.host, l.host, file, as,
          object({ ...to, text: [...text.replace(/\s+/g, " ").slice(0, 999)].slice(0, 200).join("").trim() }),
          object({ href: to.href, filename: as || file }),
        ];
      })();
    record("c", ...tagged(element), barred, event.button, ...about);
  });

  const submit = once((event, [form]) => {
    if (form.localName != "form") return;
    const goal = goalOf(form);
    // A click in it led to this: one click, and of nested goals the innermost counts.
    if (last.target && form.contains(last.target)) {
      last.submit = event.timeStamp;
      if (goal && last.element && form.contains(last.element)) return;
    } else stamp = event.timeStamp;
    const by = event.submitter || form;
    const about = PLUS && {
      formId: attribute(form, "id") || "",
      action: safe(address)(attribute(by, "formaction") || attribute(form, "action")) || "",
      method: (attribute(by, "formmethod") || attribute(form, "method") || "get").toLowerCase(),
    };
    // The event itself stands in the record until it is sent: only then is it known whether its default was prevented.
    record("f", ...tagged(goal && form), event, PLUS && object(about));
  });

  // -- The document and its open shadow roots ------------------------------------------------------------------------

  // A click is heard at the window and, for elements that leave the document, at the element itself.
  const bind = (node) => {
    if (node.nodeType != 1) return;
    if (node.shadowRoot) watch(node.shadowRoot);
    if (Element.prototype.hasAttribute.call(node, GOAL)) listen(node, "click auxclick", click);
  };
  const scan = (node) => {
    bind(node);
    if (node.firstElementChild) node.querySelectorAll("*").forEach(bind);
  };
  const observer = new MutationObserver(
    safe((changes) => changes.forEach((change) => (change.type == "attributes" ? bind(change.target) : change.addedNodes.forEach(scan)))),
  );
  const roots = new WeakSet();
  const watch = (root) => {
    if ((root != d && root.nodeType != 11) || roots.has(root)) return;
    roots.add(root);
    // Neither event leaves a shadow root.
    listen(root, "submit", submit);
    if (PLUS) listen(root, "play", play);
    observer.observe(root, { childList: true, subtree: true, attributeFilter: [GOAL] });
    scan(root);
  };
  // Roots attached after their host was inserted show in the path of the first event that crosses them.
  const late = safe((event) => event.composedPath().forEach((node) => node.nodeType == 11 && watch(node)));

  // -- Videos and scrolling ------------------------------------------------------------------------------------------

  let played;
  const play =
    PLUS &&
    once((event, [video]) => {
      if (video.localName != "video") return;
      const given = video.currentSrc || attribute(video, "src");
      const src = given ? address(given) : "";
      if (!src) {
        // A stream has no address: the element stands for it.
        if (handled.has(video)) return;
        handled.add(video);
      }
      const now = Date.now();
      played = played || (stored("played") || "").split("\n");
      if (now - played[0] > 18e5) played = [];
      played[0] = now;
      if (!src || played.indexOf(src) < 0) {
        src && played.push(src);
        const duration = isFinite(video.duration) ? video.duration : null;
        record("v", "", "", object({ src, duration }));
      }
      if (!cookieless && !gate) store("played", played.slice(0, 99).join("\n"));
    });

  let depth = 0;
  // What scrolls while a page loads, a jump to a fragment, or back to where a page was left, is not the visitor's doing.
  let jumps = 1;
  const loaded = () => requestAnimationFrame(() => requestAnimationFrame(() => (jumps = l.hash || performance.navigation?.type)));
  const scroll =
    PLUS &&
    safe((event) => {
      const box = event.target == d ? d.scrollingElement : event.target;
      if (jumps || depth > 89 || !box.scrollTop || box.clientHeight * 2 < w.innerHeight) return;
      const percent = Math.floor(((box.scrollTop + box.clientHeight + 2) / box.scrollHeight) * 100);
      if (percent < (depth < 50 ? 50 : depth < 75 ? 75 : 90)) return;
      record("s", "", "", depth, percent, object({ path: l.pathname }));
      depth = percent;
    });

  // -- Page views ----------------------------------------------------------------------------------------------------

  let shown, from = d.referrer;
  const view = safe(() => {
    const address = l.pathname + (option("hash") != null ? l.hash : "");
    if (address != shown) {
      shown = address;
      depth = 0;
      record("p", "", "", from && quoted(from.slice(0, 2048)));
    }
    from = l.href;
  });

  const start = () => {
    watch(d);
    listen(w, "click auxclick", click);
    listen(w, "pointerdown focusin", late);
    if (PLUS) {
      listen(w, "scroll", scroll);
      listen(w, "wheel touchmove keydown pointerdown", () => (jumps = 0));
      if (d.readyState == "complete") loaded();
      else listen(w, "load", loaded);
    }
    ["pushState", "replaceState"].forEach((name) =>
      safe(() => {
        history[name] = new Proxy(history[name], {
          apply(work, self, given) {
            const result = Reflect.apply(work, self, given);
            view();
            return result;
          },
        });
      })(),
    );
    listen(w, "popstate hashchange", () => ((jumps = 1), view()));
    listen(w, "online", () => ((until = 0), flush()));
    listen(w, "pagehide", () => ((leaving = 1), flush()));
    listen(d, "visibilitychange", () => d.hidden && (flush(), keep()));
    // Opting out holds in every page of the site, those that wait in the background too.
    listen(w, "storage pageshow", () => stored("choice") > Date.now() && silence());
    listen(w, "pageshow", (event) => {
      leaving = 0;
      if (!event.persisted) return;
      shown = from = "";
      view();
    });
    if (!gate && !cookieless) {
      waiting = (stored(QUEUE) || "").split(RECORD).filter((line) => Date.now() - (line.match(/\d{13}/) || 0) < 6048e5);
      store(QUEUE);
    }
    view();
  };

  const silence = () => {
    gate = 2;
    seen = [];
    waiting = [];
    sent.clear();
    visitor = 0;
  };

  // -- The calls -----------------------------------------------------------------------------------------------------

  const calls = {
    goal(name, details) {
      if (typeof name == "string") record("g", quoted(name.trim()), metadata(details));
      else warn("goal left out: its name is no string");
    },
    pageview(url) {
      const outer = place;
      if (url) place = new URL(url, d.baseURI).href;
      record("p", "", "", from && quoted(from.slice(0, 2048)));
      place = outer;
    },
    identify(user) {
      if (/string|number|bigint/.test(typeof user)) record("i", quoted(("" + user).trim()));
      else warn("user left out: its id is no string");
    },
    visitorId,
    optIn() {
      store("choice", "1");
      if (off) return;
      if (gate > 1) shown = "";
      gate = 0;
      view();
      flush();
    },
    optOut() {
      silence();
      ["vid", QUEUE, "played"].forEach((key) => store(key));
      cookie("", 0);
      store("choice", "" + (Date.now() + 31536e6));
    },
    optedIn: () => !gate,
  };
  const admx = {};
  Object.keys(calls).forEach((name) => (admx[name] = safe(calls[name])));

  w.admx = w.admaxxer = admx;

  // A page made ahead of its visit begins when it is shown.
  if (!off) d.prerendering ? listen(d, "prerenderingchange", safe(start)) : safe(start)();
  if (early && early.q)
    early.q.forEach((call) => {
      safe(([name, time, url, given]) => {
        earlier = time;
        place = url;
        admx[name](...given);
      })(call);
      earlier = place = 0;
    });
})(window, document, location, navigator);
