// Texts of late screens are in messages/later-*.json and come with those screens. What is loaded at once must not use them:
// it would show keys.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import later from "../../../ui/messages/later-en.json";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../src/", import.meta.url));

/** Files that `main.ts` imports, and what those import, without what is imported on demand. */
function atOnce(): string[] {
  const files = new Set([join(root, "main.ts")]);
  for (const file of files) {
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s+"(\.[^"]+)"/g)) {
      const path = join(dirname(file), name);
      const found = [path, `${path}.ts`].find((one) => /\.\w+$/.test(one) && existsSync(one));
      if (found) files.add(found);
    }
  }
  return [...files];
}

describe("what is loaded at once", () => {
  const files = atOnce();
  const parts = [...new Set(Object.keys(later).map((key) => key.split(".")[0]))];

  it("is more than a few files, and not all", () => {
    const names = files.map((file) => file.slice(root.length));
    expect(names).toEqual(expect.arrayContaining(["app/App.svelte", "routes/Home.svelte", "app/uploads.svelte.ts", "parts/Later.svelte"]));
    expect(names).not.toContain("routes/TakeOut.svelte");
  });

  it("uses no text of a late screen", () => {
    const used = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/["`]([a-z-]+)\.[a-z$]/g)]
        .filter(([, part = ""]) => parts.includes(part))
        .map(([text]) => `${file.slice(root.length)}: ${text}`),
    );
    expect(used).toEqual([]);
  });
});
