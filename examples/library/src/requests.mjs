// One request, from "start" to "received": made through the API, bound to the visitor, read once.
import { randomUUID } from "node:crypto";
import { consentRequest, factsFrom, RETENTION_DAYS } from "./consent-request.mjs";

const DAY = 86_400_000;

/** Makes a request for a visitor. With a wallet on this device, the browser comes back to `/return`. */
export async function startRequest({ config, assent, register }, visit, device, language) {
  const made = await assent.createPresentation(
    {
      consent_request: consentRequest(config, language),
      webhook_url: `${config.origin}/webhooks/assent`,
      ...(device === "same" ? { redirect_uri: `${config.origin}/return` } : {}),
    },
    randomUUID(),
  );
  register.addRequest(visit, { id: made.transaction_id, device, done: false });
  const link = device === "same" ? made.links.same_device : made.links.cross_device;
  return { id: made.transaction_id, link, qr_svg: made.qr_svg, expires_at: made.expires_at };
}

/** Looks at a request of this visitor; keeps what came the first time it is there. Returns the state, or `undefined`. */
export async function readRequest({ assent, register }, visit, id, responseCode, now = Date.now()) {
  const request = visit.requests.find((candidate) => candidate.id === id);
  if (!request) return undefined;
  if (request.done) return "verified";
  const result = await assent.presentation(id, responseCode);
  // Without its response code, a same-device result has a state but no details: another browser may be asking.
  // Who stopped sharing before the details were read has withdrawn them: they are not kept.
  if (result.state === "verified" && result.credentials && result.consent?.state === "active") {
    request.done = true;
    const account = { consentId: result.consent.consent_id, since: now, keepUntil: now + RETENTION_DAYS * DAY };
    register.keep(visit, { ...account, facts: factsFrom(result.credentials) });
  }
  return result.state;
}
