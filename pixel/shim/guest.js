// The part of the pixel that touches the page. build.rs puts these files one behind the other into one function, in the
// order of wasm-pack.toml, puts in PLUS (true for script.plus.js) and WASM (the core as a Latin-1 string), and minifies.
// What counts is decided by the core (../src); ../src/record.rs lists what has to be decided here.
//
// This file: whether the pixel runs on this page at all, and how it behaves as a guest. Nothing throws into the page, no
// default is prevented, no global but `admx` and `admaxxer`, at most one line in the console.
// `w` window, `d` document, `l` location, `n` navigator.

const script = d.currentScript || d.querySelector("[data-website-id^=admx_]");
const early = w.admx;
// A second copy of the script leaves all to the first. An element with the id admx is neither that nor the stub.
if (!script || (early?.goal?.call && !early.q)) return;

const options = script.dataset;

const safe =
  (work) =>
  (...given) => {
    try {
      return work(...given);
    } catch {}
  };
let warned;
const warn = safe((text) => warned || console.warn((warned = "admx: " + text)));
const met = new WeakSet();
const first = (thing) => !met.has(thing) && met.add(thing);
const now = () => Date.now();
