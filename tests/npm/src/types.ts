// What the types allow and what they refuse; `tsc` alone reads this.

import { goal, identify, load, optedIn, pageview, visitorId, type LoadOptions, type Metadata } from "admx";

const options: LoadOptions = { src: "https://stats.example.com/js/script.js", websiteId: "admx_1", hash: true };
const runs: Promise<boolean> = load(options);
load({ host: "https://stats.example.com", websiteId: "admx_1", domain: undefined, nonce: "r4nd0m", requireConsent: true });
const metadata: Metadata = { plan: "pro", value: 49.9, currency: "USD", seats: [1, 2], team: { size: 3, lead: null } };
goal("Trial Started");
goal("Trial Started", metadata);
goal("Trial Started", { plan: undefined });
pageview();
pageview(new URL("https://example.com/"));
identify(42);
const visitor: string | undefined = visitorId();
const consents: boolean | undefined = optedIn();
export { consents, runs, visitor };

// @ts-expect-error: a goal has a name
goal();
// @ts-expect-error: that is text
goal(7);
// @ts-expect-error: metadata is an object
goal("Trial Started", "pro");
// @ts-expect-error: of what JSON can say
goal("Trial Started", { done: () => {} });
// @ts-expect-error: whose value is a number
goal("Trial Started", { value: "49" });
// @ts-expect-error: and whose currency is text
goal("Trial Started", { currency: 840 });
// @ts-expect-error: a site has an id
load({ host: "https://stats.example.com" });
// @ts-expect-error: a script comes from somewhere
load({ websiteId: "admx_1" });
// @ts-expect-error: from one place
load({ websiteId: "admx_1", host: "https://stats.example.com", src: "https://stats.example.com/js/script.js" });
// @ts-expect-error: a user is named
identify();
