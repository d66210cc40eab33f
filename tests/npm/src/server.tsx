// The app rendered by a server: every call is there, and does nothing.

import { renderToString } from "react-dom/server";
import * as admx from "admx";
import { App } from "./App";

admx.goal("App Opened", { items: 1 });
admx.pageview("/home");
admx.identify("customer-42");
admx.optIn();
admx.optOut();
admx.load({ host: "https://stats.example.com", websiteId: "admx_1" }).then((loaded) => {
  const answers = [loaded, admx.visitorId(), admx.optedIn()];
  console.log(JSON.stringify({ html: renderToString(<App />), answers, global: "admx" in globalThis }));
});
