// What cards say, in words. Apart from the person's own details: cards are on the first screens.
import type { Translator } from "@assent/ui/i18n";
import type { Detail } from "../engine/views";

/** Claims of cards that hold country codes, and the one that holds a code of ISO/IEC 5218 and the PID Rulebook. */
const countries = new Set(["country", "issuing_country", "nationality", "nationalities"]);
const sex = JSON.stringify(["sex"]);

/** What a card says, in words: a day as a date, a code as its name. Anything else as it is. */
export function cardText({ path, value }: Pick<Detail, "path" | "value">, translator: Translator): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))) return translator.day(value);
  if (path === sex) return translator.find(`option.gender-${value}`) ?? value;
  const claim = (JSON.parse(path) as unknown[]).findLast((step) => typeof step === "string");
  if (!countries.has(String(claim))) return value;
  return value.split(", ").map((code) => translator.country(code)).join(", ");
}
