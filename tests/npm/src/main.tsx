// The app in a browser.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { goal, identify } from "admx";
import { App } from "./App";

// Before the script has come, and of the page and the cart as they were then.
const cart = { items: 1 };
goal("App Opened", cart);
cart.items = 2;
history.replaceState(null, "", "/home");
identify("customer-42");

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
