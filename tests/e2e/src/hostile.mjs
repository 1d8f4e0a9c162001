// Services that ask wrongly. Each takes an honest request of the real server, changes it, and signs it again: with a
// certificate of the sandbox's own authority, or with one that nobody knows.
import { createHash, createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../../peers/support/http.mjs";
import { authority, existingAuthority, leaf } from "../../peers/support/pki.mjs";
import { ask } from "./vault.mjs";

const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Signs claims as a request object. */
function sealed(claims, party) {
  const input = `${part({ alg: "ES256", typ: "oauth-authz-req+jwt", x5c: party.x5c })}.${part(claims)}`;
  const key = createPrivateKey({ key: party.privateJwk, format: "jwk" });
  return `${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** Opens a place where wrong requests are served. `close` when done. */
export async function openHostile(stack) {
  const keys = (name) => readFileSync(join(stack.data, "server/sandbox", name), "utf8");
  const register = await existingAuthority(keys("access-ca.pem"), keys("access-ca.key.pem"));
  const nobody = await authority("Nobody Knows This Authority");
  const routes = {};
  const server = await serve(routes);
  let count = 0;

  /** A service with a certificate, of the trusted register unless `known` is false. */
  const party = (name, { known = true, host = "localhost" } = {}) => leaf(known ? register : nobody, name, [host]);

  /**
   * A link to a wrong request. `body` is what the honest service asks; `change` turns its claims into the wrong ones;
   * `party` signs; `spoil` changes the signed text.
   */
  async function link({ body, party: signer, change = (claims) => claims, spoil = (jwt) => jwt, clientId }) {
    const made = await ask(stack, { ...body, request_uri_method: "post" });
    const honest = await fetch(new URL(new URL(made.links.same_device).searchParams.get("request_uri")), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "",
    });
    const claims = json((await honest.text()).split(".")[1]);
    const id = clientId ?? `x509_hash:${createHash("sha256").update(signer.der).digest("base64url")}`;
    const path = `/request/${(count += 1)}`;
    routes[`POST ${path}`] = async ({ body: form }) => {
      const nonce = new URLSearchParams(form).get("wallet_nonce");
      const wrong = change({ ...claims, client_id: id, ...(nonce ? { wallet_nonce: nonce } : {}) });
      return { type: "application/oauth-authz-req+jwt", body: spoil(sealed(wrong, signer)), headers: { "access-control-allow-origin": "*" } };
    };
    const query = new URLSearchParams({ client_id: id, request_uri: `${server.base}${path}`, request_uri_method: "post" });
    return `openid4vp://?${query}`;
  }

  return { party, link, base: server.base, seen: server.seen, close: server.close };
}
