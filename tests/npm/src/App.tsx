import { useEffect, useState } from "react";
import { goal, load, visitorId } from "admx";

declare global {
  interface Window {
    /** For the test: what two loads have told. */
    loaded?: boolean[];
  }
}

export function App() {
  const [page, setPage] = useState("home");

  useEffect(() => {
    const options = {
      host: import.meta.env.VITE_ADMX_HOST,
      websiteId: import.meta.env.VITE_ADMX_WEBSITE_ID,
      allowAutomation: true,
    };
    Promise.all([load(options), load(options)]).then((runs) => (window.loaded = runs));
  }, []);

  return (
    <main>
      <h1>{page}</h1>
      <button id="trial" onClick={() => goal("Trial Started", { plan: "pro", value: 49, currency: "USD" })}>
        Start a trial
      </button>
      <button
        id="prices"
        onClick={() => {
          history.pushState(null, "", "/prices");
          setPage("prices");
        }}
      >
        Prices
      </button>
      <button id="checkout" onClick={() => goal("Checkout", { visitor: visitorId() ?? null })}>
        Check out
      </button>
    </main>
  );
}
