// Signing in takes the browser away and back.
import type { IncomingLink } from "../app/links";
import { leaveBehind, takeUp } from "./left-behind";
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
  /** What the issuer sent the browser back with, until the vault is open. Without the vault it is worth nothing. */
  answer?: string | undefined;
}

const key = "assent.sign-in";
const issuerKey = "assent.issuer";

/** Goes to the login provider. */
export async function leave(url: string, leaving: Leaving): Promise<void> {
  await leaveBehind(key, leaving);
  goTo(url);
}

/** Goes to the issuer. Should what is left get lost, the card comes all the same. */
export async function leaveForCard(url: string, leave: Leave): Promise<void> {
  await leaveBehind(issuerKey, leave);
  goTo(url);
}

/** Back from the issuer, and not done yet: a page that is loaded again, as phones do with it, goes on here. */
export const waitForCard = (leave: Leave): Promise<void> => leaveBehind(issuerKey, leave);

/** What was left for an issuer; once. */
export async function leftForCard(): Promise<Leave | undefined> {
  const { offer, resume: request, answer } = (await takeUp(issuerKey)) ?? {};
  if (typeof offer !== "string") return undefined;
  const { kind, link, scanned } = (request ?? {}) as Partial<IncomingLink>;
  const resume = kind === "request" && typeof link === "string" ? { kind, link, scanned: scanned === true } : undefined;
  return { offer, resume, answer: typeof answer === "string" ? answer : undefined };
}

/** What the vault service sent the browser here with. */
export type Told = { code: string } | { problem: string };

/** What this page was opened with, when the vault service sent the browser here. */
export function told(hash: string): Told | undefined {
  const [screen, query] = hash.split("?");
  if (screen !== "#/find" || query === undefined) return undefined;
  const parameters = new URLSearchParams(query);
  const [code, problem] = [parameters.get("code"), parameters.get("problem")];
  if (code !== null) return { code };
  return problem === null ? undefined : { problem };
}

/** With what was left to come back for; once. */
export async function arrive(told: Told): Promise<Arrival> {
  const { purpose, verifier } = (await takeUp(key)) ?? {};
  if (purpose !== "find" && purpose !== "link") return { purpose: "find", problem: "sign-in-over" };
  return "problem" in told ? { purpose, ...told } : { purpose, verifier: String(verifier), ...told };
}
