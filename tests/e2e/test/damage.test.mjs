// What a device keeps of the vault gets damaged. Nothing is deleted in silence, and there is always a way on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, makeVault, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "ratel 12 oever kaneel vuurtoren";

let stack;
let browser;
let dina;
let address;

before(async () => {
  stack = await startStack();
  browser = await launch();
  dina = await Person.arrive(browser);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Changes what is kept, while nobody has the vault open, and loads the page again. */
async function damage(person, change) {
  await person.page.goto(`${stack.base}/sandbox`);
  await person.page.evaluate(async (change) => {
    const done = (request) => new Promise((yes, no) => ((request.onsuccess = () => yes(request.result)), (request.onerror = no)));
    const db = await done(indexedDB.open("assent"));
    const store = () => db.transaction("sealed", "readwrite").objectStore("sealed");
    const kept = await done(store().get("vault"));
    const middle = Math.floor(kept.length / 2);
    if (change === "flip") kept[middle] ^= 1;
    await done(store().put(change === "flip" ? kept : change === "cut" ? kept.slice(0, middle) : "not bytes", "vault"));
    db.close();
  }, change);
  await person.page.goto(`${stack.base}/`);
}

/** The kind of what is kept now. */
function kept(person) {
  return person.page.evaluate(async () => {
    const done = (request) => new Promise((yes) => (request.onsuccess = () => yes(request.result)));
    const db = await done(indexedDB.open("assent"));
    const value = await done(db.transaction("sealed").objectStore("sealed").get("vault"));
    db.close();
    return typeof value;
  });
}

test("a copy cut short is said in words, and the vault opens from its service", async () => {
  await makeVault(dina, stack, PASSPHRASE);
  await addCard(dina, stack, "residence");
  await dina.press("link", t("nav.settings"));
  address = (await dina.page.locator(".address").innerText()).trim();
  await damage(dina, "cut");
  await dina.sees(t("damaged.title"));
  await dina.looksAt("damaged");
  assert.equal(await dina.page.getByLabel(t("open.address")).inputValue(), address, "the address could still be read");
  await dina.type(t("passphrase.label"), "not my passphrase");
  await dina.press("button", t("open.go"));
  await dina.page.getByText(t("problem.vault-wrong-secret.title")).waitFor();
  await dina.type(t("passphrase.label"), PASSPHRASE);
  await dina.press("button", t("open.go"));
  await dina.sees(t("home.title"));
  await dina.page.getByRole("link", { name: /Residence card/ }).waitFor();
});

test("damage that shows only when unlocking has a way out as well", async () => {
  await damage(dina, "flip");
  await unlock(dina, PASSPHRASE);
  await dina.press("button", t("fresh.go"));
  await dina.sees(t("fresh.title"));
  await dina.looksAt("fresh");
  await dina.type(t("passphrase.label"), PASSPHRASE);
  await dina.press("button", t("open.go"));
  await dina.sees(t("home.title"));
});

test("something that is no bytes of ours stays until the person gives it up", async () => {
  await damage(dina, "replace");
  await dina.sees(t("damaged.title"));
  await dina.page.reload();
  await dina.sees(t("damaged.title"));
  assert.equal(await kept(dina), "string");
  await dina.page.getByText(t("unlock.lost")).click();
  await dina.press("button", t("damaged.forget"));
  await dina.press("button", t("damaged.forget-no"));
  assert.equal(await kept(dina), "string");
  await dina.press("button", t("damaged.forget"));
  await dina.press("button", t("damaged.forget-yes"));
  await dina.sees(t("welcome.title"));
  assert.equal(await kept(dina), "undefined");
});
