// What stands on the sandbox's two cards, so that a search can look for it where it must not be.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./stack.mjs";

const FOLDER = join(ROOT, "core/src/issuer/sandbox");

/** Values that say nothing by themselves, because public texts, addresses or the server's own settings contain them. */
const EVERYWHERE = ["Voorbeeld", "Voorbeeldstad", "Utrecht", "Nederland", "NL", "BE", "NL-UT", "PID", "12"];

/** Values that nothing but a card contains. */
const SPECIFIC = {
  "given name": "Fenna",
  "family name at birth": "Fictief",
  "full address": "Voorbeeldlaan 12, 0000 AA Voorbeeldstad, Nederland",
  "street": "Voorbeeldlaan",
  "postal code": "0000 AA",
  "personal number": "SANDBOX-000000001",
  "phone": "+31000000000",
  "card e-mail": "fenna@voorbeeld.example",
  "issuing authority": "Assent sandbox, not an authority",
  "document number": "SANDBOX01",
  "library number": "L-2026-000017",
};

const source = () => readFileSync(join(FOLDER, "persona.rs"), "utf8");

/** Every value of both cards that is specific enough to search for, by name. */
export function cardValues() {
  const [, ...birth] = source().match(/BIRTH: \(i64, i64, i64\) = \((\d+), (\d+), (\d+)\)/);
  // The photo is a data URL. A piece from its middle is enough: all photos begin alike.
  const portrait = readFileSync(join(FOLDER, "portrait.jpg")).toString("base64");
  const middle = Math.floor(portrait.length / 2);
  return {
    ...SPECIFIC,
    "date of birth": birth.map((part) => part.padStart(2, "0")).join("-"),
    "photo": portrait.slice(middle, middle + 48),
  };
}

/** Values in the source of the cards that are neither searched for nor known to be everywhere; there must be none. */
export function forgottenValues() {
  const cards = source().match(/pub fn identity_card[\s\S]*?(?=\nfn )/)[0];
  const written = [...cards.matchAll(/"([^"\n]*)"/g)].map(([, text]) => text);
  const known = new Set([...EVERYWHERE, ...Object.values(SPECIFIC)]);
  // Names of claims are lower-case words; patterns for `format!` have braces.
  return {
    written,
    forgotten: written.filter((text) => !known.has(text) && !/^[a-z_]+$|[{}]/.test(text)),
    gone: Object.values(SPECIFIC).filter((text) => !written.includes(text)),
  };
}
