// Fails when the built app is larger than its budget or is not there (reference: gzip, as the server sends it).
// Usage: npm run budget, after npm run build.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const limits = { shell: 120_000, engine: 350_000, rest: 60_000, receiving: 60_000, files: 140_000, screens: 100_000, reader: 47_000, language: 25_000 };

// What the page loads by itself: what it names, and what that imports. The worker and one language always follow. Of all other
// screens together a visit loads a few, and their texts (later-*) in one language.
const text = (name) => readFileSync(new URL(name, dist), "utf8");
const first = new Set(["index.html"]);
for (const name of first) {
  const named = name === "index.html" ? text(name).matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g) : text(name).matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g);
  for (const [, found] of named) if (/\.(js|css)$/.test(found)) first.add(found.startsWith("assets/") ? found : `assets/${found}`);
}
const kind = (name) => {
  // What takes data out and brings them in, with its screens.
  if (/^assets\/(assent_transfer|files-wasm|TakeOut|BringIn|Erase)[^/]*\.(wasm|js|css)$/.test(name)) return "files";
  // The other files of the engine come with the first command that needs them.
  const part = /^assets\/assent_wasm_(rest|receiving)[^/]*\.wasm$/.exec(name);
  if (part) return part[1];
  if (name.endsWith(".wasm")) return "engine";
  if (first.has(name) || /^assets\/(main|en)-[^/]*\.js$/.test(name)) return "shell";
  if (/^assets\/qr-[^/]*\.js$/.test(name)) return "reader";
  if (/^assets\/nl-[^/]*\.js$/.test(name)) return "language";
  if (/^assets\/.*\.(js|css)$/.test(name)) return "screens";
  return undefined;
};

const sizes = { shell: 0, engine: 0, rest: 0, receiving: 0, files: 0, screens: 0, reader: 0, language: 0 };
for (const name of readdirSync(dist, { recursive: true }).map((entry) => entry.replaceAll("\\", "/"))) {
  const group = kind(name);
  if (group) sizes[group] += gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length;
}

for (const [group, size] of Object.entries(sizes)) {
  const verdict = size === 0 ? "NOT BUILT" : size <= limits[group] ? "ok" : "TOO LARGE";
  console.log(`${group.padEnd(9)} ${(size / 1000).toFixed(1).padStart(7)} kB gzip of ${limits[group] / 1000} kB  ${verdict}`);
  if (verdict !== "ok") process.exitCode = 1;
}
