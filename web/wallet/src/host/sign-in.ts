// Signing in takes the browser away and back. What must be known on the way back waits in this tab, and nowhere else.
import type { IncomingLink } from "../app/links";
import { goTo } from "./trusted-urls";

export interface Leaving {
  /** To find a vault, or to link the one that was open. */
  purpose: "find" | "link";
  /** Shows the vault service that the same wallet comes back. */
  verifier: string;
}

/** What came of signing in. */
export type Arrival = { purpose: Leaving["purpose"] } & ({ code: string; verifier: string } | { problem: string });

/** What goes on after a sign-in at an issuer. What proves that it is the same wallet is in the vault, not here. */
export interface Leave {
  /** The offer, to begin again with. Such an offer has no code that would give its cards to whoever reads it. */
  offer: string;
  /** The request that waits for the card. */
  resume?: IncomingLink | undefined;
}

const key = "assent.sign-in";
const issuerKey = "assent.issuer";
/** As long as the wallet waits for somebody to come back, in milliseconds. */
const longest = 3_600_000;

/** Goes to the login provider. */
export async function leave(url: string, leaving: Leaving): Promise<void> {
  sessionStorage.setItem(key, JSON.stringify(leaving));
  await written();
  goTo(url);
}

/** Goes to the issuer. */
export async function leaveForCard(url: string, leave: Leave): Promise<void> {
  try {
    sessionStorage.setItem(issuerKey, JSON.stringify({ ...leave, at: Date.now() }));
  } catch {
    // Without it the card comes all the same.
  }
  await written();
  goTo(url);
}

/**
 * The browser keeps what a page writes in another process, and a page that ends at once may take its last write with it
 * (seen in Chromium on a busy machine). Whatever the browser answers, it answers after it got what was sent before.
 */
async function written(): Promise<void> {
  await navigator.locks.query().catch(() => undefined);
}

/** What was left for an issuer from this tab within the last hour; once. */
export function leftForCard(): Leave | undefined {
  const left = taken(issuerKey) as (Leave & { at: number }) | undefined;
  if (typeof left?.offer !== "string" || !(Date.now() - left.at < longest)) return undefined;
  const { kind, link, scanned } = left.resume ?? {};
  const resume = kind === "request" && typeof link === "string" ? { kind, link, scanned: scanned === true } : undefined;
  return { offer: left.offer, resume };
}

/** What this page was opened with, when the vault service sent the browser here; once. */
export function arrive(hash: string): Arrival | undefined {
  const [screen, query] = hash.split("?");
  if (screen !== "#/find" || query === undefined) return undefined;
  const parameters = new URLSearchParams(query);
  const [code, problem] = [parameters.get("code"), parameters.get("problem")];
  if (code === null && problem === null) return undefined;
  const left = taken(key) as Leaving | undefined;
  const { purpose, verifier } = left ?? {};
  if (purpose !== "find" && purpose !== "link") return { purpose: "find", problem: "sign-in-over" };
  return code === null ? { purpose, problem: problem ?? "sign-in-over" } : { purpose, verifier: String(verifier), code };
}

/** What waits in this tab under a name; it waits no longer. */
function taken(name: string): unknown {
  try {
    const waiting: unknown = JSON.parse(sessionStorage.getItem(name) ?? "null");
    sessionStorage.removeItem(name);
    return typeof waiting === "object" && waiting !== null ? waiting : undefined;
  } catch {
    return undefined;
  }
}
