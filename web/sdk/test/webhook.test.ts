import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { verifyWebhook } from "../src/server/webhook";

const SECRET = "a-secret-for-this-test";
const BODY = JSON.stringify({ type: "consent.withdrawn", consent_id: "c1" });

function headers(body = BODY, secret = SECRET, timestamp = "1000") {
  const signature = createHmac("sha256", secret).update(`e1.${timestamp}.${body}`).digest("base64");
  const all: Record<string, string> = { "webhook-id": "e1", "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
  return (name: string) => all[name];
}

describe("verifyWebhook", () => {
  it("accepts what our server sent", () => {
    expect(verifyWebhook(SECRET, headers(), BODY, 1010)).toEqual({ id: "e1", event: { type: "consent.withdrawn", consent_id: "c1" } });
  });
  it("refuses another secret, another body, another time, another shape", () => {
    expect(() => verifyWebhook("other", headers(), BODY, 1010)).toThrow("wrong-signature");
    expect(() => verifyWebhook(SECRET, headers(), BODY.replace("c1", "c2"), 1010)).toThrow("wrong-signature");
    expect(() => verifyWebhook(SECRET, headers(), BODY, 2000)).toThrow("too-old");
    expect(() => verifyWebhook(SECRET, () => undefined, BODY, 1010)).toThrow("missing-header");
    expect(() => verifyWebhook(SECRET, headers("[]"), "[]", 1010)).toThrow("not-an-event");
    expect(() => verifyWebhook(SECRET, headers("{"), "{", 1010)).toThrow("not-an-event");
  });
  it("accepts one good signature among several while a secret is replaced", () => {
    const good = headers();
    const two = (name: string) => (name === "webhook-signature" ? `v1,AAAA v2,x ${good(name)}` : good(name));
    expect(verifyWebhook(SECRET, two, BODY, 1010).id).toBe("e1");
  });
});
