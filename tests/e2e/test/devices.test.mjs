// A second device: from the code on its screen to the vault on both, and everything that may come in between.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone, insistOnNoneInBrowser } from "../src/canary.mjs";
import { openAdd, pair, pasteCode, readDigits, showCode, typeDigits } from "../src/devices.mjs";
import { cardValues } from "../src/persona.mjs";
import { picture } from "../src/qr.mjs";
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
  const code = await showCode(tablet, stack, "my tablet");
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

test("nothing of it is on the server, or readable in the browsers", async () => {
  for (const person of [ada, tablet]) await person.press("button", t("nav.lock"));
  const canaries = { passphrase: PASSPHRASE, recovery: recovery.join("-"), "recovery without dashes": recovery.join(""), ...cardValues() };
  for (const person of [ada, tablet]) await insistOnNoneInBrowser(person.page, canaries);
  await insistOnNone(stack, { ...canaries, "name of a device": "my tablet" });
  assert.deepEqual([...ada.complaints, ...tablet.complaints].filter((text) => !/Failed to load resource/.test(text)), []);
});
