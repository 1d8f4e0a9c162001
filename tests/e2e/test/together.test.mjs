// One vault on two devices and in two tabs at once: nothing is lost, and what happened is shown.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { pair } from "../src/devices.mjs";
import { startStack, until } from "../src/stack.mjs";
import { addCard, makeVault, pasteLink, share, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "waterlelie 18 stoomboot vlinder raam";

let stack;
let browser;
let cleo;
let dan;

before(async () => {
  stack = await startStack();
  browser = await launch();
  cleo = await Person.arrive(browser);
  await makeVault(cleo, stack, PASSPHRASE);
  await addCard(cleo, stack, "identity");
  await addCard(cleo, stack, "residence");
  dan = await Person.arrive(browser);
  await pair(cleo, dan, stack, PASSPHRASE, "the other one");
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Shares something with the library that can be stopped later. */
async function consent(person) {
  await person.page.goto(`${stack.libraryOrigin}/`);
  const link = await person.page.evaluate(async () => {
    const headers = { "content-type": "application/json", "x-request-consent": "1" };
    return (await (await fetch("/consent", { method: "POST", headers, body: JSON.stringify({ device: "same" }) })).json()).link;
  });
  await person.page.goto(`${stack.base}/`);
  await unlock(person, PASSPHRASE);
  await person.sees(t("home.title"));
  await pasteLink(person, stack, link);
  await person.sees(t("request.title"));
  await share(person);
  await person.sees(t("result.shared"));
}

const setAutoLock = async (person, minutes) => {
  await person.page.goto(`${stack.base}/#/settings`);
  await person.sees(t("settings.title"));
  await person.page.getByLabel(t("settings.auto-lock")).selectOption(String(minutes));
  await person.page.getByText(t("settings.saved")).first().waitFor();
};
const insistOnAutoLock = async (person, minutes) => {
  await person.page.goto(`${stack.base}/#/settings`);
  const field = person.page.getByLabel(t("settings.auto-lock"));
  await until(`auto-lock after ${minutes} minutes`, async () => (await field.inputValue()) === String(minutes));
};

test("what is done on one device is shown on the other without loading again", async () => {
  await consent(cleo);
  await dan.page.goto(`${stack.base}/#/sharing`);
  await dan.page.getByText("City Library of Voorbeeld").first().waitFor();
  await cleo.page.goto(`${stack.base}/#/devices`);
  await cleo.sees(t("devices.title"));
  await dan.page.goto(`${stack.base}/#/devices`);
  await dan.page.locator("li.device", { has: dan.page.getByText(t("devices.this-one")) }).getByRole("link").click();
  await dan.type(t("devices.called"), "Dan's laptop");
  await dan.press("button", t("ways.rename"));
  await cleo.page.getByRole("heading", { name: "Dan's laptop" }).waitFor();
});

test("offline here, busy there, and back: both changes are kept and shown on both", async () => {
  await cleo.page.goto(`${stack.base}/#/sharing`);
  await cleo.sees(t("sharing.title"));
  await cleo.context.setOffline(true);
  // Stops sharing without a connection: it waits on this device.
  await cleo.page.getByRole("link", { name: /^Stop sharing/ }).first().click();
  await cleo.press("button", t("sharing.stop"));
  await cleo.page.getByText(t("stop.queued")).first().waitFor();
  // Meanwhile the other one changes settings and the same list of devices.
  await setAutoLock(dan, 10);
  await dan.page.goto(`${stack.base}/#/devices`);
  await dan.page.locator("li.device").last().getByRole("link").click();
  await dan.type(t("devices.called"), "renamed meanwhile");
  await dan.press("button", t("ways.rename"));
  await dan.sees(t("devices.title"));
  await cleo.context.setOffline(false);
  await cleo.page.goto(`${stack.base}/#/settings`);
  await cleo.press("button", t("settings.sync"));
  await cleo.page.getByText(t("settings.synced")).first().waitFor();
  await insistOnAutoLock(cleo, 10);
  await cleo.page.goto(`${stack.base}/#/devices`);
  await cleo.page.getByRole("heading", { name: "renamed meanwhile" }).waitFor();
  await dan.page.goto(`${stack.base}/#/sharing`);
  await until("the other device to show that sharing stopped", async () => (await dan.page.getByRole("link", { name: /^Stop sharing/ }).count()) === 0);
});

test("both at the same moment: both are kept", async () => {
  await cleo.page.goto(`${stack.base}/#/settings`);
  await dan.page.goto(`${stack.base}/#/devices`);
  await dan.page.locator("li.device").first().getByRole("link").click();
  await dan.type(t("devices.called"), "at the same moment");
  await Promise.all([setAutoLock(cleo, 15), dan.press("button", t("ways.rename")).then(() => dan.sees(t("devices.title")))]);
  await cleo.page.goto(`${stack.base}/#/devices`);
  await cleo.page.getByRole("heading", { name: "at the same moment" }).waitFor();
  await insistOnAutoLock(dan, 15);
});

test("two tabs do not fight: one has the vault, the other says so and can take over with everything", async () => {
  const first = dan.page;
  const second = await dan.context.newPage();
  dan.use(second);
  await second.goto(`${stack.base}/`);
  await dan.sees(t("tabs.busy"));
  await dan.looksAt("tabs-busy");
  await dan.press("button", t("tabs.use-here"));
  await unlock(dan, PASSPHRASE);
  await dan.sees(t("home.title"));
  await first.getByRole("heading", { name: t("tabs.moved") }).waitFor();
  await insistOnAutoLock(dan, 15);
  await setAutoLock(dan, 5);
  await first.close();
});

test("what was typed in one tab waits there while the other one has the vault, and goes when the vault is locked", async () => {
  const field = (name) => dan.page.locator(`#part-${name}`);
  const first = dan.page;
  await first.goto(`${stack.base}/#/detailedit/new/bank_account`);
  await field("holder").fill("D. Voorbeeld");
  const second = await dan.context.newPage();
  dan.use(second);
  await second.goto(`${stack.base}/`);
  await dan.press("button", t("tabs.use-here"));
  await unlock(dan, PASSPHRASE);
  await dan.sees(t("home.title"));
  dan.use(first);
  await dan.sees(t("tabs.moved"));
  await dan.press("button", t("tabs.use-here"));
  await unlock(dan, PASSPHRASE);
  await dan.page.getByText(t("tabs.typed")).waitFor();
  assert.equal(await field("holder").inputValue(), "D. Voorbeeld");
  await dan.looksAt("detail-edit-typed");
  await second.close();
  // Taken away once more, then locked: nothing stays in a page whose vault was locked.
  const third = await dan.context.newPage();
  await third.goto(`${stack.base}/`);
  await third.getByRole("button", { name: t("tabs.use-here") }).click();
  await dan.sees(t("tabs.moved"));
  await dan.press("button", t("tabs.use-here"));
  await dan.sees(t("unlock.title"));
  await third.close();
  await unlock(dan, PASSPHRASE);
  await dan.page.getByText(t("tabs.typed")).waitFor();
  await dan.press("button", t("nav.lock"));
  await unlock(dan, PASSPHRASE);
  await dan.sees(t("home.title"));
  await dan.page.goto(`${stack.base}/#/detailedit/new/bank_account`);
  assert.equal(await field("holder").inputValue(), "");
});

/** What the service has was written by a later app: the label of the header ends in a higher number. */
const writtenByLaterApp = (person) =>
  person.context.route(/\/v1\/vaults\/[^/]+\/(header|changes)/, async (route) => {
    const response = await route.fetch();
    const body = await response.json().catch(() => ({}));
    if (typeof body.header !== "string") return route.fulfill({ response });
    const header = Buffer.from(body.header, "base64url");
    const label = "assent/vault-header/";
    header[header.indexOf(label) + label.length] = "9".charCodeAt(0);
    await route.fulfill({ response, json: { ...body, header: header.toString("base64url") } });
  });

test("a vault that a newer app changed is said in words, and nothing is touched", async () => {
  await cleo.page.goto(`${stack.base}/#/settings`);
  const address = await cleo.page.locator(".address").innerText();
  // On a device that does not have it.
  const eve = await Person.arrive(browser);
  await writtenByLaterApp(eve);
  await eve.page.goto(`${stack.base}/#/open`);
  await eve.type(t("open.address"), address);
  await eve.type(t("passphrase.label"), PASSPHRASE);
  await eve.press("button", t("open.go"));
  await eve.page.getByText(t("problem.vault-newer-than-app.title")).waitFor();
  await eve.looksAt("vault-newer");
  await eve.leave();
  // On one that has it open: what it has stays readable.
  await dan.page.goto(`${stack.base}/#/`);
  await dan.sees(t("home.title"));
  await writtenByLaterApp(dan);
  await setAutoLock(cleo, 30);
  await dan.page.getByText(t("problem.vault-newer-than-app.title")).waitFor();
  await dan.page.getByRole("link", { name: /Identity card/ }).first().waitFor();
  await dan.looksAt("vault-newer-open");
  // With the newer app all of it is there.
  await dan.context.unrouteAll();
  await dan.page.goto(`${stack.base}/#/settings`);
  await dan.press("button", t("settings.sync"));
  await dan.page.getByText(t("settings.synced")).first().waitFor();
  await insistOnAutoLock(dan, 30);
});
