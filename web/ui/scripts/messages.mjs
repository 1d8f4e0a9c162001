// Writes src/i18n/keys.ts: every message key with the parameters its text names, so that a missing key or
// parameter is a compile error. Run by `npm run generate`.
import { readFileSync, writeFileSync } from "node:fs";

const url = (path) => new URL(`../${path}`, import.meta.url);

/** Names between braces in a message. */
export const placeholders = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort();

/** Plural forms are keys ending in these suffixes (CLDR categories that our languages use). */
const plural = /\.(one|other)$/;

/** The TypeScript source for a catalogue. */
export function keysToTypescript(catalogue) {
  const parameters = new Map();
  for (const [key, text] of Object.entries(catalogue)) {
    const names = parameters.get(key.replace(plural, "")) ?? new Set();
    if (plural.test(key)) names.add("count");
    placeholders(text).forEach((name) => names.add(name));
    parameters.set(key.replace(plural, ""), names);
  }
  const lines = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, names]) => {
    const fields = [...names].sort().map((name) => `${name}: ${name === "count" ? "number" : "string | number"}`);
    return `  ${JSON.stringify(key)}: ${fields.length === 0 ? "undefined" : `{ ${fields.join("; ")} }`};`;
  });
  return `// Generated from messages/en.json and later-en.json by scripts/messages.mjs. Do not edit.\nexport interface Messages {\n${lines.join("\n")}\n}\n`;
}

if (process.argv[1] === url("scripts/messages.mjs").pathname) {
  const english = ["en", "later-en"].map((name) => JSON.parse(readFileSync(url(`messages/${name}.json`), "utf8")));
  writeFileSync(url("src/i18n/keys.ts"), keysToTypescript(Object.assign({}, ...english)));
}
