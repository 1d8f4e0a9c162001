import { defineConfig } from "vite";

// For a service's back end (Node 20 or newer): only the platform's own modules are left outside.
export default defineConfig({
  build: {
    target: "node20",
    minify: false,
    lib: { entry: "src/server/index.ts", formats: ["es"], fileName: () => "server.mjs" },
    rollupOptions: { external: [/^node:/] },
    outDir: "dist",
    emptyOutDir: false,
  },
});
