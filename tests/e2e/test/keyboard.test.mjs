// The main journey without a mouse: WCAG 2.2, 2.1.1 (keyboard), 2.1.2 (no trap), 2.4.7 and 2.4.11 (focus seen).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { Keyboard } from "../src/keyboard.mjs";
import { startStack, until } from "../src/stack.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "heggemus gondel kwartel 83 polder";

let stack;
let browser;
let ben;
let keys;

before(async () => {
  stack = await startStack();
  browser = await launch();
  ben = await Person.arrive(browser);
  keys = new Keyboard(ben);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

test("the pass notices a focus that is not drawn, one that is covered, and a trap", async () => {
  const eve = await Person.arrive(browser);
  const hands = new Keyboard(eve);
  const show = (extra) =>
    eve.page.setContent(`<style>:focus-visible { outline: 3px solid blue }</style><button>a</button> <a href="#b">b</a> <input id="c">${extra}`);
  await show("");
  await hands.goesRound("sound");
  await show("<style>a:focus-visible { outline: none }</style>");
  await assert.rejects(hands.goesRound("not drawn"), /no visible focus on a “b”/);
  await show('<div style="position: fixed; inset: 0; background: white"></div>');
  await assert.rejects(hands.goesRound("covered"), /out of sight/);
  for (const [held, told] of [["#c", /Tab cannot leave input/], ["a", /Tab met 2 of 3 controls/]]) {
    await show("");
    await eve.page.locator(held).evaluate((element) => element.addEventListener("keydown", (event) => event.preventDefault()));
    await assert.rejects(hands.goesRound("trap"), told);
  }
  await eve.leave();
});

test("1. makes a vault", async () => {
  await ben.page.goto(`${stack.base}/`);
  await ben.sees(t("welcome.title"));
  await keys.goesRound("welcome");
  await keys.to("link", t("welcome.create"));
  await keys.press("Enter");
  await ben.sees(t("create.title"));
  await keys.toField(t("passphrase.label"));
  await keys.type(PASSPHRASE);
  await keys.toField(t("passphrase.repeat"));
  await keys.type(PASSPHRASE);
  await keys.goesRound("create");
  await keys.to("button", t("create.next"));
  await keys.press("Enter");
  await ben.sees(t("recovery.title"));
  const items = await ben.page.locator("ol.code li").allInnerTexts();
  const groups = items.map((text) => text.replace(/^\s*\d+\s*\n?/, "").trim());
  await keys.to("button", t("recovery.written"));
  await keys.press("Space");
  await ben.sees(t("confirm.title"));
  const labels = await ben.page.getByLabel(t("confirm.group")).evaluateAll((fields) => fields.map((field) => field.labels[0].textContent.trim()));
  assert.equal(labels.length, 2);
  for (const label of labels) {
    await keys.toField(label);
    await keys.type(groups[Number(label.match(/\d+/)[0]) - 1]);
  }
  // Enter in the last field is enough.
  await keys.press("Enter");
  await ben.sees(t("home.title"));
});

test("2. adds two cards by a pasted link", async () => {
  for (const card of ["identity", "residence"]) {
    const response = await fetch(`${stack.base}/v1/sandbox/offers`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ card, tx_code: false, by_reference: false }),
    });
    const { link } = await response.json();
    await keys.to("link", t("home.add"));
    await keys.press("Enter");
    await ben.sees(t("add.title"));
    await keys.toField(t("add.link"));
    await keys.paste(link);
    await keys.goesRound("add");
    await keys.to("button", t("add.open"));
    await keys.press("Enter");
    await ben.sees(t("offer.title"));
    await keys.to("button", t("offer.accept"));
    await keys.press("Enter");
    await ben.sees(t("offer.done"));
    await keys.to("link", t("offer.to-home"));
    await keys.press("Enter");
    await ben.sees(t("home.title"));
  }
  await keys.goesRound("home");
});

test("3. opens a request, switches the optional detail on and off, and shares", async () => {
  await ben.page.goto(`${stack.libraryOrigin}/`);
  await keys.to("button", /16/);
  await keys.press("Enter");
  await keys.to("button", "On this device");
  await keys.press("Enter");
  await ben.sees(t("unlock.title"));
  await keys.toField(t("passphrase.label"));
  await keys.type(PASSPHRASE);
  await keys.press("Enter");
  await ben.sees(t("request.title"));
  await keys.goesRound("request");
  const detail = await keys.to("switch");
  assert.equal(await detail.isChecked(), false, "nothing is chosen for anybody");
  await keys.press("Space");
  assert.equal(await detail.isChecked(), true, "Space switches it on");
  await ben.page.getByRole("button", { name: "Share 3 details" }).waitFor();
  await keys.press("Space");
  assert.equal(await detail.isChecked(), false, "Space switches it off");
  await ben.page.getByRole("button", { name: "Share 2 details" }).waitFor();
  const share = await keys.to("button", t("request.share"));
  await until("the share button to be armed", async () => (await share.getAttribute("data-armed")) !== "false");
  await keys.press("Enter");
  await ben.sees(t("result.shared"));
  await keys.goesRound("result");
});

test("4. finds it in the history and stops sharing", async () => {
  await keys.to("link", t("result.home"));
  await keys.press("Enter");
  await ben.sees(t("home.title"));
  // Backwards, for once: the main menu stands before the content.
  await keys.to("link", t("nav.history"), { key: "Shift+Tab" });
  await keys.press("Enter");
  await ben.sees(t("history.title"));
  await keys.goesRound("history");
  await keys.to("link", /You shared 2 details/);
  await keys.press("Enter");
  await ben.page.getByText(t("entry.no-values")).waitFor();
  await keys.goesRound("entry");
  await keys.to("link", t("entry.to-sharing"));
  await keys.press("Enter");
  await ben.sees(t("stop.title"));
  const erase = await keys.to("checkbox");
  await keys.press("Space");
  assert.equal(await erase.isChecked(), true);
  await keys.press("Space");
  assert.equal(await erase.isChecked(), false);
  await keys.to("button", t("sharing.stop"));
  await keys.press("Enter");
  await ben.page.getByText(t("stop.confirmed")).first().waitFor();
  // The button is gone; the focus went on to what became of it, not back to the top of the page.
  await ben.page.locator(":focus").getByText(t("stop.confirmed")).waitFor();
  await keys.to("link", t("result.home"));
  await keys.press("Enter");
  await ben.page.getByText(t("home.no-sharing")).waitFor();
  assert.ok(keys.looked > 100, `looked at the focus ${keys.looked} times`);
});
