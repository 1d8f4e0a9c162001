import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = resolve(root, process.env["ASSENT_DIST"] ?? "dist");

/** Every file of the finished build, with one hash over all of them: a changed file is a new version. */
function builtFiles(): { files: string[]; version: string } {
  const files = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "service-worker.js")
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)))
    .sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(join(dist, file)));
  return { files: files.map((file) => `/${file}`), version: hash.digest("hex").slice(0, 16) };
}

const { files, version } = builtFiles();

// The service worker is built after the app, so that it can name the app's files.
export default defineConfig({
  define: { __FILES__: JSON.stringify(files), __VERSION__: JSON.stringify(version) },
  publicDir: false,
  build: {
    target: "es2023",
    outDir: dist,
    emptyOutDir: false,
    rollupOptions: {
      input: resolve(root, "src/service-worker/main.ts"),
      output: { entryFileNames: "service-worker.js", format: "iife" },
    },
  },
});
