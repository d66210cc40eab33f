/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** What a goal carries: a JSON object of at most 8,192 bytes. `value` with `currency` is revenue. */
export type Metadata = {
  /** An amount in major units: `49.9`. */
  value?: number;
  /** Its ISO 4217 code: `"USD"`. */
  currency?: string;
} & { readonly [key: string]: Json | undefined };

/** Where the script is. */
export type Source =
  | {
      /** The server's origin, `https://stats.example.com`: loads its `/js/script.plus.js`. */
      host: string;
      src?: undefined;
    }
  | {
      /** The whole address of `script.js` or `script.plus.js`. */
      src: string;
      host?: undefined;
    };

/** The script tag's attributes. */
export type LoadOptions = Source & {
  /** The site's id, starts `admx_`. */
  websiteId: string;
  /** The cookie's domain, so that sub-domains share one visitor. The page's host without it. */
  domain?: string | undefined;
  /** Where events go, absolute or relative to the page. `/api/event` at the script's origin without it. */
  api?: string | undefined;
  /** A changed hash is a page view too. */
  hash?: boolean | undefined;
  /** Sends from localhost too. */
  allowLocalhost?: boolean | undefined;
  /** Stores and sends nothing before `optIn()`. */
  requireConsent?: boolean | undefined;
  /** Stores nothing in the browser. */
  cookieless?: boolean | undefined;
  /** Counts automated browsers too, for tests. */
  allowAutomation?: boolean | undefined;
  /** The nonce of the page's Content-Security-Policy. */
  nonce?: string | undefined;
  /** The script's hash, `sha384-…`, for Subresource Integrity. */
  integrity?: string | undefined;
};

/**
 * Puts the script's tag into the page, once; a page that has the tag already keeps its own.
 *
 * True as soon as the script has run; false if it can't, and on a server. Never rejects.
 */
export function load(options: LoadOptions): Promise<boolean>;

/** Fires a goal. */
export function goal(name: string, metadata?: Metadata | null): void;

/** A page view by hand, of this page or of another address. */
export function pageview(url?: string | URL | null): void;

/** Ties this visitor to a signed-in user, from now on and for the visitor's past. */
export function identify(userId: string | number | bigint): void;

/** The visitor's anonymous id; undefined before the script has run, and where nothing may be stored. */
export function visitorId(): string | undefined;

/** Consents. */
export function optIn(): void;

/** Deletes what is stored, and silences the script for a year. */
export function optOut(): void;

/** Whether events are sent; undefined before the script has run. */
export function optedIn(): boolean | undefined;
