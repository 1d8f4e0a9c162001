// The texts of the wallet's screens, by key: the tests follow the catalogue, so a reworded button does not break them,
// and the same test can run in another language.
import { readFileSync } from "node:fs";

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A function from key to a pattern for `getByRole(…, { name })`: every plural form, any parameter. */
export function words(language) {
  const part = (name) => JSON.parse(readFileSync(new URL(`../../../web/ui/messages/${name}.json`, import.meta.url), "utf8"));
  const catalogue = { ...part(language), ...part(`later-${language}`) };
  return (key) => {
    const forms = [key, `${key}.zero`, `${key}.one`, `${key}.two`, `${key}.few`, `${key}.many`, `${key}.other`];
    const texts = forms.map((form) => catalogue[form]).filter((text) => text !== undefined);
    if (texts.length === 0) throw new Error(`web/ui/messages has no text in ${language} for ${key}`);
    const patterns = texts.map((text) => text.split(/\{\w+\}/).map(escape).join(".+"));
    return new RegExp(`^\\s*(?:${patterns.join("|")})\\s*$`, "s");
  };
}
