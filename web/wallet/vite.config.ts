import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const pkg = here("../../wasm/pkg");

/** What the app is built on: the WebAssembly package, or, for screenshots only, the fixture engine in test/. */
function engineModule(mode: string): string {
  if (mode === "fixture") return here("./test/fixture/engine.ts");
  return existsSync(`${pkg}/assent_wasm.js`) ? here("./src/worker/engine.ts") : here("./src/worker/engine-missing.ts");
}

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  resolve: {
    alias: {
      "#engine": engineModule(mode),
      "#wasm-module": `${pkg}/assent_wasm_bg.wasm?url`,
      "#wasm-receiving": `${pkg}/assent_wasm_receiving.wasm?url`,
      "#wasm-rest": `${pkg}/assent_wasm_rest.wasm?url`,
      "#wasm": `${pkg}/assent_wasm.js`,
      "#files-wasm-module": `${pkg}/assent_transfer_bg.wasm?url`,
      "#files-wasm": `${pkg}/assent_transfer.js`,
    },
  },
  build: {
    target: "es2023",
    assetsInlineLimit: 0, // data: URLs would need a wider content security policy
    modulePreload: { polyfill: false },
    emptyOutDir: true,
  },
  worker: { format: "es" },
  server: { port: 8600, strictPort: true },
  preview: { port: 8601, strictPort: true },
}));
