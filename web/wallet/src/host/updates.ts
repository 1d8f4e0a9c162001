// Keeps the app usable offline and brings new versions, when the person says so.
import { registerServiceWorker } from "./trusted-urls";

/** Registers the service worker; calls `ready` with a function that installs a waiting new version. */
export async function watchUpdates(ready: (install: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  try {
    const registration = await registerServiceWorker();
    const offer = (worker: ServiceWorker | null) => {
      if (!worker || !navigator.serviceWorker.controller) return;
      ready(() => {
        navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
        worker.postMessage("update-now");
      });
    };
    offer(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker?.addEventListener("statechange", () => worker.state === "installed" && offer(worker));
    });
  } catch {
    // Private windows may forbid service workers; everything but offline reading works without.
  }
}
