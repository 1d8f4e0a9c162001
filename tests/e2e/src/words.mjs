// The texts of the wallet's screens, by key: the tests follow the catalogue, so a reworded button does not break them,
// and the same test can run in another language.
import { readFileSync } from "node:fs";

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A function from key to a pattern for `getByRole(…, { name })`: every plural form, any parameter. */
export function words(language) {
  const file = new URL(`../../../web/ui/messages/${language}.json`, import.meta.url);
  const catalogue = JSON.parse(readFileSync(file, "utf8"));
  return (key) => {
    const forms = [key, `${key}.zero`, `${key}.one`, `${key}.two`, `${key}.few`, `${key}.many`, `${key}.other`];
    const texts = forms.map((form) => catalogue[form]).filter((text) => text !== undefined);
    if (texts.length === 0) throw new Error(`web/ui/messages/${language}.json has no text for ${key}`);
    const patterns = texts.map((text) => text.split(/\{\w+\}/).map(escape).join(".+"));
    return new RegExp(`^\\s*(?:${patterns.join("|")})\\s*$`, "s");
  };
}
