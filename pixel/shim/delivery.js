// From records to the server: one request a moment and more when much happened, and what waits for an answer.

const api = new URL(options.api || new URL("/api/event", script.src), d.baseURI).href;
let core;
try {
  core = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(WASM, (c) => c.charCodeAt()))).exports;
} catch {
  gate > 2 || warn("script-src lacks 'wasm-unsafe-eval'");
}

// All that has no answer, and of that what isn't on its way.
const queue = new Set();
let fresh = [];
const enter = (record) => queue.add(record) && fresh.push(record);
// What outlives the page shares 64 KiB: characters that are on their way, with what is put around them.
let load = 0;
let wait;
let pause = 500;
let started;

const flush = safe(() => {
  timer = handled = 0;
  click = twins = {};
  if (!gate && started) {
    for (const [at, facts, ...drafts] of seen) enter([at, facts.join("\r"), ...drafts].join("\t"));
    seen = [];
    send();
    if (leaving || kept) keep();
  }
});

// Leaves what has no answer to the next page; what did arrive is known by its id.
let kept;
const keep = () => {
  if (!gate && !cookieless && (kept || queue.size)) {
    kept = 1;
    store("queue" + page, [...queue].slice(-256).join("\n"));
  }
};

const send = () => {
  while (fresh[0] && !wait && !gate) {
    let size = 0;
    let length = 0;
    while (fresh[length] && size < 9e3) size += fresh[length++].length + 70;
    post(fresh.splice(0, length), size);
  }
};

const resume = () => {
  wait = 0;
  send();
};

const post = async (batch, size) => {
  let body, again, after;
  const who = cookieless ? "" : field("anonymous_id", quoted(visitorId()));
  try {
    const encoder = new TextEncoder();
    const bytes = new Uint8Array(core.memory.buffer, 65536);
    body =
      "[" +
      batch.flatMap((record) => {
        const [at, facts, ...drafts] = record.split("\t");
        const verdict = core.e(encoder.encodeInto(facts, bytes).written);
        if (verdict > 15) warn("goal name refused");
        return drafts
          .filter((_, nth) => (verdict >> nth) & 1)
          .map((draft) => '{"age_ms":' + Math.max(0, now() - at) + draft + who + "}");
      }) +
      "]";
  } catch {
    core = 0;
    body = '{"raw":{"v":2' + who + field("now", now()) + field("records", quoted(batch.join("\n"))) + "}}";
  }
  load += size;
  try {
    // Records that make no event need no request.
    if ((again = body[2])) {
      const sending = safe(fetch)(api, { method: "POST", body, keepalive: load < 6e4 });
      // For pages whose own fetch throws.
      if (!sending) again = !n.sendBeacon(api, body);
      else {
        const reply = await sending;
        // An answer that is not read holds its share of the 64 KiB.
        await reply.text();
        again = /408|429|5../.test(reply.status);
        after = reply.headers.get("retry-after");
      }
    }
  } catch {}
  load -= size;
  if (again) {
    fresh.push(...batch);
    // Of many that fail at once the first one's pause is for all.
    if (!wait) {
      pause = Math.min(pause * 2, 3e5);
      wait = setTimeout(resume, Math.min(after * 1e3 || pause * (0.5 + Math.random()), 2e9));
    }
  } else {
    batch.map((record) => queue.delete(record));
    pause = 500;
  }
  if (again || kept) keep();
};
