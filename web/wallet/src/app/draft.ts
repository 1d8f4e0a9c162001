// What was typed and not saved on a screen, when another tab takes the vault. It stays in this page's memory until the vault
// is here again, but no longer than a vault may stay open unused; locking drops it.
import { onDestroy } from "svelte";
import { app } from "./app.svelte";

/** As long as the longest time until a vault locks by itself, in milliseconds. */
const longest = 30 * 60_000;

/**
 * Keeps what `read` gives when the screen that is being set up goes because of another tab; `undefined` when nothing was
 * typed. Returns what was typed on this screen of this vault before, once.
 */
export function keepTyped<T>(read: () => T | undefined): T | undefined {
  const here = { place: location.hash, vault: app.status?.vaultAddress };
  const before = app.typed?.place === here.place && app.typed.vault === here.vault ? (app.typed.fields as T) : undefined;
  if (before) app.typed = undefined;
  onDestroy(() => {
    const fields = app.taken ? read() : undefined;
    if (!fields) return;
    const typed = (app.typed = { ...here, fields });
    setTimeout(() => app.typed === typed && (app.typed = undefined), longest);
  });
  return before;
}
