// Records of what was seen (../src/record.rs): JSON, and the events that something may be.

const quoted = (text) =>
  '"' +
  text.replace(/["\\\0-\x1f]/g, (c) => (c < " " ? "\\u00" + (c.charCodeAt() + 256).toString(16).slice(1) : "\\" + c)) +
  '"';
const field = (key, json) => `,"${key}":` + json;
// The inside of an object.
const inside = (pairs) => "" + Object.entries(pairs).map(([key, value]) => quoted(key) + ":" + quoted(value));
// Whether the inside of an object isn't too much; the most that few characters can be is not measured.
const fits = (text) => !text[2728] || new Blob([text]).size < 8191;
// Of a key that stands twice the later one counts; where both are too much, the later ones are kept.
const merged = (a, b) => (a && b && fits(a + "," + b) ? a + "," + b : b || a);
const metadata = (given) => {
  if (given == null) return "";
  try {
    const text = JSON.stringify(given);
    const pairs = text.slice(1, -1);
    // Read back: a page may have put its own hand to JSON.
    if (text[0] == "{" && JSON.parse(text) && fits(pairs)) return pairs;
  } catch {}
  warn("metadata dropped");
  return "";
};

// Version 7 UUIDs, by time, so that the server's index of them grows at its end: 24 characters of the page, and 12 digits
// that count from anywhere.
const time = "0" + now().toString(16);
const page = time.slice(0, 8) + "-" + time.slice(8) + "-7" + uuid().slice(15, 24);
let count = Math.floor(1e11 + 8e11 * Math.random());
const site = field("website_id", quoted(options.websiteId));
// What a call before the script gives: its time and its page.
let earlier, place;
const draft = (key, value, inner) =>
  site +
  field("event_id", `"${page + count++}"`) +
  (key == "user_id" ? "" : field("url", quoted((place || l.href).slice(0, 2048)))) +
  field(key, quoted(value)) +
  (inner ? field("metadata", "{" + inner + "}") : "");
const reserved = (name, inner) => draft("name", "__admx_" + name, inner);

let seen = [];
let timer;
// Whether the page goes away, so that nothing can wait for the end of the moment.
let leaving;
// Of this moment: the last click, whether a visitor's click or submit is being handled, and what may still get its twin.
let click = {};
let handled;
let twins = {};
const soon = () => (timer = timer || setTimeout(flush));

// `facts` are read at the end of the moment: only then is it known whether a default was prevented.
const put = (kind, name, inner, facts, ...others) => {
  // One click is one goal: the first call of its name that a handler of the same click makes is told with it.
  const isCall = kind == "g";
  const twin = (w.event || handled) && twins[!isCall + name];
  if (twin) {
    twins = {};
    twin[2] = draft("name", name, isCall ? merged(twin.inner, inner) : merged(inner, twin.inner));
    if (isCall) return;
    name = "";
  }
  const one = [
    earlier || now(),
    [kind + (name && quoted(name))].concat(facts, ""),
    name && draft("name", name, inner),
    ...others,
  ];
  one.inner = inner;
  if (name && (w.event || handled)) twins[isCall + name] = one;
  if (gate < 2) seen.push(one);
  if (gate) seen = seen.slice(-50);
  leaving ? flush() : soon();
};
