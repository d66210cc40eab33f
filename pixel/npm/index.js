// Puts the script's tag into the page, and hands calls on to the script. What is called before it has run waits in
// `window.admx.q`, as with the one-line stub: each call with its own time and page. Nothing here throws, and without a
// document, as on a server, nothing happens.

const isPage = () => typeof document != "undefined";

// What the page has: the script's own calls, or what keeps them until it has run.
const calls = () => {
  const found = window.admx;
  if (found && typeof found.goal == "function") return found;
  return (window.admx = new Proxy(
    { q: [] },
    { get: (stub, name) => stub[name] || ((...given) => stub.q.push([name, Date.now(), location.href, given])) },
  ));
};
const runs = () => !calls().q;

// `given` makes the arguments, so that what they throw ends here too.
const tell = (name, given) => {
  try {
    if (!isPage()) return;
    const to = calls();
    // Where the script doesn't come, the oldest call makes room for the newest; a word on consent stays.
    if (to.q && to.q.length > 255) to.q.splice(to.q.findIndex(([kept]) => !/^opt/.test(kept)), 1);
    to[name](...given());
  } catch {}
};

const ask = (name) => {
  try {
    if (isPage() && runs()) return calls()[name]();
  } catch {}
};

// Metadata as it is now, for it may change before the script reads it. What JSON refuses is left to the script to refuse.
const copy = (metadata) => {
  try {
    return JSON.parse(JSON.stringify(metadata));
  } catch {
    return metadata;
  }
};

export function goal(name, metadata) {
  tell("goal", () => [name, copy(metadata)]);
}

export function pageview(url) {
  tell("pageview", () => (url ? [new URL(url, document.baseURI).href] : []));
}

export function identify(userId) {
  tell("identify", () => [userId]);
}

export function optIn() {
  tell("optIn", () => []);
}

export function optOut() {
  tell("optOut", () => []);
}

export function optedIn() {
  return ask("optedIn");
}

export function visitorId() {
  return ask("visitorId") || undefined;
}

const insert = ({ src, host, nonce, integrity, ...attributes }) => {
  if (!attributes.websiteId) throw "websiteId is missing";
  const script = document.createElement("script");
  script.src = src || new URL("/js/script.plus.js", host);
  for (const name in attributes) {
    const value = attributes[name];
    if (value) script.dataset[name] = value === true ? "" : value;
  }
  if (nonce) script.nonce = nonce;
  if (integrity) {
    script.crossOrigin = "anonymous";
    script.integrity = integrity;
  }
  // The next load tries again.
  script.onerror = () => script.remove();
  return document.head.appendChild(script);
};

// Until the script has run, or can't.
const ran = (options) =>
  new Promise((resolve) => {
    const found = document.querySelector('script[data-website-id^="admx_"]');
    // One that was there may have failed before anyone listened.
    if (found) setTimeout(resolve, 9999);
    const script = found || insert(options);
    script.addEventListener("load", resolve);
    script.addEventListener("error", resolve);
  });

// What later calls of load share with the first.
let loading;

const begin = async (options) => {
  try {
    if (!runs()) await ran(options);
    if (runs()) return true;
  } catch (error) {
    console.warn("admx: load: " + error);
  }
  loading = undefined;
  return false;
};

export function load(options) {
  return isPage() ? (loading = loading || begin(options)) : Promise.resolve(false);
}
