// What the screens about ways to unlock share.
import type { UnlockMethod } from "../engine/views";
import { app } from "./app.svelte";

type What = "passkey" | "passphrase" | "changed" | "code" | "device" | "removed" | "renamed" | "keys";

/** What was just done, for the list that comes after it. Read once. */
class Changed {
  #last: { what: What; newKeys: boolean } | undefined;

  tell(what: What, newKeys: boolean): void {
    // Whoever went on meanwhile is left where they are.
    if (["way", "add-way"].includes(app.route.screen)) {
      this.#last = { what, newKeys };
      app.go("ways");
    }
    app.announce(app.t(`ways.done-${what}`));
  }

  take(): { what: What; newKeys: boolean } | undefined {
    const last = this.#last;
    this.#last = undefined;
    return last;
  }
}

export const changed = new Changed();

/** What a way is called: by the person, else by its kind. */
export const nameOf = (method: UnlockMethod): string => method.name || app.t(`settings.method-${method.kind}`);

/** Whether the vault may lose this way: two must stay, and one that can be written down (wallet/src/vault/header.rs). */
export function mayGo(method: UnlockMethod, methods: UnlockMethod[]): boolean {
  const rest = methods.filter(({ id }) => id !== method.id);
  return rest.length >= 2 && rest.some(({ kind }) => kind === "passphrase" || kind === "recoveryCode");
}

/** The kinds of ways a person can show something with: this device's own key shows nothing of a person. */
export const provable = (methods: UnlockMethod[]): string[] => methods.map(({ kind }) => kind).filter((kind) => kind !== "device");
