// Signing in takes the browser away and back. What must be known on the way back waits in this tab, and nowhere else.

export interface Leaving {
  /** To find a vault, or to link the one that was open. */
  purpose: "find" | "link";
  /** Shows the vault service that the same wallet comes back. */
  verifier: string;
}

/** What came of signing in. */
export type Arrival = { purpose: Leaving["purpose"] } & ({ code: string; verifier: string } | { problem: string });

const key = "assent.sign-in";

/** Goes to the login provider. */
export function leave(url: string, leaving: Leaving): void {
  sessionStorage.setItem(key, JSON.stringify(leaving));
  location.assign(url);
}

/** What this page was opened with, when the vault service sent the browser here; once. */
export function arrive(hash: string): Arrival | undefined {
  const [screen, query] = hash.split("?");
  if (screen !== "#/find" || query === undefined) return undefined;
  const parameters = new URLSearchParams(query);
  const [code, problem] = [parameters.get("code"), parameters.get("problem")];
  if (code === null && problem === null) return undefined;
  const left = waiting();
  if (!left) return { purpose: "find", problem: "sign-in-over" };
  return code === null ? { purpose: left.purpose, problem: problem ?? "sign-in-over" } : { ...left, code };
}

function waiting(): Leaving | undefined {
  try {
    const { purpose, verifier } = JSON.parse(sessionStorage.getItem(key) ?? "null") as Leaving;
    sessionStorage.removeItem(key);
    return purpose === "find" || purpose === "link" ? { purpose, verifier: String(verifier) } : undefined;
  } catch {
    return undefined;
  }
}
