// Documents: large files go through the vault piece by piece, survive whatever happens on the way, and nobody but the
// person reads them.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { startStack, until } from "../src/stack.mjs";
import { makeVault, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "polderwind 73 lantaarn egel boog";

let stack;
let browser;
let eva;

before(async () => {
  stack = await startStack();
  browser = await launch();
  eva = await arrive();
  await makeVault(eva, stack, PASSPHRASE);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** A person whose browser keeps downloads by itself, as Firefox and Safari do: nobody answers a dialogue here. */
async function arrive() {
  const person = await Person.arrive(browser);
  await person.context.addInitScript(() => delete globalThis.showSaveFilePicker);
  await person.page.reload();
  return person;
}

/** A file of random bytes, as a person has it on the disk. */
function fileOf(name, bytes) {
  const path = join(stack.data, name);
  writeFileSync(path, bytes);
  return path;
}

async function add(person, path) {
  await person.page.getByLabel(t("documents.add")).setInputFiles(path);
}

/** Downloads the document on the screen and gives its bytes. */
async function download(person) {
  const [kept] = await Promise.all([person.page.waitForEvent("download"), person.press("button", t("documents.download"))]);
  return { name: kept.suggestedFilename(), bytes: readFileSync(await kept.path()) };
}

test("a file is added and comes back bit by bit the same", async () => {
  const bytes = randomBytes(3_300_000);
  await eva.press("link", t("nav.documents"));
  await eva.sees(t("documents.title"));
  await eva.looksAt("documents-empty");
  await add(eva, fileOf("tax 2025.bin", bytes));
  await eva.press("link", /tax 2025.bin/);
  await eva.sees("tax 2025.bin");
  const kept = await download(eva);
  assert.equal(kept.name, "tax 2025.bin");
  assert.ok(kept.bytes.equals(bytes));
});
