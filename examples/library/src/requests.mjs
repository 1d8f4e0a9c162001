// One request, from "start" to "received": made through the API, bound to the visitor, read once.
import { randomBytes, randomUUID } from "node:crypto";
import { consentRequest, factsFrom, RETENTION_DAYS } from "./consent-request.mjs";

const DAY = 86_400_000;

/**
 * Makes a request for a visitor. A wallet on this device sends the browser back to `/return`; a wallet on another device
 * sends its own browser to a page with a code, for the person to type here.
 */
export async function startRequest({ config, assent, register }, visit, device, language) {
  const arrival = randomBytes(16).toString("base64url");
  const made = await assent.createPresentation(
    {
      consent_request: consentRequest(config, language),
      webhook_url: `${config.origin}/webhooks/assent`,
      redirect_uri: device === "same" ? `${config.origin}/return` : `${config.origin}/elsewhere/${arrival}`,
    },
    randomUUID(),
  );
  register.addRequest(visit, { id: made.transaction_id, device, done: false, ...(device === "other" ? { arrival } : {}) });
  const link = device === "same" ? made.links.same_device : made.links.cross_device;
  return { id: made.transaction_id, link, qr_svg: made.qr_svg, expires_at: made.expires_at };
}

/** Looks at a request of this visitor; keeps what came the first time it is there. Returns the state, or `undefined`. */
export async function readRequest({ assent, register }, visit, id, responseCode, now = Date.now()) {
  const request = visit.requests.find((candidate) => candidate.id === id);
  if (!request) return undefined;
  if (request.done) return "verified";
  const result = await assent.presentation(id, responseCode);
  // Without its response code a result has a state but no details: another browser may be asking.
  // Who stopped sharing before the details were read has withdrawn them: they are not kept.
  if (result.state === "verified" && result.credentials && result.consent?.state === "active") {
    request.done = true;
    delete request.arrived;
    const account = { consentId: result.consent.consent_id, since: now, keepUntil: now + RETENTION_DAYS * DAY };
    register.keep(visit, { ...account, facts: factsFrom(result.credentials) });
  }
  return result.state;
}

/** What the element is told: "verified" only to the browser that has the details, never to one that merely waits. */
export async function followRequest(parts, visit, id) {
  const request = visit.requests.find((candidate) => candidate.id === id);
  if (!request) return undefined;
  if (request.failed) return { state: "failed" };
  const state = await readRequest(parts, visit, id);
  if (state !== "verified") return { state };
  if (request.done) return { state, next: "/account" };
  return request.device === "other" ? { state, confirm: true } : { state: "fetched" };
}
