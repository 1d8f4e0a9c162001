// The little that a framework would do: bodies with a limit, cookies, headers that keep a page safe.

const MAX_BODY = 64 * 1024;

/** A request that cannot be answered as asked. */
export class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The whole body as text; refuses more than 64 KiB. */
export async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY) throw new HttpError(413, "too much");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** The cookies of a request. */
export function cookies(request) {
  const found = {};
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0) found[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return found;
}

/** Only pages of this very site may change something (OWASP: check Origin; `Sec-Fetch-Site` where the browser sends it). */
export function insistOnOwnSite(request, origin) {
  const from = request.headers.origin;
  const site = request.headers["sec-fetch-site"];
  if (from !== origin || (site !== undefined && site !== "same-origin")) throw new HttpError(403, "from another site");
}

/** Headers for every answer. `walletOrigin` may be the target of the form that opens a wallet without scripts. */
export function safeHeaders(secure, walletOrigin) {
  return {
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      `form-action 'self' ${walletOrigin}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
    ...(secure ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}
