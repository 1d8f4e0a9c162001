// What must be known before the vault is open. Nothing personal.
import type { Language } from "@assent/ui/i18n";
import { languages } from "@assent/ui/i18n";
import { themes } from "../engine/commands";

export type Theme = (typeof themes)[number];

const read = (key: string) => {
  try {
    return localStorage.getItem(`assent.${key}`);
  } catch {
    return null;
  }
};
const write = (key: string, value: string) => {
  try {
    localStorage.setItem(`assent.${key}`, value);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
};

export const preferences = {
  get language(): Language | undefined {
    const saved = read("language");
    return saved && Object.hasOwn(languages, saved) ? (saved as Language) : undefined;
  },
  set language(value: Language) {
    write("language", value);
  },
  get theme(): Theme {
    return themes.find((theme) => theme === read("theme")) ?? "system";
  },
  set theme(value: Theme) {
    write("theme", value);
  },
  /**
   * What stands for a vault that is being made in this tab, also after the page was loaded again: the id of the passkey that
   * was made for it, or `yes`.
   */
  get creating(): string | undefined {
    try {
      return sessionStorage.getItem("assent.creating") ?? undefined;
    } catch {
      return undefined;
    }
  },
  set creating(value: string | undefined) {
    try {
      if (value) sessionStorage.setItem("assent.creating", value);
      else sessionStorage.removeItem("assent.creating");
    } catch {
      // Then only the page itself remembers.
    }
  },
};

/** When a way to unlock was last used in this browser, in seconds since 1970. */
export const lastUsed = {
  of: (method: string): number | undefined => Number(read(`used.${method}`)) || undefined,
  now: (method: string) => write(`used.${method}`, String(Math.floor(Date.now() / 1000))),
};

/** Shows a theme. `system` follows the device. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** When this device last asked, while it was locked, whether it still has a place in the vault. */
export const lookedAt = {
  /** True once an hour. */
  longAgo(): boolean {
    const now = Date.now();
    // Also where the clock was ahead and was set right.
    if (Math.abs(now - Number(read("looked"))) < 3_600_000) return false;
    write("looked", String(now));
    return true;
  },
};

/** Ids of the devices that the person has heard of, on this device. Random, so they say nothing. */
export const knownDevices = {
  read(): string[] | undefined {
    try {
      const ids: unknown = JSON.parse(read("devices") ?? "null");
      return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : undefined;
    } catch {
      return undefined;
    }
  },
  write: (ids: string[]) => write("devices", JSON.stringify(ids)),
};
