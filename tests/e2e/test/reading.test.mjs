// However somebody reads: zoomed in, with more space between the letters, in forced colours, without motion, on paper.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { Keyboard } from "../src/keyboard.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, makeVault, share, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "regenjas 92 orgelpijp zwaluw";

let stack;
let browser;
let ivy;

before(async () => {
  stack = await startStack();
  browser = await launch();
  ivy = await Person.arrive(browser, { reducedMotion: "no-preference" });
  await makeVault(ivy, stack, PASSPHRASE);
  for (const card of ["identity", "residence"]) await addCard(ivy, stack, card);
  await ivy.page.goto(`${stack.libraryOrigin}/`);
  await ivy.press("button", /16/);
  await ivy.press("button", "On this device");
  await unlock(ivy, PASSPHRASE);
  await ivy.sees(t("request.title"));
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** The screens of the open vault, each shown in turn. */
async function everyScreen(look) {
  const { page } = ivy;
  for (const place of ["home", "sharing", "history", "settings", "add"]) {
    await page.evaluate((hash) => (location.hash = hash), place === "home" ? "#/" : `#/${place}`);
    await ivy.sees(t(`${place}.title`));
    // What comes after the heading would push away what has the focus.
    await page.locator("main .waiting").waitFor({ state: "detached" });
    await look(place);
  }
  const entry = page.getByRole("link", { name: /You shared 2 details/ });
  await page.evaluate(() => (location.hash = "#/history"));
  await entry.first().click();
  await page.getByText(t("entry.no-values")).waitFor();
  await look("entry");
  await ivy.press("link", t("result.receipt"));
  await page.getByText(t("receipt.checked-now")).waitFor();
  await look("receipt");
}

const sideways = () => ivy.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

test("the request: 200 % and 400 %, with the keyboard, nothing covered, nothing beside the window", async () => {
  const keys = new Keyboard(ivy);
  for (const [zoom, viewport] of [[200, { width: 640, height: 512 }], [400, { width: 320, height: 256 }]]) {
    await ivy.page.setViewportSize(viewport);
    assert.ok((await sideways()) <= 0, `${zoom} %`);
    await keys.goesRound(`request at ${zoom} %`);
    await ivy.page.evaluate(() => scrollTo(0, 0));
    await ivy.shot(`zoom-${zoom}-request`);
  }
  await ivy.page.setViewportSize({ width: 412, height: 915 });
  await share(ivy);
  await ivy.sees(t("result.shared"));
});

test("every screen: 200 % and 400 %, with the keyboard", async () => {
  const keys = new Keyboard(ivy);
  for (const [zoom, viewport] of [[200, { width: 640, height: 512 }], [400, { width: 320, height: 256 }]]) {
    await ivy.page.setViewportSize(viewport);
    await everyScreen(async (name) => {
      assert.ok((await sideways()) <= 0, `${name} at ${zoom} %`);
      await keys.goesRound(`${name} at ${zoom} %`);
      await ivy.page.evaluate(() => scrollTo(0, 0));
      await ivy.shot(`zoom-${zoom}-${name}`);
    });
  }
  await ivy.page.setViewportSize({ width: 412, height: 915 });
});

test("every screen with the text spacing of WCAG 1.4.12: nothing is cut off", async () => {
  // As a reader's own style sheet would: adopted by the document, so the app's policy does not stand in the way.
  await ivy.page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  });
  await everyScreen(async (name) => {
    assert.ok((await sideways()) <= 0, name);
    const cut = await ivy.page.evaluate(() =>
      [...document.querySelectorAll("main *, nav *")]
        .filter((element) => {
          const { overflowX, overflowY } = getComputedStyle(element);
          if ((overflowX === "visible" && overflowY === "visible") || element.closest(".hidden-visually, svg, select, textarea, input")) return false;
          return element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
        })
        .map((element) => element.outerHTML.slice(0, 100)),
    );
    assert.deepEqual(cut.filter((html) => !html.includes('class="face')), [], name);
    await ivy.shot(`spacing-${name}`);
  });
  await ivy.page.evaluate(() => (document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1)));
});

test("in forced colours every control keeps an edge, and pictures of a state keep their shape", async () => {
  await ivy.page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
  await everyScreen(async (name) => {
    const bare = await ivy.page.evaluate(() =>
      [...document.querySelectorAll("main .button:not(.quiet), main input:not([type=file]), main select, main textarea")]
        .filter((element) => element.checkVisibility())
        .filter((element) => parseFloat(getComputedStyle(element).borderTopWidth) < 1)
        .map((element) => element.outerHTML.slice(0, 100)),
    );
    assert.deepEqual(bare, [], name);
    await ivy.shot(`forced-${name}`);
  });
  await ivy.page.emulateMedia({ forcedColors: "none", colorScheme: "light" });
});

test("nothing moves for who wants no motion", async () => {
  const moving = () => ivy.page.evaluate(() => document.getAnimations().filter((animation) => animation.playState === "running").length);
  const durations = () =>
    ivy.page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => parseFloat(getComputedStyle(element).transitionDuration) > 0).length);
  await ivy.page.emulateMedia({ reducedMotion: "no-preference" });
  assert.ok((await durations()) > 0, "there is something to hold still");
  await ivy.page.emulateMedia({ reducedMotion: "reduce" });
  await everyScreen(async (name) => {
    assert.equal(await moving(), 0, name);
    assert.equal(await durations(), 0, name);
  });
});

test("a receipt on paper: black on white, without buttons, whole", async () => {
  const { page } = ivy;
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const ink = await page.evaluate(() => {
    const style = getComputedStyle(document.querySelector(".paper"));
    return [style.color, style.backgroundColor];
  });
  assert.deepEqual(ink, ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
  assert.equal(await page.getByRole("button").count(), 0, "nothing to press on paper");
  assert.equal(await page.getByRole("link").count(), 0);
  const text = await page.locator("main").innerText();
  for (const part of [/City Library of Voorbeeld/, /Check that you may borrow films/, /16 or over/, /30 days/, /privacy@library\.example/, /Signed by the service/i]) assert.match(text, part);
  await ivy.shot("print-receipt");
  const pdf = await page.pdf({ format: "A4" });
  assert.equal(pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length, 1, "one page");
  await page.emulateMedia({ media: "screen", colorScheme: "light" });
});

test("nothing of it is on the server, and the browser had nothing to complain about", async () => {
  await insistOnNone(stack, { passphrase: PASSPHRASE, ...cardValues() });
  assert.deepEqual(ivy.complaints.filter((text) => !/Failed to load resource/.test(text)), []);
});
