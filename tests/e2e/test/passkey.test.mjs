// Ways to unlock: passkeys that come, are used, get lost, and what there is when they do not work.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Authenticator } from "../src/authenticator.mjs";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { startStack } from "../src/stack.mjs";
import { typeCodeBack } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");

let stack;
let browser;
let pia;
let laptop;
const codes = [];

before(async () => {
  stack = await startStack();
  browser = await launch();
  pia = await Person.arrive(browser);
  laptop = await Authenticator.plugIn(pia);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const lock = async (person) => {
  await person.press("button", t("nav.lock"));
  await person.sees(t("unlock.title"));
};
/** Proves with the passkey, on a screen that asks for it. */
const prove = (person, key = "ways.go-on-passkey") => person.press("button", t(key));

test("makes a vault with a passkey and a recovery code, locks it, and opens it in one action", async () => {
  await pia.page.goto(`${stack.base}/`);
  await pia.press("link", t("welcome.create"));
  await pia.sees(t("create.title"));
  await pia.looksAt("create-ways");
  await pia.press("button", t("create.use-passkey"));
  await pia.sees(t("recovery.title"));
  const [passkey, ...others] = await laptop.passkeys();
  assert.deepEqual([others.length, passkey.isResidentCredential, passkey.rpId], [0, true, "localhost"]);
  codes.push(await typeCodeBack(pia));
  await lock(pia);
  await pia.looksAt("unlock-passkey");
  pia.startCounting();
  await pia.press("button", t("unlock.go-passkey"));
  await pia.sees(t("home.title"));
  assert.equal(pia.actions, 1);
});

test("lists the ways to unlock, and keeps two of them", async () => {
  await pia.press("link", t("nav.settings"));
  await pia.press("link", t("ways.open"));
  await pia.sees(t("ways.title"));
  const names = await pia.page.locator("li.way h2").allInnerTexts();
  assert.deepEqual(names, ["Passkey", "Recovery code"]);
  await pia.page.getByText(t("ways.used-now")).waitFor();
  await pia.looksAt("ways");
  await pia.press("link", /Change or remove: Passkey/);
  await pia.sees("Passkey");
  await pia.page.getByText(t("ways.must-stay")).waitFor();
  await pia.looksAt("way-must-stay");
  await pia.press("link", t("common.back"));
});
