// Documents move in a backup: out of one server and into another, the same to the byte, whatever happens on the way.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { startStack, until } from "../src/stack.mjs";
import { makeVault, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const [HERE, THERE, SEAL] = ["kraanvogel 58 moeras ketel", "zeilboot 21 hagel pioen", "reiskoffer 77 eikel dimlicht"];

let here;
let there;
let browser;
let kim;
let backup;
const originals = { "film.bin": randomBytes(6_000_000), "lease.txt": Buffer.from("the lease of the flat\n"), "scan.png": randomBytes(1_047_478) };

before(async () => {
  here = await startStack();
  there = await startStack({ trusting: here });
  browser = await launch();
  kim = await arrive();
  await makeVault(kim, here, HERE);
  await go(kim, here, "documents", t("documents.title"));
  for (const [name, bytes] of Object.entries(originals)) {
    await kim.page.getByLabel(t("documents.add")).setInputFiles(fileOf(name, bytes));
    await link(kim, name).first().waitFor({ timeout: 60_000 });
  }
});

after(async () => {
  await browser?.close();
  await Promise.all([here?.stop(), there?.stop()]);
});

/** A browser that keeps downloads by itself, as Firefox and Safari do; no service worker, to stand between wallet and server. */
async function arrive() {
  const person = await Person.arrive(browser, { serviceWorkers: "block" });
  await person.context.addInitScript(() => delete globalThis.showSaveFilePicker);
  return person;
}

function fileOf(name, bytes) {
  const path = join(here.data, name);
  writeFileSync(path, bytes);
  return path;
}

const pattern = (what) => new RegExp(what.replace(/[.()]/g, "\\$&"));
const link = (person, name) => person.page.locator("main").getByRole("link", { name: pattern(name) });
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function go(person, stack, screen, title) {
  await person.page.goto(`${stack.base}/#/${screen}`);
  await person.sees(title);
}

async function seal(person) {
  await go(person, here, "settings", t("settings.title"));
  await go(person, here, "take-out", t("take-out.title"));
  await person.page.locator("input[value=backup]").check();
  await person.page.getByRole("switch").waitFor();
  await person.type(t("take-out.passphrase"), SEAL);
  await person.type(t("passphrase.repeat"), SEAL);
}

test("a backup that is asked for before the wallet knows of documents has them all the same", async () => {
  await kim.page.reload();
  await unlock(kim, HERE);
  let release;
  const released = new Promise((done) => (release = done));
  await kim.context.route(/assent_wasm_rest/, (route) => released.then(() => route.continue()));
  await go(kim, here, "take-out", t("take-out.title"));
  await kim.page.locator("input[value=backup]").check();
  await kim.type(t("take-out.passphrase"), SEAL);
  await kim.type(t("passphrase.repeat"), SEAL);
  const saved = kim.page.waitForEvent("download", { timeout: 60_000 });
  await kim.press("button", t("take-out.make"));
  release();
  const { size } = statSync(await (await saved).path());
  assert.ok(size > 6_000_000, `${size} bytes`);
});

async function open(person, path) {
  await go(person, there, "bring-in", t("bring-in.title"));
  await person.page.getByLabel(new RegExp(`${t("bring-in.choose").source}|${t("bring-in.choose-other").source}`)).setInputFiles(path);
  await person.page.getByLabel(t("bring-in.passphrase")).fill(SEAL);
  await person.press("button", t("bring-in.open"));
  await person.page.getByRole("heading", { name: t("bring-in.inside") }).waitFor({ timeout: 90_000 });
}

async function isAllThere(person, stack, names = Object.keys(originals)) {
  await go(person, stack, "documents", t("documents.title"));
  for (const name of names) {
    await link(person, name).first().click();
    await person.sees(pattern(name));
    const pressed = person.page.locator("section", { has: person.page.locator("#content") }).getByRole("button", { name: t("documents.download") });
    const [kept] = await Promise.all([person.page.waitForEvent("download", { timeout: 60_000 }), pressed.click()]);
    assert.equal(sha256(readFileSync(await kept.path())), sha256(originals[name]), name);
    await go(person, stack, "documents", t("documents.title"));
  }
}

test("a backup has the documents, unless the person leaves them out", async () => {
  await seal(kim);
  await kim.looksAt("take-out-documents");
  const made = async () => {
    const [kept] = await Promise.all([kim.page.waitForEvent("download", { timeout: 120_000 }), kim.press("button", t("take-out.make"))]);
    await kim.page.getByText(t("take-out.made")).first().waitFor();
    return readFileSync(await kept.path());
  };
  const bytes = await made();
  backup = fileOf("backup.tar.age", bytes);
  assert.ok(bytes.length > 7_000_000 && bytes.toString("latin1", 0, 22) === "age-encryption.org/v1\n", `${bytes.length}`);
  await seal(kim);
  await kim.page.getByRole("switch").click();
  const small = await made();
  assert.ok(small.length < 100_000, `${small.length}`);
});

test("straight into a file, where the browser can; stopped, it leaves none", async () => {
  const page = kim.page;
  await seal(kim);
  await page.evaluate(() => {
    globalThis.showSaveFilePicker = async () => (await navigator.storage.getDirectory()).getFileHandle("chosen.tar.age", { create: true });
  });
  const size = () =>
    page.evaluate(async () => (await (await (await navigator.storage.getDirectory()).getFileHandle("chosen.tar.age", { create: true })).getFile()).size);
  // Held up at the second piece, also when it is asked for again, and stopped there.
  let pieces = 0;
  await page.route(/\/content$/, (route) => ((pieces += 1) > 1 ? undefined : route.continue()));
  await kim.press("button", t("take-out.make"));
  await page.getByRole("progressbar").waitFor({ timeout: 60_000 });
  await kim.looksAt("take-out-progress");
  await kim.press("button", t("take-out.stop"));
  await page.getByRole("alert").first().waitFor();
  assert.equal(await size(), 0, "nothing half");
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await kim.press("button", t("take-out.make"));
  // Beside who can read it.
  await page.getByText(/^Saved where you chose\. · /).waitFor({ timeout: 90_000 });
  assert.equal(await size(), readFileSync(backup).length);
});

test("moves to another server, where they are the same; a lost network and a stop lose nothing", async () => {
  const moved = await arrive();
  await makeVault(moved, there, THERE);
  await open(moved, backup);
  const comes = moved.page.getByRole("listitem").filter({ hasText: /Comes in · / });
  await comes.first().waitFor();
  assert.equal(await comes.count(), 3);
  await moved.looksAt("bring-in-documents");
  // The third piece gets no further.
  let [sent, held] = [0, 0];
  await moved.page.route(/\/parts\/\d+$/, (route) => ((sent += 1) > 2 ? void (held += 1) : route.continue()));
  await moved.press("button", t("bring-in.do"));
  await moved.page.getByRole("progressbar").waitFor({ timeout: 60_000 });
  await until("the third piece to be held", () => held > 0, 60);
  await moved.press("button", t("bring-in.stop"));
  await moved.page.getByText(t("bring-in.stopped")).first().waitFor();
  await moved.looksAt("bring-in-stopped");
  await moved.page.unrouteAll({ behavior: "ignoreErrors" });
  // Lost altogether: the page is loaded again and the file chosen again.
  await moved.page.reload();
  await unlock(moved, THERE);
  await moved.sees(t("bring-in.title"));
  let again = 0;
  moved.page.on("request", (request) => (again += /\/parts\/\d+$/.test(request.url()) ? 1 : 0));
  await open(moved, backup);
  await moved.press("button", t("bring-in.do"));
  await moved.page.getByText(t("bring-in.done")).first().waitFor({ timeout: 90_000 });
  assert.ok(again > 0 && again <= 8, `${again} pieces were sent, of 8 and some`);
  await isAllThere(moved, there);
  // Once more: nothing comes twice.
  await open(moved, backup);
  await moved.page.getByText(t("bring-in.nothing")).first().waitFor();
  await moved.leave();
});

test("a damaged document is named, and the others come in", async () => {
  const bytes = readFileSync(backup);
  // Documents are in the order of their ids, so which one this is is not known.
  bytes[bytes.length - 3_500_000] ^= 1;
  const lou = await arrive();
  await makeVault(lou, there, THERE);
  await open(lou, fileOf("damaged.tar.age", bytes));
  await lou.press("button", t("bring-in.do"));
  await lou.page.getByText(t("bring-in.damaged")).first().waitFor({ timeout: 90_000 });
  await lou.looksAt("bring-in-damaged");
  await go(lou, there, "documents", t("documents.title"));
  const names = Object.keys(originals);
  await link(lou, "lease.txt").first().waitFor();
  const whole = [];
  for (const name of names) if ((await link(lou, name).count()) > 0) whole.push(name);
  assert.equal(whole.length, 2);
  await isAllThere(lou, there, whole);
  await lou.leave();
});
