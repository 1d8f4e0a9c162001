// What the screens about devices share.
import type { DeviceView } from "../engine/views";
import { app } from "./app.svelte";

/** What a device is called. */
export const deviceCalled = (device: DeviceView): string => device.name || app.t("devices.no-name");

/** What was just done, for the list that comes after it. Read once. */
class Done {
  #last: "renamed" | "removed" | undefined;

  tell(what: "renamed" | "removed"): void {
    // Whoever went on meanwhile is left where they are.
    if (app.route.screen === "device") {
      this.#last = what;
      app.go("devices");
    }
    app.announce(app.t(`devices.done-${what}`));
  }

  take(): "renamed" | "removed" | undefined {
    const last = this.#last;
    this.#last = undefined;
    return last;
  }
}

export const done = new Done();
