// A slow connection, and a person who goes on meanwhile: what comes late changes nothing that it should not, and nothing that
// was typed or chosen is lost.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { startStack, until } from "../src/stack.mjs";
import { addCard, makeOffer, makeVault, pasteLink, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const nl = words("nl");
const PASSPHRASE = "scheepshelling 47 bosbes anker wolk";
const COMMITS = /\/commits$/;

let stack;
let browser;
let iris;

before(async () => {
  stack = await startStack();
  browser = await launch();
  iris = await Person.arrive(browser, { serviceWorkers: "block" });
  // Downloads are kept without asking where.
  await iris.context.addInitScript(() => delete globalThis.showSaveFilePicker);
  await makeVault(iris, stack, PASSPHRASE);
  await addCard(iris, stack, "residence");
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const go = (person, hash) => person.page.goto(`${stack.base}/${hash}`);

/** Holds back what goes to these addresses; gives how to wait for the first of them, and how to let them go. */
async function holdBack(person, requests) {
  let release;
  let first;
  const released = new Promise((done) => (release = done));
  const asked = new Promise((done) => (first = done));
  await person.context.route(requests, (route) => (first(), released.then(() => route.continue())));
  return { asked, letGo: release };
}

/** What a screen reader was told last. */
const said = (person) => person.page.locator("[aria-live=polite]").innerText();
const wasSaid = (person, key, words = t) => until(`"${key}" to be said`, async () => words(key).test(await said(person)));

test("an offer is read in the language that is chosen on its screen", async () => {
  const { link } = await makeOffer(stack, "identity");
  await pasteLink(iris, stack, link);
  await iris.sees(t("offer.title"));
  await iris.page.getByRole("heading", { level: 3, name: /Identity card/ }).waitFor();
  await iris.press("button", "Nederlands");
  await iris.sees(nl("offer.title"));
  await iris.page.getByRole("heading", { level: 3, name: /Identiteitskaart/ }).waitFor();
  await iris.press("button", "English");
  await iris.page.getByRole("heading", { level: 3, name: /Identity card/ }).waitFor();
});

test("a card on its way cannot be refused any more", async () => {
  const { link } = await makeOffer(stack, "identity");
  await pasteLink(iris, stack, link);
  await iris.sees(t("offer.title"));
  const held = await holdBack(iris, /\/issuer\/credential$/);
  await iris.press("button", t("offer.accept"));
  await held.asked;
  // The button says that it does nothing now, which keeps no finger from it.
  await iris.page.getByRole("button", { name: t("offer.refuse") }).click({ force: true });
  held.letGo();
  await iris.sees(t("offer.done"));
  await go(iris, "#/add");
  await iris.sees(t("add.title"));
});

test("of two languages chosen one after the other, the last one stays", async () => {
  const loaded = await Person.arrive(browser, { serviceWorkers: "block" });
  await go(loaded, "");
  await loaded.sees(t("welcome.title"));
  const held = await holdBack(loaded, /\/assets\/nl-[^/]*\.js$/);
  await loaded.press("button", "Nederlands");
  await held.asked;
  await loaded.press("button", "English");
  const arrived = loaded.page.waitForResponse(/\/assets\/nl-[^/]*\.js$/).then((response) => response.finished());
  held.letGo();
  await arrived;
  // Long enough for what was loaded to be used.
  await loaded.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  await loaded.sees(t("welcome.title"));
  assert.equal(await loaded.page.evaluate(() => document.documentElement.lang), "en");
  await loaded.leave();
});

test("a language whose texts cannot be had changes nothing, and can be chosen again", async () => {
  const offline = await Person.arrive(browser, { serviceWorkers: "block" });
  await go(offline, "");
  await offline.sees(t("welcome.title"));
  const lost = /\/assets\/nl-[^/]*\.js$/;
  await offline.context.route(lost, (route) => route.abort());
  const failed = offline.page.waitForEvent("requestfailed");
  await offline.press("button", "Nederlands");
  await failed;
  await offline.context.unroute(lost);
  await offline.page.reload();
  await offline.sees(t("welcome.title"));
  await offline.press("button", "Nederlands");
  await offline.sees(nl("welcome.title"));
  assert.deepEqual(offline.complaints.filter((text) => !/Failed to load resource/.test(text)), []);
  await offline.leave();
});

test("an app whose texts do not come says so", async () => {
  const nobody = await Person.arrive(browser, { serviceWorkers: "block" });
  await nobody.context.route(/\/assets\/en-[^/]*\.js$/, (route) => route.abort());
  await go(nobody, "");
  await nobody.page.getByText("Check your connection and load this page again").waitFor();
  await nobody.leave();
});

test("what is typed into a form stays when the language is changed", async () => {
  await go(iris, "#/detailedit/new/email");
  await iris.sees(t("detailedit.new"));
  const field = iris.page.locator("#part-value");
  await field.fill("iris@bibliotheek.example");
  await iris.press("button", "Nederlands");
  await iris.sees(nl("detailedit.new"));
  // What the form is drawn anew from is asked for before this, in the same queue.
  await go(iris, "#/detailedit/new/email");
  assert.equal(await field.inputValue(), "iris@bibliotheek.example");
  await iris.press("button", "English");
  await iris.sees(t("detailedit.new"));
});

test("a form that is saved late does not take the person out of where they are by then", async () => {
  await go(iris, "#/detailedit/new/email");
  await iris.sees(t("detailedit.new"));
  await iris.page.locator("#part-value").fill("iris@bibliotheek.example");
  const held = await holdBack(iris, COMMITS);
  await iris.press("button", t("detailedit.save"));
  await held.asked;
  await iris.press("link", t("nav.details"));
  await iris.sees(t("details.title"));
  held.letGo();
  await wasSaid(iris, "detailedit.saved");
  await iris.sees(t("details.title"));
});

test("two settings chosen one after the other are both kept", async () => {
  await go(iris, "#/settings");
  await iris.sees(t("settings.title"));
  const held = await holdBack(iris, COMMITS);
  await iris.page.getByLabel(t("settings.theme")).selectOption("dark");
  await held.asked;
  await iris.page.getByLabel(t("settings.auto-lock")).selectOption("10");
  held.letGo();
  await wasSaid(iris, "settings.saved");
  await go(iris, "#/ways");
  await iris.sees(t("ways.title"));
  await go(iris, "#/settings");
  await iris.sees(t("settings.title"));
  assert.equal(await iris.page.getByLabel(t("settings.auto-lock")).inputValue(), "10");
});

test("nothing is said again of a search on another screen", async () => {
  await go(iris, "#/history");
  await iris.sees(t("history.title"));
  await iris.type(t("history.search"), "card");
  await iris.press("button", t("history.go"));
  await wasSaid(iris, "history.found");
  await go(iris, "#/sharing");
  await iris.sees(t("sharing.title"));
  await iris.press("button", "Nederlands");
  await iris.sees(nl("sharing.title"));
  assert.doesNotMatch(await said(iris), nl("history.found"));
  await iris.press("button", "English");
  await iris.sees(t("sharing.title"));
});

test("who asks again for what could not be had goes on with the keyboard where it then is", async () => {
  await go(iris, "#/sign-ins");
  await iris.sees(t("sign-in.title"));
  await go(iris, "#/history");
  await iris.sees(t("history.title"));
  await iris.context.setOffline(true);
  await go(iris, "#/sign-ins");
  await iris.page.getByRole("button", { name: t("common.retry") }).waitFor();
  await iris.context.setOffline(false);
  await iris.page.getByRole("button", { name: t("common.retry") }).press("Enter");
  await iris.page.getByRole("heading", { level: 2, name: t("sign-in.linked-title") }).waitFor();
  await until("the focus to be on the screen", () => iris.page.evaluate(() => document.activeElement?.tagName === "H1"));
});

test("the same words are said again when the same thing is done again, and nothing of it once the vault is locked", async () => {
  await go(iris, "#/settings");
  await iris.sees(t("settings.title"));
  const changes = () =>
    iris.page.evaluate(() => {
      const place = document.querySelector("[aria-live=polite]");
      return new Promise((done) => new MutationObserver(() => done(place.textContent)).observe(place, { childList: true, characterData: true, subtree: true }));
    });
  for (const minutes of ["5", "10"]) {
    const heard = changes();
    await iris.page.getByLabel(t("settings.auto-lock")).selectOption(minutes);
    assert.match(await heard, t("settings.saved"));
  }
  await iris.press("button", t("nav.lock"));
  await iris.sees(t("unlock.title"));
  assert.equal(await said(iris), "");
});

test("a connection that goes while the app still begins is seen to be gone", async () => {
  const held = await holdBack(iris, /\/assets\/(en|nl)-[^/]*\.js$/);
  await iris.page.reload({ waitUntil: "commit" });
  await held.asked;
  // What a browser does that loses its connection. The rest of the app must still come.
  await iris.page.evaluate(() => {
    Object.defineProperty(navigator, "onLine", { get: () => false });
    dispatchEvent(new Event("offline"));
  });
  held.letGo();
  await unlock(iris, PASSPHRASE);
  await iris.page.getByText(t("common.offline")).waitFor();
});

test("a file chosen while another one is being opened is the one that is shown", async () => {
  await iris.page.reload();
  await go(iris, "#/take-out");
  await unlock(iris, PASSPHRASE);
  await iris.sees(t("take-out.title"));
  await iris.page.locator("input[value=backup]").check();
  await iris.type(t("take-out.passphrase"), PASSPHRASE);
  await iris.type(t("passphrase.repeat"), PASSPHRASE);
  const saved = iris.page.waitForEvent("download", { timeout: 60_000 });
  await iris.press("button", t("take-out.make"));
  const backup = await (await saved).path();
  // Loaded anew, so that what opens files has to come first.
  await iris.page.reload();
  await unlock(iris, PASSPHRASE);
  const held = await holdBack(iris, /assent_transfer/);
  await go(iris, "#/bring-in");
  await iris.sees(t("bring-in.title"));
  const choose = iris.page.getByLabel(new RegExp(`${t("bring-in.choose").source}|${t("bring-in.choose-other").source}`));
  await choose.setInputFiles({ name: "shopping.txt", mimeType: "text/plain", buffer: Buffer.from("bread, cheese\n") });
  await held.asked;
  await choose.setInputFiles(backup);
  held.letGo();
  await iris.page.getByLabel(t("bring-in.passphrase")).waitFor();
});

test("a tab that the browser has put to sleep does not keep the vault from another one", async () => {
  // Such a tab holds on to the vault and hears nothing.
  const asleep = await iris.context.newPage();
  await iris.page.goto("about:blank");
  await asleep.goto(`${stack.base}/sandbox`);
  await asleep.evaluate(() => new Promise((held) => void navigator.locks.request("assent-vault", () => (held(), new Promise(() => {}))).catch(() => undefined)));
  await go(iris, "");
  await iris.sees(t("tabs.busy"));
  await iris.press("button", t("tabs.use-here"));
  await unlock(iris, PASSPHRASE);
  await iris.sees(t("home.title"));
  assert.deepEqual(iris.complaints.filter((text) => !/Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(text)), []);
});
