// Documents: large files go through the vault piece by piece, survive whatever happens on the way, and nobody but the
// person reads them.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone, insistOnNoneInBrowser } from "../src/canary.mjs";
import { startStack, until } from "../src/stack.mjs";
import { makeVault, makeVaultAt, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "polderwind 73 lantaarn egel boog";
const PIECE = 1_047_478;
/** A whole picture of one pixel: what a browser really shows. */
const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "base64");
const CANARIES = { "file name": "Zonnebloemstraat hypotheek", content: "the bearer was born in Appelscha", note: "behind the blue binder" };

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

/**
 * A person whose browser keeps downloads by itself, as Firefox and Safari do: nobody answers a dialogue here. Without a
 * service worker, so that the test can stand between the wallet and the server; none of this goes through it.
 */
async function arrive() {
  const person = await Person.arrive(browser, { serviceWorkers: "block" });
  await person.context.addInitScript(() => delete globalThis.showSaveFilePicker);
  return person;
}

/** A file as a person has it on the disk. */
function fileOf(name, bytes) {
  const path = join(stack.data, name);
  writeFileSync(path, bytes);
  return path;
}

const add = (person, path) => person.page.getByLabel(t("documents.add")).setInputFiles(path);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const pattern = (what) => new RegExp(what.replace(/[.()]/g, "\\$&"));
const listed = (person, name) => person.page.locator("main").getByRole("link", { name: pattern(name) });

async function toDocuments(person) {
  await person.page.goto(`${stack.base}/#/documents`);
  await person.sees(t("documents.title"));
}

/** Downloads the document on the screen and gives its bytes. */
async function download(person) {
  const pressed = person.page.locator("section", { has: person.page.locator("#content") }).getByRole("button", { name: t("documents.download") });
  const [kept] = await Promise.all([person.page.waitForEvent("download", { timeout: 60_000 }), pressed.click()]);
  return { name: kept.suggestedFilename(), bytes: readFileSync(await kept.path()) };
}

async function openDocument(person, name) {
  await listed(person, name).first().click();
  await person.sees(name);
}

/** The tab is gone, process and all, as when a telephone kills it; the person comes back and unlocks. */
async function killTab(person) {
  await person.page.goto("chrome://crash").catch(() => undefined);
  await person.page.close();
  const page = await person.context.newPage();
  person.use(page);
  await page.goto(`${stack.base}/`);
  await unlock(person, PASSPHRASE);
  await person.sees(t("home.title"));
}

test("a file is added and comes back bit by bit the same; a picture is shown, and nothing that could act", async () => {
  const bytes = randomBytes(3 * PIECE + 17);
  await eva.press("link", t("nav.details"));
  await eva.press("link", t("nav.documents"));
  await eva.sees(t("documents.title"));
  await eva.looksAt("documents-empty");
  await add(eva, fileOf("tax 2025.bin", bytes));
  await openDocument(eva, "tax 2025.bin");
  const kept = await download(eva);
  assert.equal(kept.name, "tax 2025.bin");
  assert.ok(kept.bytes.equals(bytes));
  for (const length of [0, 1, PIECE]) {
    const content = randomBytes(length);
    await toDocuments(eva);
    await add(eva, fileOf(`of ${length} bytes`, content));
    await openDocument(eva, `of ${length} bytes`);
    assert.ok((await download(eva)).bytes.equals(content), `${length} bytes`);
  }

  await toDocuments(eva);
  await add(eva, [fileOf("pixel.png", PIXEL), fileOf("page.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=1'/>"), fileOf("liar.png", "%PDF-1.7 not a picture")]);
  await openDocument(eva, "pixel.png");
  await eva.press("button", t("documents.show"));
  const picture = eva.page.getByRole("img", { name: t("documents.picture-of") });
  await picture.waitFor();
  assert.equal(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth)), 1);
  await eva.looksAt("document-picture");
  await toDocuments(eva);
  await openDocument(eva, "page.svg");
  assert.equal(await eva.page.getByRole("button", { name: t("documents.show") }).count(), 0, "it could act");
  await toDocuments(eva);
  await openDocument(eva, "liar.png");
  assert.equal(await eva.page.getByRole("button", { name: t("documents.show") }).count(), 0);
  await eva.page.getByText(/Careful: by its content this is PDF/).waitFor();
  assert.deepEqual(eva.complaints, []);
});

test("a file can be dropped on the page, found, sorted, renamed, noted", async () => {
  await toDocuments(eva);
  const data = await eva.page.evaluateHandle((name) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["the bearer was born in Appelscha"], `${name}.txt`, { type: "text/plain" }));
    return transfer;
  }, CANARIES["file name"]);
  await eva.page.dispatchEvent("main", "drop", { dataTransfer: data });
  await listed(eva, CANARIES["file name"]).waitFor();
  await eva.page.getByLabel(t("documents.search")).fill("HYPOTHEEK");
  assert.equal(await eva.page.locator("main li a").count(), 1);
  await eva.page.getByLabel(t("documents.search")).fill("");
  await eva.page.getByLabel(t("documents.sort")).selectOption("size");
  assert.match(await eva.page.locator("main li a").first().innerText(), /tax 2025/);
  await eva.looksAt("documents");
  await openDocument(eva, `${CANARIES["file name"]}.txt`);
  await eva.press("button", t("documents.edit"));
  await eva.type(t("documents.note"), CANARIES.note);
  await eva.press("button", t("documents.keep"));
  await eva.page.getByText(CANARIES.note).waitFor();
  await eva.looksAt("document");
});

test("20 MB on a slow line: the tab is killed in the middle, and the upload goes on where it was", async () => {
  const bytes = randomBytes(20_000_000);
  const path = fileOf("film.bin", bytes);
  const sent = [];
  let slow = true;
  await eva.context.route(/\/parts\/\d+$/, async (route) => {
    // A megabyte in 150 ms is some 7 MB/s: slow enough to be killed in the middle.
    if (slow) await new Promise((next) => setTimeout(next, 150));
    sent.push(Number(/\d+$/.exec(route.request().url())[0]));
    await route.continue().catch(() => undefined);
  });
  await toDocuments(eva);
  await add(eva, path);
  await until("a third to be sent", () => sent.length >= 7, 120);
  await killTab(eva);
  const before = sent.length;
  slow = false;
  await toDocuments(eva);
  await eva.page.getByRole("heading", { name: t("documents.unfinished") }).waitFor();
  await eva.looksAt("documents-unfinished");
  // Another file of the same length is not taken for it, and nothing of it leaves.
  const choose = () => eva.page.getByLabel(t("documents.choose-again"));
  await choose().setInputFiles(fileOf("other.bin", randomBytes(20_000_000)));
  await eva.page.getByText(t("problem.document-file-differs.title")).waitFor();
  assert.equal(sent.length, before);
  // The upload is still there, with the file that was not the right one; a locked vault forgets the file, too.
  await killTab(eva);
  await toDocuments(eva);
  await choose().setInputFiles(path);
  await listed(eva, "film.bin").waitFor({ timeout: 60_000 });
  const twice = sent.length - new Set(sent).size;
  assert.ok(twice <= 2, `${twice} pieces were sent twice`);
  await openDocument(eva, "film.bin");
  assert.equal(sha256((await download(eva)).bytes), sha256(bytes));
  await eva.context.unroute(/\/parts\/\d+$/);
});

test("killed at every step: the document is there whole, or not at all and can be gone on with", async () => {
  const steps = [/\/blobs$/, /\/parts\/0$/, /\/parts\/2$/, /\/commits$/];
  for (const [index, step] of steps.entries()) {
    for (const when of ["before", "after"]) {
      const name = `kill ${index} ${when}.bin`;
      const bytes = randomBytes(2 * PIECE + 99);
      const path = fileOf(name, bytes);
      await toDocuments(eva);
      let dead;
      const reached = new Promise((done) => (dead = done));
      await eva.context.route(step, async (route) => {
        if (when === "after") await route.fetch();
        dead();
        await route.abort().catch(() => undefined);
      });
      await add(eva, path);
      await reached;
      await eva.context.unroute(step);
      await killTab(eva);
      await toDocuments(eva);
      // Which of the two it is shows when the app heard from the service; until then it may ask for what is there already.
      const again = eva.page.getByLabel(t("documents.choose-again"));
      const isHere = async () => {
        if ((await listed(eva, name).count()) > 0) return true;
        if ((await again.count()) > 0) await again.setInputFiles(path, { timeout: 2_000 }).catch(() => undefined);
        return false;
      };
      await until(`${name} to be there`, isHere, 60);
      assert.equal(await listed(eva, name).count(), 1, `${name}: once`);
      assert.equal(await eva.page.getByRole("heading", { name: t("documents.unfinished") }).count(), 0, `${name}: nothing is left over`);
      await openDocument(eva, name);
      assert.ok((await download(eva)).bytes.equals(bytes), name);
    }
  }
});

test("the connection goes and comes back: the upload waits and goes on by itself", async () => {
  const bytes = randomBytes(4 * PIECE);
  await toDocuments(eva);
  let cut = true;
  let tries = 0;
  await eva.context.route(/\/parts\/[1-9]$/, (route) => (cut ? ((tries += 1), route.abort()) : route.continue()));
  await add(eva, fileOf("train.bin", bytes));
  await until("a second try", () => tries > 1, 30);
  assert.equal(await listed(eva, "train.bin").count(), 0);
  cut = false;
  await listed(eva, "train.bin").waitFor({ timeout: 60_000 });
  await eva.context.unroute(/\/parts\/[1-9]$/);
  await openDocument(eva, "train.bin");
  assert.ok((await download(eva)).bytes.equals(bytes));
});

test("added without a connection: it waits on the page, says so, and is sent when the connection is back", async () => {
  await toDocuments(eva);
  await eva.context.setOffline(true);
  await eva.page.getByText(t("documents.offline")).waitFor();
  await add(eva, fileOf("tunnel.bin", randomBytes(1000)));
  await eva.page.getByText(t("documents.waits-online")).waitFor();
  assert.ok((await eva.page.getByRole("link", { name: /train\.bin/ }).count()) > 0, "the list is there");
  await eva.looksAt("documents-offline");
  await eva.context.setOffline(false);
  await listed(eva, "tunnel.bin").waitFor({ timeout: 60_000 });
  assert.equal(await eva.page.getByText(t("documents.waits-online")).count(), 0);
});

test("locked in the middle: goes on by itself after unlocking, without choosing the file again", async () => {
  const bytes = randomBytes(6 * PIECE);
  await toDocuments(eva);
  let hold = true;
  await eva.context.route(/\/parts\/3$/, async (route) => {
    if (hold) return; // never answered
    await route.continue();
  });
  await add(eva, fileOf("lock.bin", bytes));
  await until("some of it to be sent", () => eva.page.evaluate(() => document.querySelector("progress")?.value > 20), 30);
  await eva.press("button", t("nav.lock"));
  hold = false;
  await unlock(eva, PASSPHRASE);
  await eva.press("link", t("nav.details"));
  await eva.press("link", t("nav.documents"));
  await listed(eva, "lock.bin").waitFor({ timeout: 60_000 });
  await eva.context.unroute(/\/parts\/3$/);
  await openDocument(eva, "lock.bin");
  assert.ok((await download(eva)).bytes.equals(bytes));
});

test("what waits for one vault does not go into another one that is opened in the same page", async () => {
  const other = await arrive();
  const { address } = await makeVaultAt(other, stack, PASSPHRASE);
  await other.leave();
  const guest = await arrive();
  await makeVault(guest, stack, "another passphrase altogether 7");
  await toDocuments(guest);
  await guest.context.setOffline(true);
  await add(guest, fileOf("private.bin", randomBytes(1000)));
  await guest.page.getByText(t("documents.waits-online")).waitFor();
  await guest.press("button", t("nav.lock"));
  await guest.sees(t("unlock.title"));
  await guest.context.setOffline(false);
  await guest.page.goto(`${stack.base}/#/open`);
  await guest.type(t("open.address"), address);
  await guest.type(t("passphrase.label"), PASSPHRASE);
  await guest.press("button", t("open.go"));
  await guest.sees(t("home.title"));
  await toDocuments(guest);
  await add(guest, fileOf("mine.bin", randomBytes(1000)));
  await listed(guest, "mine.bin").waitFor({ timeout: 60_000 });
  assert.equal(await guest.page.getByText("private.bin").count(), 0);
  await guest.leave();
});

test("cancelled in the middle: nothing is left here, and the service is told", async () => {
  await toDocuments(eva);
  const told = [];
  eva.page.on("response", (response) => response.request().method() === "DELETE" && told.push(response.status()));
  await eva.context.route(/\/parts\/2$/, () => undefined);
  await add(eva, fileOf("regret.bin", randomBytes(4 * PIECE)));
  await until("some of it to be sent", () => eva.page.evaluate(() => document.querySelector("progress")?.value > 20), 30);
  await eva.looksAt("documents-sending");
  await eva.press("button", t("documents.cancel"));
  await until("the service to be told", () => told.length > 0, 20);
  assert.deepEqual(told, [204]);
  await eva.context.unroute(/\/parts\/2$/);
  await killTab(eva);
  await toDocuments(eva);
  assert.equal(await eva.page.getByRole("heading", { name: t("documents.unfinished") }).count(), 0);
  assert.equal(await listed(eva, "regret.bin").count(), 0);
});

test("replaced, with the old version at hand; deleted, brought back, and gone for good", async () => {
  const [first, second] = [randomBytes(2000), randomBytes(3000)];
  await toDocuments(eva);
  await add(eva, fileOf("lease.bin", first));
  await openDocument(eva, "lease.bin");
  await eva.page.getByLabel(t("documents.replace")).setInputFiles(fileOf("lease new.bin", second));
  await eva.page.getByRole("button", { name: t("documents.use-version") }).waitFor();
  assert.ok((await download(eva)).bytes.equals(second));
  await eva.looksAt("document-versions");
  await eva.press("button", t("documents.use-version"));
  await until("the earlier one to be in use", async () => (await download(eva)).bytes.equals(first));
  await eva.press("button", t("documents.delete"));
  await eva.page.getByText(t("documents.was-deleted")).first().waitFor();
  await eva.looksAt("document-deleted");
  await toDocuments(eva);
  await eva.page.getByRole("heading", { name: t("documents.deleted") }).waitFor();
  await eva.press("button", t("documents.restore"));
  await eva.page.getByRole("heading", { name: t("documents.deleted") }).waitFor({ state: "detached" });
  await openDocument(eva, "lease.bin");
  assert.ok((await download(eva)).bytes.equals(first), "as it was");
  const gone = [];
  eva.page.on("response", (response) => response.request().method() === "DELETE" && gone.push(response.status()));
  await eva.press("button", t("documents.delete"));
  await eva.press("button", t("documents.delete-now"));
  await eva.press("button", t("documents.delete-now-yes"));
  await eva.sees(t("documents.title"));
  assert.equal(await listed(eva, "lease.bin").count(), 0);
  assert.deepEqual(gone, [204, 204], "both versions, at once");
});

test("another browser reads it, straight into a file of the person's choice", async () => {
  await eva.page.goto(`${stack.base}/#/settings`);
  await eva.sees(t("settings.title"));
  const address = await eva.page.getByText(/\/v1\/vaults\//).first().innerText();
  const other = await Person.arrive(browser, { serviceWorkers: "block" });
  // The dialogue is the system's; what it gives is a handle like this one.
  await other.context.addInitScript(() => {
    globalThis.showSaveFilePicker = async ({ suggestedName }) => (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
  });
  await other.page.goto(`${stack.base}/#/open`);
  await other.sees(t("open.title"));
  await other.type(t("open.address"), address.trim());
  await other.type(t("passphrase.label"), PASSPHRASE);
  await other.press("button", t("open.go"));
  await other.sees(t("home.title"));
  await toDocuments(other);
  await openDocument(other, "film.bin");
  await other.press("button", t("documents.download"));
  await other.page.getByText(t("documents.saved")).waitFor({ state: "attached", timeout: 60_000 });
  const kept = await other.page.evaluate(async () => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle("film.bin")).getFile();
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return { size: file.size, hash: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  });
  assert.deepEqual(kept, { size: 20_000_000, hash: sha256(readFileSync(join(stack.data, "film.bin"))) });
  await other.leave();
});

test("a service that gives back something else is found out, and nothing of it is saved", async () => {
  const swap = { turn: (bytes) => ((bytes[500_000] ^= 1), bytes), cut: (bytes) => bytes.subarray(0, -1), empty: () => Buffer.alloc(0) };
  for (const [name, lie] of Object.entries(swap)) {
    await toDocuments(eva);
    await openDocument(eva, "film.bin");
    await eva.context.route(/\/content$/, async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      await route.fulfill({ status: response.status(), body: /bytes=3145728-/.test(route.request().headers().range) ? lie(body) : body });
    });
    let saved = false;
    eva.page.once("download", () => (saved = true));
    await eva.page.locator("section", { has: eva.page.locator("#content") }).getByRole("button", { name: t("documents.download") }).click();
    await eva.page.getByText(t("problem.document-not-authentic.title")).waitFor();
    assert.equal(saved, false, name);
    await eva.context.unroute(/\/content$/);
  }
  await eva.looksAt("document-swapped");
});

test("a full vault is said in words", async () => {
  await toDocuments(eva);
  await eva.context.route(/\/blobs$/, (route) => route.fulfill({ status: 507, contentType: "application/problem+json", body: "{}" }));
  await add(eva, fileOf("much.bin", randomBytes(10)));
  await eva.page.getByText(t("problem.vault-quota-exceeded.title")).waitFor();
  await eva.looksAt("documents-quota");
  await eva.context.unroute(/\/blobs$/);
  await eva.press("button", t("documents.cancel"));
});

test("by keyboard alone: added, opened, deleted; a screen reader hears of quarters, not of every step", async () => {
  await toDocuments(eva);
  await eva.page.evaluate(() => {
    globalThis.heard = [];
    new MutationObserver(() => globalThis.heard.push(document.querySelector("[aria-live=polite]").textContent)).observe(document.querySelector("[aria-live=polite]"), { childList: true, characterData: true, subtree: true });
  });
  const input = eva.page.getByLabel(t("documents.add"));
  const hasFocus = (element) => element === document.activeElement;
  // Past the menu with the first stop of the page, then what the screen is for comes first.
  const skip = eva.page.getByRole("link", { name: t("nav.skip") });
  await eva.page.evaluate(() => document.activeElement.blur());
  await skip.focus();
  await eva.page.keyboard.press("Enter");
  assert.ok(await eva.page.locator("h1").evaluate(hasFocus), "the skip link leads to the heading");
  await eva.page.keyboard.press("Tab");
  assert.ok(await input.evaluate(hasFocus), "the first stop after the heading");
  const [chooser] = await Promise.all([eva.page.waitForEvent("filechooser"), eva.page.keyboard.press("Space")]);
  await chooser.setFiles(fileOf("keys.bin", randomBytes(9 * PIECE)));
  await listed(eva, "keys.bin").waitFor({ timeout: 60_000 });
  const heard = (await eva.page.evaluate(() => globalThis.heard)).filter((text) => text.includes("keys.bin"));
  assert.ok(heard.length >= 3 && heard.length <= 6, heard.join(" | "));
  await listed(eva, "keys.bin").focus();
  await eva.page.keyboard.press("Enter");
  await eva.sees("keys.bin");
});

test("nothing of it is in a byte of the server, nor in what the browser keeps", async () => {
  await eva.page.goto(`${stack.base}/#/`);
  await insistOnNoneInBrowser(eva.page, { passphrase: PASSPHRASE, ...CANARIES });
  await insistOnNone(stack, { passphrase: PASSPHRASE, ...CANARIES });
});
