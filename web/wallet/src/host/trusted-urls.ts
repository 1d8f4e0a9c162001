// Where this page may go and what it may start. Its two scripts are Trusted Types: no other script URL can be made anywhere in
// the app.
import workerUrl from "../worker/main.ts?worker&url";

const allowed = new Set([workerUrl, "/service-worker.js"].map((path) => new URL(path, location.origin).href));

function createScriptURL(path: string): string {
  const url = new URL(path, location.origin).href;
  if (!allowed.has(url)) throw new TypeError("not a script of this app");
  return url;
}

interface Policy {
  createScriptURL(path: string): string;
}

// Where the browser has no Trusted Types the same check still runs.
const factory = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } }).trustedTypes;
const policy: Policy = factory?.createPolicy("assent", { createScriptURL }) ?? { createScriptURL };

/** Starts the vault's worker. */
export const startWorker = (): Worker => new Worker(policy.createScriptURL(workerUrl), { type: "module", name: "vault" });

/** Registers the service worker. */
export const registerServiceWorker = (): Promise<ServiceWorkerRegistration> =>
  navigator.serviceWorker.register(policy.createScriptURL("/service-worker.js"));

/** Leaves this page for another site, in the same tab. Only the web, and only encrypted; from a sandbox on this machine also not. */
export function goTo(url: string): void {
  const { protocol } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && location.protocol === "http:")) throw new TypeError("not an address of the web");
  location.assign(url);
}
