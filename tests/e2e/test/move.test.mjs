// A vault moves from one server to another in a sealed file, and everything goes on there; other forms of the same data; and
// what an erasure leaves.
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNoneInBrowser } from "../src/canary.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack, until } from "../src/stack.mjs";
import { addCard, ask, makeVault, pasteLink, share, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const nl = words("nl");
const [HERE, THERE, SEAL] = ["kraanvogel 58 moeras ketel", "zeilboot 21 hagel pioen", "reiskoffer 77 eikel dimlicht"];

let here;
let there;
let browser;
let kim;
let moved;
const files = {};

before(async () => {
  here = await startStack();
  there = await startStack({ trusting: here });
  browser = await launch();
  kim = await Person.arrive(browser);
  moved = await Person.arrive(browser);
  await makeVault(kim, here, HERE);
  await addCard(kim, here, "identity");
  await addCard(kim, here, "residence");
  await kim.page.goto(`${here.libraryOrigin}/`);
  await kim.press("button", /16/);
  await kim.press("button", "On this device");
  await unlock(kim, HERE);
  await kim.sees(t("request.title"));
  await share(kim);
  await kim.sees(t("result.shared"));
});

after(async () => {
  await browser?.close();
  await Promise.all([here?.stop(), there?.stop()]);
});

async function go(person, stack, screen, title) {
  await person.page.goto(`${stack.base}/#/${screen}`);
  await person.sees(title);
}

/** Takes data out in a form; the bytes of the file. */
async function takeOut(person, stack, form, sealed = false) {
  // From elsewhere: the screen remembers the file that was made last.
  await go(person, stack, "settings", t("settings.title"));
  await go(person, stack, "take-out", t("take-out.title"));
  await person.page.locator(`input[value=${form}]`).check();
  if (sealed) {
    await person.type(t("take-out.passphrase"), SEAL);
    await person.type(t("passphrase.repeat"), SEAL);
  }
  const [kept] = await Promise.all([person.page.waitForEvent("download", { timeout: 90_000 }), person.press("button", t("take-out.make"))]);
  await person.page.getByText(t("take-out.made")).first().waitFor();
  const path = join(here.data, kept.suggestedFilename());
  await kept.saveAs(path);
  return path;
}

/** Chooses a file to bring in, with its passphrase when it is sealed. */
async function open(person, path, passphrase) {
  await person.page.getByLabel(new RegExp(`${t("bring-in.choose").source}|${t("bring-in.choose-other").source}`)).setInputFiles(path);
  if (passphrase === undefined) return;
  await person.page.getByLabel(t("bring-in.passphrase")).fill(passphrase);
  await person.press("button", t("bring-in.open"));
}

test("takes everything out: four forms, each with what is in it and who can read it", async () => {
  await kim.page.goto(`${here.base}/#/settings`);
  await kim.sees(t("settings.title"));
  await kim.looksAt("settings-data");
  await kim.press("link", t("take-out.title"));
  await kim.sees(t("take-out.title"));
  await kim.looksAt("take-out");
  // A passphrase that is too short, or not the same twice, seals nothing.
  await kim.press("button", t("take-out.make"));
  await kim.page.locator("[aria-invalid=true]").first().waitFor();
  await kim.press("button", "Nederlands");
  await kim.sees(nl("take-out.title"));
  await kim.looksAt("take-out-nl");
  await kim.press("button", "English");

  files.backup = await takeOut(kim, here, "backup", true);
  assert.match(files.backup, /assent-\d{4}-\d\d-\d\d\.tar\.age$/);
  await kim.looksAt("take-out-done");
  files.exchange = await takeOut(kim, here, "exchange", true);
  files.json = await takeOut(kim, here, "json");
  files.html = await takeOut(kim, here, "html");
  const text = (form) => readFileSync(files[form], "latin1");
  assert.ok(text("backup").startsWith("age-encryption.org/v1\n-> scrypt "));
  assert.match(text("exchange"), /^[\w-]+(\.[\w-]+){4}$/);
  for (const value of [cardValues()["given name"], "City Library"]) {
    for (const sealed of ["backup", "exchange"]) assert.ok(!text(sealed).includes(value));
    for (const plain of ["json", "html"]) assert.ok(text(plain).includes(value), `${plain} lacks ${value}`);
  }
});

test("data to read say what the vault shows, and the page is accessible and has no scripts", async () => {
  const data = JSON.parse(readFileSync(files.json, "utf8"));
  const html = readFileSync(files.html, "utf8");
  assert.equal(data.cards.length, 2);
  assert.equal(data.sharing.length, 1);
  assert.equal(data.receipts.length, 1);
  await kim.page.evaluate(() => (location.hash = "#/"));
  await kim.sees(t("home.title"));
  await kim.page.locator("a[href^='#/card/']").first().waitFor();
  for (const link of await kim.page.locator("a[href^='#/card/']").all()) {
    const id = decodeURIComponent((await link.getAttribute("href")).replace("#/card/", ""));
    const card = data.cards.find((card) => card.id === id);
    assert.ok(card && html.includes(card.name), id);
  }
  for (const value of Object.entries(cardValues())) {
    if (value[0] !== "photo") assert.ok(html.includes(value[1]) || JSON.stringify(data).includes(value[1]), value[0]);
  }
  assert.doesNotMatch(html, /<script|javascript:|onload|onerror/i);
  const reader = await Person.arrive(browser);
  await reader.page.goto(`file://${files.html}`);
  await reader.looksAt("my-data-page");
  assert.deepEqual(reader.complaints, []);
  await reader.leave();
});

test("moves to another server: preview first, a wrong passphrase opens nothing, then all of it", async () => {
  await makeVault(moved, there, THERE);
  await go(moved, there, "bring-in", t("bring-in.title"));
  await moved.looksAt("bring-in");
  await open(moved, files.backup, "not the passphrase");
  await moved.page.getByText(t("problem.transfer-wrong-passphrase.title")).waitFor({ timeout: 90_000 });
  await moved.looksAt("bring-in-wrong-passphrase");
  await moved.page.getByLabel(t("bring-in.passphrase")).fill(SEAL);
  await moved.press("button", t("bring-in.open"));
  await moved.page.getByRole("heading", { name: t("bring-in.inside") }).waitFor({ timeout: 90_000 });
  assert.equal(await moved.page.getByText(t("bring-in.fate-new")).count(), 2);
  await moved.looksAt("bring-in-preview");
  // Nothing has changed yet.
  const before = await moved.page.evaluate(() => document.querySelector("h1")?.textContent);
  assert.match(before, t("bring-in.title"));
  await moved.page.getByRole("checkbox").filter({ visible: true }).last().check();
  await moved.press("button", t("bring-in.do"));
  await moved.page.getByText(t("bring-in.done")).first().waitFor({ timeout: 60_000 });
  await moved.looksAt("bring-in-done");
  await moved.press("link", t("result.home"));
  await moved.sees(t("home.title"));
  await moved.page.locator("a[href^='#/card/']").first().waitFor();
  assert.equal(await moved.page.locator("a[href^='#/card/']").count(), 2);

  // Again: nothing comes twice.
  await go(moved, there, "bring-in", t("bring-in.title"));
  await open(moved, files.backup, SEAL);
  await moved.page.getByText(t("bring-in.nothing")).first().waitFor({ timeout: 90_000 });
});

test("goes on there: presents a card, has history and receipt, and stops the sharing that was made here", async () => {
  const body = { dcql_query: { credentials: [{ id: "a", format: "dc+sd-jwt", meta: { vct_values: ["urn:eudi:pid:1"] }, claims: [{ path: ["given_name"] }] }] } };
  const made = await ask(there, body);
  await pasteLink(moved, there, made.links.same_device);
  await moved.sees(t("request.title"));
  await share(moved);
  await moved.sees(t("result.shared"));
  const answer = await fetch(`${there.base}/v1/presentations/${made.transaction_id}`, { headers: { authorization: `Bearer ${there.serviceKey()}` } });
  assert.equal((await answer.json()).credentials[0].claims.given_name, cardValues()["given name"]);

  await go(moved, there, "history", t("history.title"));
  await moved.page.locator("main").getByRole("link", { name: /City Library/i }).first().waitFor();
  await go(moved, there, "sharing", t("sharing.title"));
  await moved.page.locator("a[href^='#/stop/']").first().click();
  await moved.sees(t("stop.title"));
  await moved.press("button", t("sharing.stop"));
  await moved.page.getByText(t("stop.confirmed")).first().waitFor();
});

test("the exchange format brings the history, and names the cards to ask for again", async () => {
  const lou = await Person.arrive(browser);
  await makeVault(lou, there, THERE);
  await go(lou, there, "bring-in", t("bring-in.title"));
  await open(lou, files.exchange, SEAL);
  await lou.page.getByRole("heading", { name: t("bring-in.inside") }).waitFor({ timeout: 90_000 });
  assert.equal(await lou.page.getByText(t("bring-in.fate-again")).count(), 2);
  await lou.press("button", t("bring-in.do"));
  await lou.page.getByRole("heading", { name: t("bring-in.again") }).waitFor();
  await lou.looksAt("bring-in-again");
  await go(lou, there, "history", t("history.title"));
  await lou.page.locator("main").getByRole("link", { name: /City Library/i }).first().waitFor();
  // Something else is no file of this kind, in words.
  writeFileSync(join(here.data, "other.bin"), "PK\u0003\u0004");
  await go(lou, there, "bring-in", t("bring-in.title"));
  await open(lou, join(here.data, "other.bin"));
  await lou.page.getByText(t("problem.transfer.title")).waitFor();
  // The browser keeps nothing of it in the clear.
  await insistOnNoneInBrowser(lou.page, { library: "City Library", seal: SEAL });
  await lou.leave();
});

test("works without a network: the part that makes files is kept with the app", async () => {
  const mia = await Person.arrive(browser);
  await makeVault(mia, there, THERE);
  await mia.page.evaluate(() => navigator.serviceWorker.ready);
  await until("the app to be kept", () =>
    mia.page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).length))).some((count) => count > 5)),
  );
  await mia.page.reload();
  await unlock(mia, THERE);
  await mia.sees(t("home.title"));
  await mia.context.setOffline(true);
  await mia.page.evaluate(() => (location.hash = "#/take-out"));
  await mia.sees(t("take-out.title"));
  await mia.page.locator("input[value=json]").check();
  const [kept] = await Promise.all([mia.page.waitForEvent("download"), mia.press("button", t("take-out.make"))]);
  assert.equal(JSON.parse(readFileSync(await kept.path(), "utf8")).format, "assent-my-data/1");
  await mia.leave();
});

test("an erased vault is gone at the server, and yesterday's backup of its database opens nothing", async () => {
  const address = await (async () => {
    await kim.page.goto(`${here.base}/#/settings`);
    await kim.sees(t("settings.title"));
    return (await kim.page.locator(".address").first().textContent()).trim();
  })();
  // The operator's backup: of the database, not of the key store.
  const server = join(here.data, "server");
  await here.server.stop();
  const kept = readdirSync(server).filter((name) => /\.(db|sqlite)/.test(name) && !name.startsWith("keys"));
  assert.ok(kept.length > 0 && existsSync(join(server, "keys.db")), readdirSync(server).join(" "));
  for (const name of kept) cpSync(join(server, name), join(here.data, `backup-${name}`));
  await here.server.start();

  await go(kim, here, "erase", t("settings.delete"));
  await kim.press("button", t("settings.delete"));
  await kim.looksAt("erase");
  await kim.type(t("settings.delete-type"), "delete");
  await kim.press("button", t("settings.delete-yes"));
  await kim.sees(t("welcome.title"));
  // Keys go within a minute.
  await new Promise((done) => setTimeout(done, 65_000));
  await here.server.stop();
  for (const name of kept) cpSync(join(here.data, `backup-${name}`), join(server, name));
  await here.server.start();
  const thief = await Person.arrive(browser);
  await thief.page.goto(`${here.base}/#/open`);
  await thief.type(t("open.address"), address);
  await thief.type(t("passphrase.label"), HERE);
  await thief.press("button", t("open.go"));
  await thief.page.getByRole("alert").first().waitFor();
  assert.equal(await thief.page.getByRole("heading", { level: 1, name: t("home.title") }).count(), 0);
  await thief.leave();
});
