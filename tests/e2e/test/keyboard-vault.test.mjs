// The rest of the vault without a mouse: details, documents, ways to unlock, devices, emergency access, taking data out and
// bringing them in. Every control is met, none holds the focus, and it is never lost when what had it goes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { Keyboard } from "../src/keyboard.mjs";
import { startStack, until } from "../src/stack.mjs";
import { makeVault } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "kruiwagen 38 distel havenhoofd plank";
const SEAL = "veerpont 55 lavendel trapgevel";

let stack;
let browser;
let gus;
let keys;

before(async () => {
  stack = await startStack();
  browser = await launch();
  gus = await Person.arrive(browser);
  keys = new Keyboard(gus);
  await makeVault(gus, stack, PASSPHRASE);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Follows a link. */
async function follow(name, title, hands = keys) {
  await hands.to("link", name, { first: true });
  await hands.press("Enter");
  await hands.person.sees(title);
}

/** Presses a button, and has the focus somewhere afterwards. */
async function push(name, hands = keys) {
  await hands.to("button", name, { first: true });
  await hands.press("Enter");
  await hands.holds(`${name}`);
}

async function fill(label, text, hands = keys) {
  await hands.toField(label);
  await hands.type(text);
}

/** Opens a place by its address, as a bookmark would. */
async function at(place, title) {
  await gus.page.goto(`${stack.base}/#/${place}`);
  await gus.sees(title);
}

const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);

/** Opens the file picker that has the focus, and chooses. */
async function choose(path) {
  const chooser = gus.page.waitForEvent("filechooser");
  await keys.press("Space");
  await (await chooser).setFiles(path);
}

test("an own detail: written, corrected, deleted, brought back", async () => {
  await at("details", t("details.title"));
  await keys.goesRound("details");
  await follow(t("details.add"), t("detailadd.title"));
  await keys.goesRound("detail-add");
  await keys.to("link", /^E-mail/, { first: true });
  await keys.press("Enter");
  await gus.sees(t("detailedit.new"));
  await push(t("detailedit.save"));
  // What is missing is said first, and leads to its field.
  await gus.page.locator(".problems:focus").waitFor();
  await keys.to("link", /E-mail/, { first: true });
  await keys.press("Enter");
  await keys.type("gus@voorbeeld.example");
  await keys.goesRound("detail-edit");
  await push(t("detailedit.save"));
  await gus.page.getByRole("button", { name: t("mydetail.delete") }).waitFor();
  await keys.goesRound("detail");
  await push(t("mydetail.delete"));
  await gus.page.getByRole("button", { name: t("mydetail.restore") }).waitFor();
  await keys.goesRound("detail-deleted");
  await push(t("mydetail.restore"));
  await gus.page.getByRole("button", { name: t("mydetail.delete") }).waitFor();
  await push(/^Forget/);
  await push(t("mydetail.erase-keep"));
  assert.ok(await hasFocus(gus.page.getByRole("button", { name: /^Forget/ }).first()), "back where it was");
});

test("a document: added, noted, replaced, its old version thrown away, deleted", async () => {
  const chooseNew = async (label, name) => {
    await keys.toField(label);
    const path = join(stack.data, name);
    writeFileSync(path, `content of ${name}`);
    await choose(path);
  };
  await at("documents", t("documents.title"));
  await chooseNew(t("documents.add"), "lease.txt");
  await gus.page.getByRole("link", { name: /lease\.txt/ }).waitFor();
  await keys.goesRound("documents");
  await follow(/lease\.txt/, "lease.txt");
  await push(t("documents.edit"));
  assert.ok(await hasFocus(gus.page.getByLabel(t("documents.name"))), "in the first field");
  await keys.goesRound("document-edit");
  await push(t("documents.do-not-keep"));
  assert.ok(await hasFocus(gus.page.getByRole("button", { name: t("documents.edit") })), "back where it was");
  await chooseNew(t("documents.replace"), "lease 2.txt");
  await gus.page.getByRole("button", { name: t("documents.use-version") }).waitFor();
  await keys.goesRound("document");
  await push(/^Remove\b.*\d/);
  await gus.page.getByText(t("documents.remove-version-consequence")).waitFor();
  await push(t("documents.delete-now-keep"));
  await push(/^Remove\b.*\d/);
  await push(t("documents.remove-version"));
  await gus.page.getByRole("button", { name: t("documents.use-version") }).waitFor({ state: "detached" });
  await keys.holds("the version");
  await push(t("documents.delete"));
  await gus.page.getByRole("button", { name: t("documents.restore") }).waitFor();
  await keys.goesRound("document-deleted");
});

test("ways to unlock: changed, left as they are, and one added", async () => {
  await at("ways", t("ways.title"));
  await keys.goesRound("ways");
  await follow("Change or remove: Passphrase", t("settings.method-passphrase"));
  await keys.goesRound("way");
  await push(t("ways.change-passphrase"));
  await keys.goesRound("way-change");
  // Nothing filled in: the first field that is wrong.
  await fill(t("passphrase.label"), PASSPHRASE);
  await keys.press("Enter");
  await gus.page.locator("main [aria-invalid=true]:focus").first().waitFor();
  await push(t("ways.leave"));
  assert.ok(await hasFocus(gus.page.getByRole("button", { name: t("ways.change-passphrase") })), "back where it was");
  await follow(t("common.back"), t("ways.title"));
  await follow(t("ways.add-device"), t("ways.add-title-device"));
  await keys.goesRound("add-way");
  await fill(t("passphrase.label"), PASSPHRASE);
  await keys.press("Enter");
  await gus.sees(t("ways.title"));
  await gus.page.getByText(t("ways.done-device")).first().waitFor();
});

test("a second device joins, by keyboard on both, and is removed again", async () => {
  const young = await Person.arrive(browser, { serviceWorkers: "block" });
  const hands = new Keyboard(young);
  await young.page.goto(`${stack.base}/`);
  await follow(t("welcome.join"), t("join.title"), hands);
  await hands.goesRound("join");
  await hands.toField(t("devices.name"));
  await hands.press("Control+a");
  await hands.type("second one");
  await hands.to("button", t("join.start"));
  await hands.press("Enter");
  await young.sees(t("join.code-title"));
  await hands.goesRound("join-code");
  const code = (await young.page.locator("details .text").textContent()).trim();

  await at("devices", t("devices.title"));
  await keys.goesRound("devices");
  assert.equal(await gus.page.locator("li.device").count(), 1, "a browser that opens the vault by itself is still one device");
  await follow(t("devices.add"), t("device-add.title"));
  await keys.goesRound("device-add");
  await keys.toField(t("device-add.text"));
  await keys.paste(code);
  await push(t("device-add.go"));
  await gus.sees(t("device-add.digits-title"));
  await keys.goesRound("device-add-digits");
  await young.sees(t("join.digits-title"));
  await hands.goesRound("join-digits");
  await fill(t("device-add.digits"), (await young.page.locator(".digits [aria-hidden]").innerText()).replace(/\D/g, ""));
  await fill(t("passphrase.label"), PASSPHRASE);
  await keys.press("Enter");
  await gus.sees(t("device-add.given-title"));
  await push(t("join.digits-yes"), hands);
  await young.sees(t("home.title"));
  await hands.goesRound("home of the new device");

  await follow(t("device-add.done"), t("devices.title"));
  await follow(/second one/, "second one");
  await keys.goesRound("device");
  await push(t("devices.remove-start"));
  await keys.goesRound("device-remove");
  await push(t("ways.leave"));
  await push(t("devices.remove-start"));
  await fill(t("passphrase.label"), PASSPHRASE);
  await keys.press("Enter");
  await gus.sees(t("devices.title"));
  await gus.page.getByText(t("devices.done-removed")).first().waitFor();
  await young.leave();
});

test("an emergency contact: named, the sheet read, and removed", async () => {
  await at("emergency", t("emergency.title"));
  await keys.goesRound("emergency");
  await fill(t("passphrase.label"), PASSPHRASE);
  await keys.press("Enter");
  await gus.page.getByText(t("emergency.name-missing")).waitFor();
  assert.ok(await hasFocus(gus.page.getByLabel(t("emergency.name"))), "the name is missing");
  await keys.type("Robin");
  await keys.to("button", t("emergency.set"));
  await keys.press("Enter");
  await gus.sees(t("emergency.sheet-title"));
  await keys.goesRound("emergency-sheet");
  await push(t("emergency.sheet-done"));
  await gus.sees(t("emergency.title"));
  await push(t("emergency.remove"));
  await keys.goesRound("emergency-remove");
  await push(t("ways.leave"));
  await push(t("emergency.remove"));
  await fill(t("passphrase.label"), PASSPHRASE);
  await keys.press("Enter");
  await gus.page.getByLabel(t("emergency.name")).waitFor();
  await keys.holds("removing the contact");
});

test("data taken out, and the file opened again", async () => {
  await at("take-out", t("take-out.title"));
  await keys.goesRound("take-out");
  await keys.to("radio", /^Backup/);
  await keys.press("ArrowDown");
  await keys.press("ArrowUp");
  await fill(t("take-out.passphrase"), SEAL);
  await fill(t("passphrase.repeat"), SEAL);
  const [kept] = await Promise.all([gus.page.waitForEvent("download", { timeout: 90_000 }), keys.press("Enter")]);
  const path = join(stack.data, kept.suggestedFilename());
  await kept.saveAs(path);
  await gus.page.getByText(t("take-out.made")).first().waitFor();
  await keys.holds("the file");
  await keys.goesRound("take-out-made");
  await at("bring-in", t("bring-in.title"));
  await keys.toField(t("bring-in.choose"));
  await choose(path);
  await fill(t("bring-in.passphrase"), SEAL);
  await keys.press("Enter");
  await gus.page.getByRole("heading", { name: t("bring-in.inside") }).waitFor({ timeout: 60_000 });
  await keys.holds("opening the file");
  await keys.goesRound("bring-in");
  const history = await keys.to("switch", t("bring-in.history"));
  await keys.press("Space");
  await keys.press("Space");
  await keys.press("Space");
  await until("the switch to be off", async () => !(await history.isChecked()));
  assert.ok(await hasFocus(history), "the focus stays on the switch");
});

test("the vault is erased only after the word was typed, and can be kept", async () => {
  await at("erase", t("settings.delete"));
  await keys.goesRound("erase");
  await push(t("settings.delete"));
  await keys.type("something else");
  await keys.goesRound("erase-asked");
  await push(t("settings.delete-keep"));
  assert.ok(await hasFocus(gus.page.getByRole("button", { name: t("settings.delete") })), "back where it was");
  assert.ok(keys.looked > 500, `looked at the focus ${keys.looked} times`);
});
