// Texts of the interface. Keys and parameters are typed from the English ones; the other languages are checked by a
// test to have the same keys and parameters. messages/later-*.json has those of screens that are loaded when somebody goes
// there; they come with the screen.
import type { Messages } from "./keys";

export type MessageKey = keyof Messages;
type Catalogue = Record<string, string>;

/** Languages with a whole catalogue, by BCP 47 tag, with their own name for the switch. */
export const languages = { en: "English", nl: "Nederlands" } as const;
export type Language = keyof typeof languages;

const load: Record<Language, () => Promise<Catalogue>> = {
  en: async () => (await import("../../messages/en.json")).default,
  nl: async () => (await import("../../messages/nl.json")).default,
};
const loadLater: Record<Language, () => Promise<Catalogue>> = {
  en: async () => (await import("../../messages/later-en.json")).default,
  nl: async () => (await import("../../messages/later-nl.json")).default,
};

/** How dates are written where the browser names no region for the language: as most of Europe does. */
const regions: Record<Language, string> = { en: "en-GB", nl: "nl-NL" };

/** A loaded language: looks up texts and formats dates and numbers. */
export class Translator {
  readonly #plural: Intl.PluralRules;
  readonly #region: string;
  #later = false;

  constructor(
    readonly language: Language,
    private readonly catalogue: Catalogue,
  ) {
    this.#plural = new Intl.PluralRules(language);
    const preferred = globalThis.navigator?.languages ?? [];
    this.#region = preferred.find((tag) => tag.startsWith(`${language}-`)) ?? regions[language];
  }

  /** Loads the texts of late screens, once. */
  async later(): Promise<void> {
    if (this.#later) return;
    Object.assign(this.catalogue, await loadLater[this.language]());
    this.#later = true;
  }

  /** The text for a key. Parameters are put in as plain text, never as markup. */
  t<K extends MessageKey>(key: K, ...parameters: Messages[K] extends undefined ? [] : [Messages[K]]): string {
    return this.format(key, parameters[0] as Record<string, string | number> | undefined) ?? key;
  }

  /** The text for a key known only at run time, such as an error code; `undefined` when there is none. */
  find(key: string, parameters?: Record<string, string | number>): string | undefined {
    return this.format(key, parameters);
  }

  /** A moment given in seconds since 1970, as a date, or with the time of day. */
  date(seconds: number, withTime = false): string {
    const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "long", year: "numeric" };
    if (withTime) Object.assign(options, { hour: "2-digit", minute: "2-digit" });
    return new Intl.DateTimeFormat(this.#region, options).format(seconds * 1000);
  }

  /** A calendar day, `YYYY-MM-DD`: the same one wherever it is read. */
  day(text: string): string {
    const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
    return new Intl.DateTimeFormat(this.#region, options).format(new Date(`${text}T00:00:00Z`));
  }

  /** The time of day of a moment given in seconds since 1970. */
  time(seconds: number): string {
    return new Intl.DateTimeFormat(this.#region, { hour: "2-digit", minute: "2-digit" }).format(seconds * 1000);
  }

  /** A list in words: "a, b and c". */
  list(items: string[]): string {
    return new Intl.ListFormat(this.language, { type: "conjunction" }).format(items);
  }

  /** The name of a country by ISO 3166-1 alpha-2 code; the code itself when it is not one. */
  country(code: string): string {
    if (!/^[A-Z]{2}$/.test(code)) return code;
    return new Intl.DisplayNames(this.language, { type: "region" }).of(code) ?? code;
  }

  private format(key: string, parameters?: Record<string, string | number>): string | undefined {
    const count = parameters?.["count"];
    const form = typeof count === "number" ? `${key}.${this.#plural.select(count)}` : key;
    const text = this.catalogue[form] ?? this.catalogue[`${key}.other`] ?? this.catalogue[key];
    return text?.replace(/\{(\w+)\}/g, (whole, name: string) => String(parameters?.[name] ?? whole));
  }
}

/** Loads a language's texts. */
export async function loadTranslator(language: Language): Promise<Translator> {
  return new Translator(language, { ...(await load[language]()) });
}

/** The first language of a preference list that we have, else English. */
export function pickLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const base = tag.toLowerCase().split("-")[0];
    if (base && Object.hasOwn(languages, base)) return base as Language;
  }
  return "en";
}
