import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keysToTypescript, placeholders } from "../scripts/messages.mjs";
import { tokensToCss } from "../scripts/tokens.mjs";
import { loadTranslator, pickLanguage } from "../src/i18n";
import early from "../messages/en.json";
import earlyDutch from "../messages/nl.json";
import later from "../messages/later-en.json";
import laterDutch from "../messages/later-nl.json";

const en = { ...early, ...later };
const nl = { ...earlyDutch, ...laterDutch };
const catalogues: Record<string, Record<string, string>> = { en, nl };
const keys = (catalogue: object) => Object.keys(catalogue).sort();

describe("every language", () => {
  it("has the same keys", () => {
    expect(keys(nl)).toEqual(keys(en));
  });

  it("has texts of late screens apart, and no text twice", () => {
    const parts = (catalogue: object) => new Set(Object.keys(catalogue).map((key) => key.split(".")[0]));
    expect(keys(laterDutch)).toEqual(keys(later));
    expect([...parts(later)].filter((part) => parts(early).has(part))).toEqual([]);
  });

  it("names the same parameters in every text", () => {
    for (const [key, text] of Object.entries(nl)) {
      expect([key, placeholders(text)]).toEqual([key, placeholders((en as Record<string, string>)[key] ?? "")]);
    }
  });

  it.each(Object.keys(catalogues))("keeps sentences at 15 words at most: %s", (language) => {
    const long = Object.entries(catalogues[language] ?? {}).flatMap(([key, text]) =>
      text.split(/[.!?:]\s/).filter((sentence) => sentence.split(/\s+/).length > 15).map((sentence) => `${key}: ${sentence}`),
    );
    expect(long).toEqual([]);
  });

  it("speaks to people as je in Dutch", () => {
    const formal = Object.entries(nl).filter(([, text]) => /(?<!I, L, O of )\b(u|uw|uzelf)\b/i.test(text));
    expect(formal).toEqual([]);
  });

  it.each(Object.keys(catalogues))("has no empty text and no markup: %s", (language) => {
    for (const [key, text] of Object.entries(catalogues[language] ?? {})) {
      expect([key, text.trim().length > 0, /[<>]/.test(text)]).toEqual([key, true, false]);
    }
  });
});

describe("translator", () => {
  it("chooses the plural form and fills in parameters", async () => {
    const translator = await loadTranslator("nl");
    expect(translator.t("request.share", { count: 1 })).toBe("1 gegeven delen");
    expect(translator.t("request.share", { count: 3 })).toBe("3 gegevens delen");
  });

  it("puts parameters in once and as they are", async () => {
    const translator = await loadTranslator("en");
    expect(translator.t("request.title", { service: "{service} <b>" })).toBe("{service} <b> asks for your details");
  });

  it("writes dates as the reader's region does", async () => {
    const noon = 1_790_000_000;
    expect((await loadTranslator("en")).date(noon, true)).toMatch(/^21 September 2026 at \d\d:\d\d$/);
    expect((await loadTranslator("nl")).date(noon)).toBe("21 september 2026");
    expect((await loadTranslator("en")).time(noon)).toMatch(/^\d\d:\d\d$/);
  });

  it("has the texts of late screens once they were loaded", async () => {
    const translator = await loadTranslator("nl");
    expect(translator.find("take-out.title")).toBeUndefined();
    await translator.later();
    expect(translator.t("take-out.title")).toBe(nl["take-out.title"]);
    expect((await loadTranslator("nl")).find("take-out.title")).toBeUndefined();
  });

  it("finds nothing for a code it does not know", async () => {
    expect((await loadTranslator("en")).find("problem.no-such-code.title")).toBeUndefined();
  });

  it("takes the first language it has", () => {
    expect(pickLanguage(["fr-FR", "nl-BE", "en"])).toBe("nl");
    expect(pickLanguage(["fr"])).toBe("en");
    expect(pickLanguage([])).toBe("en");
  });
});

describe("generators", () => {
  it("types keys with their parameters", () => {
    const source = keysToTypescript({ "a.b": "Hello {name}", "c.one": "{count} x", "c.other": "{count} xs", d: "plain" });
    expect(source).toContain('"a.b": { name: string | number };');
    expect(source).toContain('"c": { count: number };');
    expect(source).toContain('"d": undefined;');
  });

  it("gives dark colours to the system's choice and to an explicit one", () => {
    const css = tokensToCss({ color: { light: { ink: { $value: "#000" } }, dark: { ink: { $value: "#fff" } } } });
    expect(css).toMatch(/:root \{[^}]*--as-color-ink: #000;/);
    expect(css).toMatch(/:root\[data-theme="dark"\] \{[^}]*--as-color-ink: #fff;/);
    expect(css).toMatch(/prefers-color-scheme: dark\) \{\s*:root:not\(\[data-theme="light"\]\) \{[^}]*#fff/);
  });

  it("keeps text readable: 4.5 to 1 on every ground it is used on (WCAG 2.2, 1.4.3)", () => {
    const { color } = JSON.parse(readFileSync(new URL("../tokens/tokens.json", import.meta.url), "utf8"));
    const grounds = ["canvas", "surface", "sunken"];
    for (const theme of ["light", "dark"]) {
      const value = (name: string) => color[theme][name].$value as string;
      const pairs = [
        ...grounds.flatMap((ground) => ["ink", "ink-soft", "accent"].map((ink) => [ink, ground])),
        ["accent-ink", "accent"], ["ink", "accent-soft"],
        ...["danger", "warn", "ok"].flatMap((tone) => [[tone, `${tone}-soft`], ["ink", `${tone}-soft`], ["ink-soft", `${tone}-soft`], [tone, "surface"]]),
      ];
      for (const [ink, ground] of pairs) {
        expect.soft(contrast(value(ink!), value(ground!)), `${theme}: ${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
      expect.soft(contrast(value("line-strong"), value("surface")), `${theme}: borders of controls`).toBeGreaterThanOrEqual(3);
    }
  });
});

function contrast(a: string, b: string): number {
  const light = (hex: string) => {
    const channel = (at: number) => {
      const value = parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  };
  const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y) as [number, number];
  return (bright + 0.05) / (dark + 0.05);
}
