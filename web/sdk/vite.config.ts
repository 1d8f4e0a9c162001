import { defineConfig } from "vite";

// One file, no dependencies, no framework: a service copies it or serves it from the package.
export default defineConfig({
  build: {
    target: "es2022",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "request-consent.js" },
    outDir: "dist",
    emptyOutDir: true,
  },
});
