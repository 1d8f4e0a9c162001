// Every code the engine can show a citizen has words in every language (DESIGN §A5: "a test checks that every code
// has a message in every language"). Codes are read from the Rust sources, so a new one without words fails here.
import { readdirSync, readFileSync } from "node:fs";
import { languages, type Language, loadTranslator } from "@assent/ui/i18n";
import { describe, expect, it } from "vitest";
import { explain } from "../../src/app/problems";

const root = new URL("../../../../", import.meta.url);

function sources(folder: string): string {
  return readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".rs") && !entry.name.includes("tests"))
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, "utf8"))
    .join("\n");
}

const find = (source: string, pattern: RegExp) => [...new Set([...source.matchAll(pattern)].map((match) => match[1] ?? ""))];
const wallet = sources("wallet/src/");
const failures = find(wallet, /(?:=> |WalletError::new\(\s*)"([a-z0-9]+(?:-[a-z0-9]+)+)"/g)
  // No person can meet these: the worker runs one command at a time, and this one is a note in an export.
  .filter((code) => code !== "nothing-running");
const warnings = find(wallet, /(?:Warning::new\(|Self::must\(|Self::may\()\s*"([a-z0-9-]+)"/g);
const reasons = find(sources("core/src/consent/").match(/enum LinkReason \{([^}]*)\}/)?.[1] ?? "", /^\s*([A-Z]\w+),/gm).map((name) =>
  name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase(),
);
const kinds = ["presentation", "credentialIssuance", "credentialDeletion", "withdrawal", "erasureRequest"];

describe.each(Object.keys(languages) as Language[])("in %s", (language) => {
  it("reads codes at all", () => {
    expect(failures.length).toBeGreaterThan(20);
    expect(warnings.length).toBeGreaterThan(5);
    expect(reasons.length).toBeGreaterThan(5);
  });

  it.each(failures)("the failure %s has words of its own or its family", async (code) => {
    const translator = await loadTranslator(language);
    const failure = { code, message: "", hint: "", blame: "wallet", wasAnythingShared: "no" } as const;
    const general = explain({ ...failure, code: "zzz" }, translator);
    expect(explain(failure, translator).title).not.toBe(general.title);
  });

  it.each(warnings)("the warning %s has words", async (code) => {
    expect((await loadTranslator(language)).find(`warning.${code}`)).toBeTruthy();
  });

  it.each(reasons)("the reason %s has words", async (code) => {
    expect((await loadTranslator(language)).find(`recognise.reason-${code}`)).toBeTruthy();
  });

  it.each(kinds)("the history kind %s has words", async (kind) => {
    expect(wallet).toContain(kind);
    expect((await loadTranslator(language)).find(`entry.kind-${kind}`)).toBeTruthy();
  });
});
