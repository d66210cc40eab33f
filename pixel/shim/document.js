// Where the pixel listens: the window, the document, every open shadow root, and elements that carry a goal, since those
// may leave the document and still be clicked. Elements that come later are found by a MutationObserver.

const GOAL = "data-admx-goal";
const SCROLL = "data-admx-scroll";
const read = (element, name) => element.getAttribute(name) || "";
const goalOf = (element) => read(element, GOAL).trim();
const own = (element) => {
  const singles = {};
  element
    .getAttributeNames()
    .map((name) => /^data-admx-goal-(?!meta$)/.test(name) && (singles[name.slice(15)] = read(element, name)));
  return merged(metadata(safe(JSON.parse)(read(element, GOAL + "-meta") || null)), metadata(singles));
};
const address = (text) => {
  const url = new URL(text, d.baseURI);
  url.username = url.password = "";
  return url.href.slice(0, 2048);
};

const show = safe((node) => {
  // What is taller than the window is seen when it fills as much of that.
  const threshold = (read(node, SCROLL + "-threshold") || 0.5) * Math.min(1, innerHeight / (node.clientHeight || 1));
  let wait;
  new IntersectionObserver(
    (entries, observer) => {
      clearTimeout(wait);
      const { isIntersecting, intersectionRatio } = entries.pop();
      if (isIntersecting && intersectionRatio > threshold - 0.01)
        wait = setTimeout(
          safe(() => {
            observer.disconnect();
            put("g", read(node, SCROLL).trim(), own(node));
          }),
          read(node, SCROLL + "-delay"),
        );
    },
    { threshold },
  ).observe(node);
});
const bind = (node) => {
  if (node.shadowRoot) watch(node.shadowRoot);
  if (node.hasAttribute(GOAL)) hear(node);
  if (PLUS && node.hasAttribute(SCROLL) && first(node)) show(node);
  // A video that plays by itself may have begun before this script did.
  if (PLUS && node.paused === false) on.play({ target: node });
};
// What has no elements in it, as text, has nothing to bind.
const scan = safe((node) => {
  if (node.matches) bind(node);
  if (node.firstElementChild) node.querySelectorAll("*").forEach(bind);
});
const observer = new MutationObserver(
  safe((changes) => changes.map((change) => (change.addedNodes.forEach(scan), change.attributeName && bind(change.target)))),
);
const handle = safe((event) => {
  const path = event.composedPath();
  // Roots attached after their host was inserted show in the path of the first event that crosses them.
  path.map((node) => node.nodeType == 11 && watch(node));
  if (first(event)) (on[event.type] || on.click)(event, path);
});
const hear = (target) => {
  for (const type in on) target.addEventListener(type, handle, { capture: true, passive: true });
};
const watch = (root) => {
  if (first(root)) {
    hear(root);
    observer.observe(root, { childList: true, subtree: true, attributeFilter: [GOAL, SCROLL] });
    scan(root);
  }
};
