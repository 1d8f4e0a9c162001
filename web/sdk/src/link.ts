/** Which links the element may follow. They come from the service's own back end, and are checked all the same. */

/** The schemes of wallets on the device (OpenID4VP 1.0, HAIP 1.0 §5). */
const WALLET_SCHEMES = ["openid4vp:", "haip-vp:", "eudi-openid4vp:"];

/** The link, if it may open a wallet: https, http on this machine, or a wallet's own scheme. */
export function walletLink(text: string): string | undefined {
  const url = parse(text);
  if (!url) return undefined;
  const loopback = url.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return url.protocol === "https:" || loopback || WALLET_SCHEMES.includes(url.protocol) ? url.href : undefined;
}

/** Where to go after success: only a page of the same site. */
export function ownPage(text: string, origin: string): string | undefined {
  const url = parse(text, origin);
  return url && url.origin === origin ? url.href : undefined;
}

function parse(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
