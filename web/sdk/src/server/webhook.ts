/** Is this webhook from our Assent server, fresh, and unchanged? HMAC-SHA-256 in the manner of "Standard Webhooks". */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { WebhookEvent } from "./types";

/** Why a webhook was refused. */
export class WebhookError extends Error {
  constructor(readonly code: "missing-header" | "too-old" | "wrong-signature" | "not-an-event") {
    super(`webhook refused: ${code}`);
    this.name = "WebhookError";
  }
}

/** How old or new a webhook may be, in seconds: longer than any clock drift, shorter than a useful replay. */
const TOLERANCE = 300;

/**
 * Checks a webhook and returns its event.
 *
 * `headers` reads a request header by its lower-case name, `body` is the raw body exactly as received. The result's
 * `id` is the same for every delivery of one event: use it to do things once.
 */
export function verifyWebhook(
  secret: string,
  headers: (name: string) => string | undefined | null,
  body: string,
  nowSeconds: number = Date.now() / 1000,
): { id: string; event: WebhookEvent } {
  const id = headers("webhook-id");
  const timestamp = headers("webhook-timestamp");
  const signatures = headers("webhook-signature");
  if (!id || !timestamp || !signatures) throw new WebhookError("missing-header");
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE) throw new WebhookError("too-old");
  const expected = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest();
  // More than one signature is sent while a secret is being replaced.
  const good = signatures.split(" ").some((part) => {
    if (!part.startsWith("v1,")) return false;
    const given = Buffer.from(part.slice(3), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!good) throw new WebhookError("wrong-signature");
  return { id, event: parse(body) };
}

function parse(body: string): WebhookEvent {
  try {
    const event: unknown = JSON.parse(body);
    if (typeof event === "object" && event !== null && typeof (event as WebhookEvent).type === "string") {
      return event as WebhookEvent;
    }
  } catch {
    // falls through: the same answer for every unreadable body
  }
  throw new WebhookError("not-an-event");
}
