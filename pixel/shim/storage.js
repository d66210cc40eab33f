// What is stored in the browser, and whether it may be: consent, opting out, the visitor's id.

const stored = safe((key) => localStorage["admx_" + key]);
const store = safe((key, value) => (localStorage["admx_" + key] = value));
// Takes out all that is stored under keys of a form.
const empty = safe((box, keys, work) => {
  for (const key in w[box]) if (keys.test(key)) work(w[box][key]), delete w[box][key];
});
const cookie = safe((value, seconds) => {
  d.cookie =
    "admx_vid=" + value + ";path=/;samesite=lax;max-age=" + seconds + ";domain=" + (options.domain || l.hostname) +
    (l.protocol == "https:" ? ";secure" : "");
});

const cookieless = "cookieless" in options || n.globalPrivacyControl || n.doNotTrack == 1;
const optedOut = () => stored("choice") > now();
// 0 open, 1 waits for consent, 2 opted out, 3 off
let gate =
  (n.webdriver && !("allowAutomation" in options)) || stored("ignore") == "true"
    ? 3
    : /^(localhost|127\.[\d.]+|\[::1]|)$/.test(l.hostname) && !("allowLocalhost" in options)
      ? (warn("off on localhost"), 3)
      : optedOut()
        ? 2
        : "requireConsent" in options && stored("choice") != 1;

// A blob's address ends in a UUID, where a page isn't secure and the plain way is barred.
const uuid = () => (crypto.randomUUID ? crypto.randomUUID() : URL.createObjectURL(new Blob()).slice(-36));
let visitor;
const visitorId = () => {
  if (!gate && !cookieless && !visitor) {
    visitor = safe(() => /\badmx_vid=([\w-]{36})/.exec(d.cookie)?.[1])() || stored("vid") || uuid();
    cookie(visitor, 31536e3);
    store("vid", visitor);
  }
  return visitor;
};
