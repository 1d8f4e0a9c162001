// Ways to unlock that are typed, and this browser's own key: changed, replaced and removed, on this device and on others.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { Keyboard } from "../src/keyboard.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, makeVaultAt, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const OLD = "merel 47 haven drijfzand kompas";
const NEW = "klaver 12 molensteen zwaluw dijk";
const NEWEST = "zolder 66 berkenlaan otter turf";

let stack;
let browser;
let sam;
let address;
let codes;
/** The same person in other browsers: one that is open all the time, one that is locked. */
let open;
let locked;

before(async () => {
  // Four browsers read the slots of one vault more often in these two minutes than people do in an hour.
  stack = await startStack({ settings: ["limits.unlocks_per_vault_per_minute = 400"] });
  browser = await launch();
  sam = await Person.arrive(browser);
  const made = await makeVaultAt(sam, stack, OLD);
  codes = [made.code];
  address = made.address;
  await addCard(sam, stack, "residence");
  [open, locked] = await Promise.all([another(), another()]);
  await locked.press("button", t("nav.lock"));
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const openElsewhere = async (person, secret, label = "passphrase.label") => {
  await person.page.goto(`${stack.base}/#/open`);
  await person.sees(t("open.title"));
  await person.type(t("open.address"), address);
  const byCode = person.page.getByRole("button", { name: t("unlock.use-code") });
  if (label === "recovery.label" && (await byCode.count()) > 0) await byCode.click();
  await person.type(t(label), secret);
  await person.press("button", t("open.go"));
};

/** Another browser, in which the vault is open. */
async function another() {
  const person = await Person.arrive(browser);
  await openElsewhere(person, OLD);
  await person.sees(t("home.title"));
  return person;
}

const toWays = async (person) => {
  await person.page.goto(`${stack.base}/#/ways`);
  await person.sees(t("ways.title"));
};
const refused = (person, code = "vault-wrong-secret") => person.page.getByText(t(`problem.${code}.title`)).waitFor();

test("a wrong proof changes nothing", async () => {
  await toWays(sam);
  await sam.press("link", "Change or remove: Passphrase");
  await sam.press("button", t("ways.change-passphrase"));
  await sam.type(t("ways.new-passphrase"), NEW);
  await sam.type(t("passphrase.repeat"), NEW);
  await sam.page.getByLabel(t("passphrase.label")).fill("not what it is");
  await sam.press("button", t("ways.change-passphrase"));
  await refused(sam);
  await sam.looksAt("way-wrong-proof");
});

test("a changed passphrase: the old one opens nothing any more, here and in other browsers", async () => {
  await sam.page.getByLabel(t("passphrase.label")).fill(OLD);
  // The service takes its time: what happens is told meanwhile, and that it is all or nothing. It does not answer at all: how
  // long a look takes must not matter, and the wallet does not wait for ever.
  let giveUp;
  const held = new Promise((done) => (giveUp = done));
  await sam.context.route(/\/commits$/, (route) => held.then(() => route.abort().catch(() => undefined)));
  await sam.press("button", t("ways.change-passphrase"));
  await sam.page.locator("li[aria-current=step]").getByText(t("ways.step-send")).waitFor();
  await sam.page.getByText(t("ways.all-or-nothing")).waitFor();
  await sam.looksAt("way-working");
  giveUp();
  await refused(sam, "vault-service-unreachable");
  await sam.context.unrouteAll({ behavior: "wait" });
  await sam.press("button", t("ways.change-passphrase"));
  await sam.sees(t("ways.title"));
  const notice = sam.page.locator(".notice");
  await notice.getByText(t("ways.done-changed")).waitFor();
  await notice.getByText(t("ways.others")).waitFor();

  // The browser that is open notices by itself, and says what to do.
  await open.sees(t("again.title"));
  await open.page.getByText(t("again.lead")).waitFor();
  await open.looksAt("unlock-again");
  await open.type(t("passphrase.label"), OLD);
  await open.press("button", t("unlock.go"));
  await refused(open);
  await open.type(t("passphrase.label"), NEW);
  await open.press("button", t("unlock.go"));
  await open.sees(t("home.title"));
  await open.page.getByRole("link", { name: /Residence card/ }).first().waitFor();

  await unlock(locked, OLD);
  await refused(locked);
  await unlock(locked, NEW);
  await locked.sees(t("home.title"));
  const fresh = await Person.arrive(browser);
  await openElsewhere(fresh, OLD);
  await refused(fresh);
  await openElsewhere(fresh, NEW);
  await fresh.sees(t("home.title"));
  await fresh.leave();
  await sam.press("button", t("nav.lock"));
  await unlock(sam, OLD);
  await refused(sam);
  await unlock(sam, NEW);
  await sam.sees(t("home.title"));
  await toWays(sam);
});

test("a replaced recovery code is shown once and typed back; the old one is refused from then on", async () => {
  await sam.press("link", "Change or remove: Recovery code");
  await sam.press("link", t("ways.replace-code"));
  await sam.sees(t("ways.add-title-code"));
  await sam.type(t("passphrase.label"), NEW);
  await sam.press("button", t("ways.go-on"));
  await sam.sees(t("recovery.title-new"));
  await sam.looksAt("code-new");
  const items = await sam.page.locator("ol.code li").allInnerTexts();
  const groups = items.map((text) => text.replace(/^\s*\d+\s*\n?/, "").trim());
  assert.notDeepEqual(groups, codes[0]);
  codes.push(groups);

  // Until it is typed back the old one works.
  const early = await Person.arrive(browser);
  await openElsewhere(early, codes[0].join(" "), "recovery.label");
  await early.sees(t("home.title"));
  await early.leave();

  await sam.press("button", t("recovery.written"));
  await sam.sees(t("confirm.title"));
  await sam.page.getByText(t("confirm.lead-new")).waitFor();
  for (const field of await sam.page.getByLabel(t("confirm.group")).all()) {
    const label = await field.evaluate((input) => input.labels[0].textContent);
    await field.fill(groups[Number(label.match(/\d+/)[0]) - 1]);
  }
  await sam.looksAt("code-new-confirm");
  await sam.press("button", t("confirm.done"));
  await sam.sees(t("ways.title"));
  await sam.page.locator(".notice").getByText(t("ways.done-code")).waitFor();

  const late = await Person.arrive(browser);
  await openElsewhere(late, codes[0].join(" "), "recovery.label");
  await refused(late);
  await openElsewhere(late, codes[1].join(" "), "recovery.label");
  await late.sees(t("home.title"));
  await late.leave();
});

test("this browser's own key opens with one press and nothing typed; removed elsewhere, it says so", async () => {
  await sam.press("link", t("ways.add-device"));
  await sam.sees(t("ways.add-title-device"));
  await sam.page.getByText(t("ways.device-not")).waitFor();
  await sam.type(t("passphrase.label"), NEW);
  await sam.looksAt("add-device");
  await sam.press("button", t("ways.go-on"));
  await sam.sees(t("ways.title"));
  await sam.page.getByText(t("ways.this-device")).waitFor();
  // Nobody can take it out of the browser, not even a script of this site.
  const kept = await sam.page.evaluate(async () => {
    const db = await new Promise((done) => (indexedDB.open("assent").onsuccess = (event) => done(event.target.result)));
    const { key } = await new Promise((done) => (db.transaction("keys").objectStore("keys").get("device").onsuccess = (event) => done(event.target.result)));
    db.close();
    const tries = ["jwk", "pkcs8", "raw"].map((format) => crypto.subtle.exportKey(format, key).then(() => format, () => "refused"));
    return { extractable: key.extractable, type: key.type, tries: await Promise.all(tries) };
  });
  assert.deepEqual(kept, { extractable: false, type: "private", tries: ["refused", "refused", "refused"] });
  await sam.press("button", t("nav.lock"));
  await sam.sees(t("unlock.title"));
  await sam.looksAt("unlock-here");
  sam.startCounting();
  await sam.press("button", t("unlock.here"));
  await sam.sees(t("home.title"));
  assert.equal(sam.actions, 1);
  await sam.press("button", t("nav.lock"));
  await sam.sees(t("unlock.title"));

  await unlockAgain(locked);
  await toWays(locked);
  await locked.press("link", /Change or remove: .*own key/i);
  await locked.press("button", t("ways.remove-start"));
  await locked.type(t("passphrase.label"), NEW);
  await locked.press("button", t("ways.remove-yes"));
  await locked.sees(t("ways.title"));
  await locked.page.locator("li.way").first().waitFor();
  assert.deepEqual(await locked.page.locator("li.way h2").allInnerTexts(), ["Passphrase", "Recovery code"]);
  await sam.press("button", t("unlock.here"));
  await sam.page.getByText(t("problem.device-key-gone.title")).waitFor();
  await sam.looksAt("unlock-here-gone");
  await unlock(sam, NEW);
  await sam.sees(t("home.title"));
  await toWays(sam);
  await sam.page.getByRole("link", { name: t("ways.add-device") }).waitFor();
  await sam.press("button", t("nav.lock"));
  await sam.sees(t("unlock.title"));
  assert.equal(await sam.page.getByRole("button", { name: t("unlock.here") }).count(), 0, "the key that opens nothing is gone");
  await unlock(sam, NEW);
  await sam.sees(t("home.title"));
  await toWays(sam);
});

/** Each change of keys asks the other browsers once more. */
async function unlockAgain(person) {
  await person.sees(t("again.title"));
  await person.type(t("passphrase.label"), NEW);
  await person.press("button", t("unlock.go"));
  // Where they were.
  await person.page.getByRole("button", { name: t("nav.lock") }).waitFor();
}

test("new keys on request: everything still opens, and the others are asked once more", async () => {
  await sam.page.getByText(t("ways.new-keys")).click();
  await sam.type(t("passphrase.label"), NEW);
  await sam.looksAt("ways-new-keys");
  await sam.press("button", t("ways.new-keys-go"));
  await sam.page.locator("details").getByText(t("ways.done-keys")).waitFor();
  await unlockAgain(locked);
  await locked.press("link", t("nav.home"));
  await locked.page.getByRole("link", { name: /Residence card/ }).first().waitFor();
});

test("a screen that cannot be loaded says so, and comes with the connection", async () => {
  const liv = await Person.arrive(browser, { serviceWorkers: "block" });
  await openElsewhere(liv, NEW);
  await liv.sees(t("home.title"));
  await liv.context.route(/\/assets\/Ways-.*\.js$/, (route) => route.abort());
  await liv.page.goto(`${stack.base}/#/ways`);
  await liv.sees(t("problem.screen-not-loaded.title"));
  await liv.looksAt("screen-not-loaded");
  await liv.context.unrouteAll();
  await liv.press("button", t("common.retry"));
  await unlock(liv, NEW);
  await liv.sees(t("ways.title"));
  await liv.leave();
});

test("by keyboard alone, in Dutch: change the passphrase", async () => {
  const nl = words("nl");
  await sam.press("button", "Nederlands");
  await sam.sees(nl("ways.title"));
  for (const screen of ["ways", "add-way/passkey", "add-way/device", "add-way/code"]) {
    await sam.page.goto(`${stack.base}/#/${screen}`);
    await sam.page.getByRole("heading", { level: 1 }).waitFor();
    await sam.page.locator("form, li.way").first().waitFor();
    await sam.looksAt(`nl-${screen.replace("/", "-")}`);
  }
  await sam.page.goto(`${stack.base}/#/ways`);
  await sam.sees(nl("ways.title"));
  const keys = new Keyboard(sam);
  await keys.goesRound("ways");
  await keys.to("link", /verwijderen: Wachtzin/);
  await keys.press("Enter");
  await sam.sees("Wachtzin");
  await keys.to("button", nl("ways.change-passphrase"));
  await keys.press("Enter");
  await keys.toField(nl("ways.new-passphrase"));
  await keys.type(NEWEST);
  await keys.toField(nl("passphrase.repeat"));
  await keys.type(NEWEST);
  await keys.toField(nl("passphrase.label"));
  await keys.type(NEW);
  await keys.goesRound("way");
  await sam.looksAt("nl-way-change");
  await keys.toField(nl("passphrase.label"));
  await keys.press("Enter");
  await sam.sees(nl("ways.title"));
  await sam.page.locator(".notice").getByText(nl("ways.done-changed")).waitFor();
  assert.ok(keys.looked > 40, `looked at the focus ${keys.looked} times`);
});

test("nothing of it is on the server", async () => {
  const people = [sam, open, locked];
  assert.deepEqual(people.flatMap(({ complaints }) => complaints).filter((text) => !/Failed to load resource/.test(text)), []);
  await insistOnNone(stack, { OLD, NEW, NEWEST, first: codes[0].join(""), second: codes[1].join("-"), "second without dashes": codes[1].join("") });
});
