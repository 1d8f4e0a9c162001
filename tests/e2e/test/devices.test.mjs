// A second device: from the code on its screen to the vault on both, and everything that may come in between.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone, insistOnNoneInBrowser } from "../src/canary.mjs";
import { openAdd, pair, pasteCode, readDigits, showCode, typeDigits } from "../src/devices.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, makeVault, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const nl = words("nl");
const PASSPHRASE = "sluiswachter 41 knotwilg fluit otter";

let stack;
let browser;
let recovery;
let ada;
let tablet;

before(async () => {
  stack = await startStack();
  browser = await launch();
  ada = await Person.arrive(browser);
  recovery = await makeVault(ada, stack, PASSPHRASE);
  await addCard(ada, stack, "identity");
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const another = () => Person.arrive(browser, { viewport: { width: 820, height: 1180 } });

test("a new device gets the vault: by pasted code, digits, passphrase, yes", async () => {
  tablet = await another();
  const code = await showCode(tablet, stack, "my tablet", { ownKey: true });
  await tablet.page.getByText(t("join.waiting")).waitFor();
  await tablet.looksAt("join-code");
  await openAdd(ada);
  await ada.looksAt("device-add");
  await ada.type(t("device-add.text"), "openid4vp://?request_uri=https://x.example");
  await ada.press("button", t("device-add.go"));
  await ada.page.getByText(t("device-add.not-a-code")).waitFor();
  await pasteCode(ada, code);
  const digits = await readDigits(tablet);
  await tablet.looksAt("join-digits");
  await tablet.press("button", "Nederlands");
  await tablet.sees(nl("join.digits-title"));
  await tablet.looksAt("join-digits-nl");
  await tablet.press("button", "English");
  await ada.sees(t("device-add.digits-title"));
  await ada.page.getByText("my tablet").first().waitFor();
  await ada.looksAt("device-add-digits");
  // A mistyped passphrase ends nothing; fewer digits are not sent.
  await typeDigits(ada, digits.slice(0, 5), PASSPHRASE);
  await ada.page.getByText(t("device-add.digits-six")).waitFor();
  await typeDigits(ada, digits, "not my passphrase at all");
  await ada.page.getByText(t("problem.vault-wrong-secret.title")).waitFor();
  // As it is shown, with its space.
  await typeDigits(ada, `${digits.slice(0, 3)} ${digits.slice(3)}`, PASSPHRASE);
  await ada.sees(t("device-add.given-title"));
  await ada.looksAt("device-add-given");
  await tablet.press("button", t("join.digits-yes"));
  await tablet.sees(t("home.title"));
  await tablet.page.getByRole("link", { name: /Identity card/ }).first().waitFor();
});

test("the new device goes on by itself: with its own key, and with the passphrase", async () => {
  await tablet.press("button", t("nav.lock"));
  await tablet.sees(t("unlock.title"));
  await tablet.press("button", t("unlock.here"));
  await tablet.sees(t("home.title"));
  await tablet.press("button", t("nav.lock"));
  await unlock(tablet, PASSPHRASE);
  await tablet.sees(t("home.title"));
});

test("whoever has the vault open elsewhere hears of the new device", async () => {
  await ada.press("link", t("nav.home"));
  await ada.page.getByText(t("devices.news")).waitFor();
  await ada.page.getByText(/my tablet, since/).waitFor();
  await ada.looksAt("home-new-device");
  await ada.press("button", t("devices.news-known"));
  await ada.page.getByText(t("devices.news")).waitFor({ state: "detached" });
  await ada.page.reload();
  await unlock(ada, PASSPHRASE);
  await ada.sees(t("home.title"));
  assert.equal(await ada.page.getByText(t("devices.news")).count(), 0);
});

test("both devices are listed, the other one's name changes without loading again", async () => {
  await ada.page.goto(`${stack.base}/#/devices`);
  await ada.sees(t("devices.title"));
  const own = ada.page.getByText(t("devices.this-one"));
  await own.waitFor();
  await ada.page.getByRole("heading", { name: "my tablet" }).waitFor();
  assert.equal(await ada.page.locator("li.device").count(), 2);
  await ada.looksAt("devices");
  await tablet.page.goto(`${stack.base}/#/devices`);
  await tablet.sees(t("devices.title"));
  await tablet.page.locator("li.device").nth(1).waitFor();
  assert.equal(await tablet.page.locator("li.device").count(), 2);
  await tablet.page.getByText(t("devices.own-key")).waitFor();
  // What one does, the other shows, by itself.
  await ada.page.getByRole("link", { name: /my tablet/ }).click();
  await ada.sees("my tablet");
  await ada.looksAt("device");
  await ada.type(t("devices.called"), "kitchen tablet");
  await ada.press("button", t("ways.rename"));
  await ada.sees(t("devices.title"));
  await ada.page.getByText(t("devices.done-renamed")).first().waitFor();
  await tablet.page.getByRole("heading", { name: "kitchen tablet" }).waitFor();
});

test("a device can be removed: it is told and keeps nothing, the others unlock once more and keep all", async () => {
  const phone = await another();
  await pair(ada, phone, stack, PASSPHRASE, "phone");
  await tablet.page.goto(`${stack.base}/#/devices`);
  await ada.page.goto(`${stack.base}/#/devices`);
  await ada.sees(t("devices.title"));
  // In use: only from another one.
  await ada.page.locator("li.device", { has: ada.page.getByText(t("devices.this-one")) }).getByRole("link").click();
  await ada.page.getByText(t("devices.remove-elsewhere")).waitFor();
  await ada.page.goto(`${stack.base}/#/devices`);
  await ada.page.getByRole("link", { name: /kitchen tablet/ }).click();
  await ada.sees("kitchen tablet");
  await ada.press("button", t("devices.remove-start"));
  await ada.looksAt("device-remove");
  await ada.type(t("passphrase.label"), PASSPHRASE);
  await ada.press("button", t("devices.remove-yes"));
  await ada.sees(t("devices.title"));
  await ada.page.getByText(t("devices.done-removed")).first().waitFor();
  await ada.page.locator("li.device").first().waitFor();
  assert.equal(await ada.page.locator("li.device").count(), 2);
  await ada.looksAt("devices-removed");
  // Told at once, because it was open; its copy is gone from the browser.
  await tablet.sees(t("welcome.title"));
  await tablet.page.getByText(t("removed.title")).waitFor();
  await tablet.looksAt("removed");
  await tablet.press("button", "Nederlands");
  await tablet.page.getByText(nl("removed.title")).waitFor();
  await tablet.press("button", "English");
  const kept = () =>
    tablet.page.evaluate(async () => {
      const open = indexedDB.open("assent");
      const db = await new Promise((done) => (open.onsuccess = () => done(open.result)));
      const count = async (store) => new Promise((done) => (db.transaction(store).objectStore(store).count().onsuccess = (event) => done(event.target.result)));
      const counts = [await count("sealed"), await count("keys")];
      db.close();
      return counts;
    });
  assert.deepEqual(await kept(), [0, 0]);
  await tablet.page.reload();
  await tablet.sees(t("welcome.title"));
  // The phone goes on after one more unlocking.
  await phone.sees(t("again.title"));
  await phone.type(t("passphrase.label"), PASSPHRASE);
  await phone.press("button", t("unlock.go"));
  await phone.sees(t("home.title"));
  await phone.page.getByRole("link", { name: /Identity card/ }).first().waitFor();
  await ada.page.goto(`${stack.base}/#/`);
  await ada.page.getByRole("link", { name: /Identity card/ }).first().waitFor();
  await phone.leave();
});

test("a device that was locked when it was removed forgets the vault when it is next unlocked", async () => {
  const phone = await another();
  await pair(ada, phone, stack, PASSPHRASE, "old phone", { ownKey: true });
  await phone.press("button", t("nav.lock"));
  await phone.sees(t("unlock.title"));
  await ada.page.goto(`${stack.base}/#/devices`);
  await ada.page.getByRole("link", { name: /old phone/ }).click();
  await ada.press("button", t("devices.remove-start"));
  await ada.type(t("passphrase.label"), PASSPHRASE);
  await ada.press("button", t("devices.remove-yes"));
  await ada.sees(t("devices.title"));
  await phone.press("button", t("unlock.here"));
  await phone.sees(t("welcome.title"));
  await phone.page.getByText(t("removed.title")).waitFor();
  await phone.leave();
});

test("nothing of it is on the server, or readable in the browsers", async () => {
  await ada.press("button", t("nav.lock"));
  await ada.sees(t("unlock.title"));
  const canaries = { passphrase: PASSPHRASE, recovery: recovery.join("-"), "recovery without dashes": recovery.join(""), ...cardValues() };
  for (const person of [ada, tablet]) await insistOnNoneInBrowser(person.page, canaries);
  await insistOnNone(stack, { ...canaries, "name of a device": "my tablet", "its other name": "kitchen tablet" });
  assert.deepEqual([...ada.complaints, ...tablet.complaints].filter((text) => !/Failed to load resource/.test(text)), []);
});
