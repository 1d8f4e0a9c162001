// Emergency access: named, asked for, stopped from an open device; and, when nobody stops it, opened after the wait.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { startStack } from "../src/stack.mjs";
import { makeVault } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "molen 47 zadel papaver krant";
/** Seconds a contact waits. Only the sandbox allows less than a day. Enough for what must happen before, on a busy machine. */
const WAIT = 25;

let stack;
let browser;

before(async () => {
  stack = await startStack({ settings: [`vault.emergency_least_wait_seconds = ${WAIT}`] });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Names a contact; gives what is on the sheet. */
async function name(person, contact) {
  await person.press("link", t("nav.settings"));
  await person.press("link", t("emergency.open"));
  await person.sees(t("emergency.title"));
  await person.type(t("emergency.name"), contact);
  await person.page.getByLabel(t("emergency.wait")).selectOption(String(WAIT));
  await person.type(t("passphrase.label"), PASSPHRASE);
  await person.press("button", t("emergency.set"));
  await person.sees(t("emergency.sheet-title"));
  const code = (await person.page.locator("[data-code]").innerText()).trim();
  const address = await person.page.locator("p.code.wrap").first().innerText();
  return { code, address };
}

/** Waits until the contact may open the vault. */
async function waits(contact) {
  await contact.page.getByRole("heading", { level: 1, name: t("emergency.due-title") }).waitFor({ timeout: 3_000 * WAIT });
}

async function ask(contact, { code, address }) {
  await contact.page.goto(`${stack.base}/#/open`);
  await contact.press("link", t("open.rescue"));
  await contact.sees(t("open.rescue"));
  await contact.type(t("open.address"), address);
  await contact.type(t("emergency.code"), code);
  await contact.press("button", t("emergency.ask"));
}

test("the owner is told at once, and one action stops it for good", async () => {
  const owner = await Person.arrive(browser);
  await makeVault(owner, stack, PASSPHRASE);
  await owner.press("link", t("nav.settings"));
  await owner.press("link", t("emergency.open"));
  await owner.sees(t("emergency.title"));
  await owner.page.getByRole("button", { name: t("emergency.set") }).waitFor();
  await owner.looksAt("emergency-none");
  await owner.page.goto(`${stack.base}/#/`);
  await owner.sees(t("home.title"));
  const sheet = await name(owner, "Ben");
  await owner.looksAt("emergency-sheet");
  await owner.press("button", t("emergency.sheet-done"));
  await owner.page.getByText("Ben can open your vault").waitFor();
  await owner.looksAt("emergency-ready");
  await owner.page.goto(`${stack.base}/#/`);
  await owner.sees(t("home.title"));

  const contact = await Person.arrive(browser);
  await ask(contact, { ...sheet, code: sheet.code.replace(/.{4}$/, "0000") });
  await contact.page.getByText(t("problem.emergency-code-malformed.title")).waitFor();
  await ask(contact, sheet);
  await contact.sees(t("emergency.waiting-title"));
  await contact.looksAt("emergency-waiting");
  // Without asking for anything, wherever they are.
  await owner.page.getByText(t("emergency.asked-title")).waitFor();
  await owner.looksAt("emergency-asked");
  owner.startCounting();
  await owner.press("button", t("emergency.not-me"));
  await owner.page.getByText(t("emergency.stopped-text")).waitFor();
  assert.equal(owner.actions, 1);
  await owner.looksAt("emergency-stopped");
  await waits(contact);
  await contact.press("button", t("emergency.open-now"));
  await contact.page.getByText(t("problem.emergency-stopped.title")).waitFor();

  // Removed, and named anew.
  await owner.press("button", t("emergency.remove"));
  await owner.type(t("passphrase.label"), PASSPHRASE);
  await owner.press("button", t("emergency.remove"));
  await owner.page.getByText(t("emergency.set-title")).waitFor();
  await owner.leave();
  await contact.leave();
});

test("after the wait the contact opens the vault, and the owner sees it", async () => {
  const owner = await Person.arrive(browser);
  await makeVault(owner, stack, PASSPHRASE);
  const sheet = await name(owner, "Ben");
  // The owner is away.
  await owner.page.goto("about:blank");
  const contact = await Person.arrive(browser);
  // Not before, whatever the clock of the contact says.
  await contact.page.clock.setSystemTime(Date.now() + 3_600_000);
  await ask(contact, sheet);
  await contact.sees(t("emergency.due-title"));
  await contact.press("button", t("emergency.open-now"));
  await contact.page.getByText(t("problem.emergency-not-yet.title")).waitFor();
  await contact.page.clock.setSystemTime(Date.now());
  await contact.sees(t("emergency.waiting-title"));
  await waits(contact);
  await contact.looksAt("emergency-due");
  await contact.press("button", t("emergency.open-now"));
  await contact.sees(t("home.title"));
  await contact.press("link", t("nav.settings"));
  await contact.press("link", t("emergency.open"));
  await contact.page.getByText(t("emergency.released-text")).waitFor();
  await contact.looksAt("emergency-released");
  for (const one of [owner, contact]) {
    assert.deepEqual(one.complaints, []);
    await one.leave();
  }
});
