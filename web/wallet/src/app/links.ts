// Links that bring somebody here: offers of cards, requests for details, and the way back from signing in at an issuer. The
// engine reads what is in them; this only tells them apart, so that the right screen opens.

export interface IncomingLink {
  kind: "offer" | "request";
  link: string;
  /** True when it was read from a picture or another screen: the service is then on another device. */
  scanned?: boolean;
}

/** Longer texts are no link of ours; the engine has its own, tighter limits. */
const longest = 100_000;

const schemes: Record<string, IncomingLink["kind"]> = {
  "openid4vp:": "request",
  "haip-vp:": "request",
  "eudi-openid4vp:": "request",
  "mdoc-openid4vp:": "request",
  "openid-credential-offer:": "offer",
  "haip-vci:": "offer",
  "haip:": "request",
};

/** A pasted or scanned text as a link; `undefined` when it is neither an offer nor a request. */
export function readLink(text: string): IncomingLink | undefined {
  const link = text.trim();
  if (link.length > longest || !URL.canParse(link)) return undefined;
  const url = new URL(link);
  const kind = kindOf(url.searchParams) ?? kindOf(hashQuery(url.hash));
  const scanned = fromElsewhere(url.searchParams) || fromElsewhere(hashQuery(url.hash));
  if (kind) return { kind, link: url.hash.startsWith("#/") ? withQuery(kind, hashQuery(url.hash)) : link, ...scanned };
  const byScheme = schemes[url.protocol];
  return byScheme && { kind: byScheme, link };
}

/** Whether a text is the code of a new device. What is in it the engine reads. */
export const isPairingCode = (text: string): boolean => text.trim().startsWith("assent-pair:");

/** The link this page was opened with, in the query or after `#/offer?` or `#/request?`. */
export function incomingLink(location: { search: string; hash: string }): IncomingLink | undefined {
  for (const query of [new URLSearchParams(location.search), hashQuery(location.hash)]) {
    const kind = kindOf(query);
    if (kind && String(query).length <= longest) return { kind, link: withQuery(kind, query), ...fromElsewhere(query) };
  }
  return undefined;
}

/**
 * What an issuer sent the browser back with after a sign-in (RFC 6749 §4.1.2): the query of this page's address, whole. The
 * engine reads what is in it.
 */
export function signInAnswer(location: { search: string }): string | undefined {
  const query = new URLSearchParams(location.search);
  if (location.search.length > longest || kindOf(query)) return undefined;
  return query.has("code") || query.has("error") ? location.search : undefined;
}

function kindOf(query: URLSearchParams): IncomingLink["kind"] | undefined {
  if (query.has("credential_offer") || query.has("credential_offer_uri")) return "offer";
  if (query.has("request_uri") || query.has("request")) return "request";
  if (query.has("client_id") && (query.has("dcql_query") || query.has("response_type"))) return "request";
  return undefined;
}

/** The mark a service puts into the link behind a QR code: the person looks at another screen. It only adds a check. */
const fromElsewhere = (query: URLSearchParams) => (query.get("device") === "other" ? { scanned: true } : undefined);

const hashQuery = (hash: string) => new URLSearchParams(hash.includes("?") ? hash.slice(hash.indexOf("?")) : "");

function withQuery(kind: IncomingLink["kind"], query: URLSearchParams): string {
  return kind === "offer" ? `openid-credential-offer://?${query}` : `openid4vp://authorize?${query}`;
}
