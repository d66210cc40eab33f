// The demo's own code: what a site's would be.
document.getElementById("trial").addEventListener("click", () => {
  window.admx?.goal("Trial Started", { plan: "pro", value: 49, currency: "USD" });
});
