// Writes src/css/tokens.css from tokens/tokens.json (W3C Design Tokens format). Run by `npm run generate`.
import { readFileSync, writeFileSync } from "node:fs";

const url = (path) => new URL(`../${path}`, import.meta.url);

/** The file's text for a token tree: light is the default, dark follows the system or an explicit choice. */
export function tokensToCss(tokens) {
  const { light, dark, ...shared } = tokens.color;
  const block = (selector, lines, indent = "") =>
    `${indent}${selector} {\n${lines.map((line) => `${indent}  ${line}`).join("\n")}\n${indent}}\n`;
  const plain = flatten({ ...tokens, color: shared }).map(([name, value]) => `--as-${name}: ${value};`);
  const colours = (tree) => flatten({ color: tree }).map(([name, value]) => `--as-${name}: ${value};`);
  return [
    "/* Generated from tokens/tokens.json by scripts/tokens.mjs. Do not edit. */",
    block(":root", ["color-scheme: light;", ...plain, ...colours(light)]),
    block(':root[data-theme="dark"]', ["color-scheme: dark;", ...colours(dark)]),
    `@media (prefers-color-scheme: dark) {\n${block(':root:not([data-theme="light"])', ["color-scheme: dark;", ...colours(dark)], "  ")}}\n`,
  ].join("\n");
}

function flatten(tree, prefix = []) {
  return Object.entries(tree).flatMap(([key, node]) => {
    if (key.startsWith("$")) return [];
    const path = [...prefix, key];
    if (node.$value === undefined) return flatten(node, path);
    const value = Array.isArray(node.$value) ? node.$value.map(quoteFont).join(", ") : node.$value;
    return [[path.join("-"), value]];
  });
}

const quoteFont = (name) => (name.includes(" ") ? `"${name}"` : name);

if (process.argv[1] === url("scripts/tokens.mjs").pathname) {
  const tokens = JSON.parse(readFileSync(url("tokens/tokens.json"), "utf8"));
  writeFileSync(url("src/css/tokens.css"), tokensToCss(tokens));
}
