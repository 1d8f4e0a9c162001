/** The states of one request, as the element shows them, and how the server's words map to them. */

export const STATES = ["idle", "choosing", "waiting", "in-progress", "confirming", "received", "declined", "expired", "error"] as const;

/** What the element is showing. */
export type ConsentState = (typeof STATES)[number];

/** The state of a presentation in the Assent API. */
export type PresentationState = "created" | "fetched" | "verified" | "declined" | "failed" | "expired";

const SHOWN: Record<PresentationState, ConsentState> = {
  created: "waiting",
  fetched: "in-progress",
  verified: "received",
  declined: "declined",
  failed: "error",
  expired: "expired",
};

/** The element's state for the server's; `undefined` for a word this version does not know. */
export function shownState(word: string): ConsentState | undefined {
  return Object.hasOwn(SHOWN, word) ? SHOWN[word as PresentationState] : undefined;
}

/** True when nothing more will happen without the person. */
export function isFinal(state: ConsentState): boolean {
  return state === "received" || state === "declined" || state === "expired" || state === "error";
}
