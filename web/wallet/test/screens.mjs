// Walks through every screen with the fixture engine in Chromium: screenshots to look at, axe on each, no console errors.
// Usage: npm run build:fixture && npm run screens [-- --only request --axe-only]
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";

const port = Number(process.env.PORT ?? 8610);
const base = `http://127.0.0.1:${port}`;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
const looks = [
  { name: "phone-light-en", viewport: { width: 412, height: 915 }, colorScheme: "light", locale: "en-GB" },
  { name: "narrow-dark-nl", viewport: { width: 320, height: 700 }, colorScheme: "dark", locale: "nl-NL" },
  { name: "desktop-light-nl", viewport: { width: 1280, height: 860 }, colorScheme: "light", locale: "nl-NL" },
  { name: "desktop-dark-en", viewport: { width: 1280, height: 860 }, colorScheme: "dark", locale: "en-GB" },
];

const toTheEnd = (page) => page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));

const screens = [
  ["home", "#/"], ["card", "#/card/c1", (page) => page.locator("[aria-controls=detail-list]").click()], ["card-revoked", "#/card/c3"],
  ["add", "#/add"], ["add-wrong", "#/add", (page) => page.locator("form button").click()],
  ["offer", "#/offer?credential_offer_uri=https://x.example/code"], ["offer-again", "#/offer?credential_offer_uri=https://x.example/again"],
  ["offer-sign-in", "#/offer?credential_offer_uri=https://x.example/sign-in"],
  ["offer-later", "#/offer?credential_offer_uri=https://x.example/later", (page) => page.locator("form button[type=submit]").click()],
  ["offer-partly", "#/offer?credential_offer_uri=https://x.example/partly", (page) => page.locator("form button[type=submit]").click()],
  ["offer-partly-down", "#/offer?credential_offer_uri=https://x.example/partly-down", (page) => page.locator("form button[type=submit]").click()],
  ["offer-partly-again", "#/offer?credential_offer_uri=https://x.example/partly-down", async (page) => (await page.locator("form button[type=submit]").click(), page.locator("main button.wide").first().click())],
  ["offer-some-later", "#/offer?credential_offer_uri=https://x.example/some-later", (page) => page.locator("form button[type=submit]").click()],
  ["home-not-yet", "#/", async (page) => (await page.locator("[aria-labelledby=awaited] li").first().locator("button").first().click(), page.locator("[role=alert]").waitFor())],
  ["home-give-up", "#/", (page) => page.locator("[aria-labelledby=awaited] .danger").nth(1).click()],
  ["returned-none", "#/returned"],
  ["offer-broken", "#/offer?credential_offer_uri=https://x.example/broken"], ["offer-none", "#/offer"],
  ["offer-done", "#/offer?credential_offer_uri=https://x.example/plain", (page) => page.locator("form button[type=submit]").click()],
  ["request", "#/request?request_uri=https://x.example/plain&client_id=a", (page) => page.locator("[role=switch]").first().click()],
  ["request-missing", "#/request?request_uri=https://x.example/missing&client_id=a"],
  ["request-sensitive", "#/request?request_uri=https://x.example/sensitive&client_id=a", pressShare],
  ["request-hostile", "#/request?request_uri=https://x.example/hostile&client_id=a"],
  ["request-cross", "#/request?request_uri=https://x.example/cross&client_id=a"],
  ["request-broken", "#/request?request_uri=https://x.example/broken&client_id=a"],
  ["request-offline", "#/request?request_uri=https://x.example/offline&client_id=a"], ["request-none", "#/request"],
  ["result", "#/request?request_uri=https://x.example/plain&client_id=b", pressShare],
  ["result-declined", "#/request?request_uri=https://x.example/plain&client_id=c", (page) => page.locator(".decide button").first().click()],
  ["sharing", "#/sharing"], ["stop", "#/stop/s1"], ["stop-all", "#/stop/s4", toTheEnd], ["stop-queued", "#/stop/s2"], ["stop-kept", "#/stop/s3"],
  ["stop-part", "#/stop/s4/optional-1", toTheEnd], ["stop-part-done", "#/stop/s4/optional-1", stopPart], ["stop-part-sharing", "#/sharing", toTheEnd], ["stop-part-receipt", "#/receipt/r4"],
  ["stop-done", "#/stop/s1", (page) => page.locator(".choice button").click()],
  ["history", "#/history"], ["history-none", "#/history", (page) => page.locator("input[type=search]").fill("zzz").then(() => page.locator("form button").click())],
  ["entry", "#/entry/e1"], ["entry-delete", "#/entry/e2", (page) => page.locator(".button.danger").click()], ["entry-hostile", "#/entry/e4"], ["receipt", "#/receipt/r1"], ["receipt-wrong", "#/receipt/r3"],
  ["details", "#/details", toTheEnd], ["details-search", "#/details", (page) => page.locator("input[type=search]").fill("PLANTSOEN").then(() => toTheEnd(page))],
  ["details-none", "#/details", (page) => page.locator("input[type=search]").fill("zzz").then(() => toTheEnd(page))],
  ["details-deleted", "#/details", (page) => page.locator("summary").click().then(() => toTheEnd(page))],
  ["detail", "#/detail/d1", toTheEnd], ["detail-forget", "#/detail/d1", (page) => page.getByRole("button", { name: /^(Forget|Vergeten)/ }).click()],
  ["detail-conflict", "#/detail/d2"], ["detail-address", "#/detail/d3"], ["detail-sensitive", "#/detail/d4", toTheEnd], ["detail-long", "#/detail/d5", toTheEnd],
  ["detail-hostile", "#/detail/d6"], ["detail-deleted", "#/detail/d8", (page) => page.locator(".button.danger").last().click().then(() => toTheEnd(page))],
  ["detail-newer", "#/detail/d9"], ["detail-gone", "#/detail/nothing"], ["detail-add", "#/detailadd", toTheEnd],
  ["detail-from-card", "#/detailedit/new/family_name", (page) => page.locator(".panel .button").first().click()], ["detail-edit", "#/detailedit/d1"],
  ["detail-new-address", "#/detailedit/new/address", (page) => page.locator("button[type=submit]").click()],
  ["detail-new-account", "#/detailedit/new/bank_account", (page) => page.locator("#part-iban").fill("NL1").then(() => page.locator("button[type=submit]").click())],
  ["detail-new-day", "#/detailedit/new/birthdate"], ["detail-new-note", "#/detailedit/new/note"],
  ["card-detail", "#/carddetail/c1/3"], ["card-detail-photo", "#/carddetail/c1/7", (page) => page.locator(".reveal").click()],
  ["documents", "#/documents"], ["documents-none", "#/documents", (page) => page.locator("input[type=search]").fill("zzz")],
  ["documents-full", "#/documents", (page) => page.locator("input[type=file]").first().setInputFiles({ name: "diploma.png", mimeType: "image/png", buffer: Buffer.alloc(900_000) })],
  ["document", "#/document/d1", showPicture], ["document-edit", "#/document/d1", (page) => page.locator("#about ~ button").click()],
  ["document-other", "#/document/d3"], ["document-deleted", "#/document/d4", (page) => page.locator(".button.danger").click()], ["document-unknown", "#/document/zzz"],
  ["settings", "#/settings", (page) => page.locator(".button.danger").click()],
  ["ways", "#/ways"], ["ways-new-keys", "#/ways", (page) => page.locator("summary").click()],
  ["way", "#/way/s1"], ["way-change", "#/way/s1", (page) => page.locator("#change ~ div button").click()], ["way-code", "#/way/s2"],
  ["way-remove", "#/way/s3", (page) => page.locator(".button.danger").click()],
  ["add-way", "#/add-way/passkey"], ["add-way-passphrase", "#/add-way/passphrase", (page) => page.locator("form button[type=submit]").click()],
  ["add-way-device", "#/add-way/device"], ["add-way-code", "#/add-way/code"],
  ["add-way-code-shown", "#/add-way/code", async (page) => (await prove(page), page.locator("ol[role=list]").waitFor())],
  ["devices", "#/devices"], ["device-this", "#/device/g1"], ["device-other", "#/device/g2"], ["device-never", "#/device/g3"],
  ["device-remove", "#/device/g2", (page) => page.locator(".button.danger").click()], ["device-unknown", "#/device/zzz"],
  ["device-add", "#/device-add"], ["device-add-wrong", "#/device-add", (page) => page.locator("form button").click()],
  ["device-add-over", "#/device-add", (page) => scan(page, "old")], ["device-add-meeting", "#/device-add", (page) => scan(page, "meeting")],
  ["device-add-digits", "#/device-add", async (page) => (await scan(page, ""), page.locator("form button[type=submit]").click())],
  ["device-add-given", "#/device-add", async (page) => (await scan(page, ""), await page.locator("input.digits").fill("048213"), prove(page))],
  ...["emergency", "emergency-ready", "emergency-asked", "emergency-stopped", "emergency-released", "emergency-half"].map((name) => [name, "#/emergency"]),
  ["emergency-unnamed", "#/emergency", (page) => prove(page)],
  ["emergency-remove", "#/emergency", (page) => page.locator("#remove ~ div button").click()],
  ["emergency-sheet", "#/emergency", async (page) => {
    // Round to the one that is not set up.
    for (let round = 0; round < 5; round += 1) {
      await page.evaluate(() => (location.hash = "#/none"));
      await page.evaluate(() => (location.hash = "#/emergency"));
      await page.locator("section").first().waitFor();
      if (await page.locator("select").count()) break;
    }
    await page.locator("section input").first().fill("Robin van den Donaudampfschifffahrtsgesellschaft tot Zolder");
    await prove(page);
    await page.locator("[data-code]").waitFor();
  }],
  ["sign-ins", "#/sign-ins"], ["sign-ins-unlink", "#/sign-ins", (page) => page.locator(".button.danger").first().click()],
  ["take-out", "#/take-out"], ["take-out-short", "#/take-out", (page) => page.locator("button[type=submit]").click()],
  ["take-out-open", "#/take-out", (page) => page.locator("input[value=html]").check()],
  ["take-out-made", "#/take-out", async (page) => {
    for (const input of await page.locator("input[type=password]").all()) await input.fill("purple otter tea kettle");
    await page.locator("button[type=submit]").click();
    await page.locator("ol").waitFor();
  }],
  ["bring-in", "#/bring-in"], ["bring-in-locked", "#/bring-in", (page) => pick(page)],
  ["bring-in-wrong", "#/bring-in", async (page) => (await pick(page), await page.locator("input[type=password]").fill("wrong"), page.locator("button[type=submit]").click())],
  ["bring-in-plan", "#/bring-in", (page) => openFile(page)],
  ["bring-in-report", "#/bring-in", async (page) => (await openFile(page), await page.locator(".row .button.main").last().click(), page.locator("#report").waitFor())],
  ["erase", "#/erase", (page) => page.locator(".button.danger").click()],
];

const empty = [["home-empty", "#/"], ["details-empty", "#/details"], ["documents-empty", "#/documents"], ["sharing-empty", "#/sharing"], ["history-empty", "#/history"]];

const locked = [
  ["join", "#/device-join"], ["join-code", "#/device-join", (page) => join(page, "code").then(() => page.locator("summary").click())],
  ["join-away", "#/device-join", (page) => join(page, "away")], ["join-digits", "#/device-join", (page) => join(page, "digits")],
  ["join-receiving", "#/device-join", (page) => join(page, "receiving")], ["join-meeting", "#/device-join", (page) => join(page, "meeting")],
  ["rescue", "#/rescue"], ["rescue-missing", "#/rescue", (page) => page.locator("button[type=submit]").click()],
  ["rescue-wrong", "#/rescue", (page) => rescue(page, "wrong")], ["rescue-waiting", "#/rescue", (page) => rescue(page, "7K3M")], ["rescue-due", "#/rescue", (page) => rescue(page, "due")],
  ["find-over", "#/find"], ["open", "#/open"], ["open-missing", "#/open", (page) => prove(page)],
];

async function prove(page) {
  await page.locator("input[autocomplete=current-password]").fill("purple otter tea kettle");
  await page.locator("form:has(input[autocomplete=current-password]) button[type=submit]").click();
}

async function scan(page, what) {
  await page.locator("textarea").fill(`assent-pair:1:${what}`);
  await page.locator("form button").click();
}

async function join(page, name) {
  await page.locator("form input").first().fill(name);
  await page.locator("form button[type=submit]").click();
  await page.locator("form").waitFor({ state: "detached" });
}

async function rescue(page, code) {
  await page.locator("form input").first().fill("https://vault.example/v1/vaults/kR3bBv9dQx6mJ0sYp1uT2g");
  await page.locator("form input").last().fill(code);
  await page.locator("button[type=submit]").click();
}

const pick = (page) => page.locator("input[type=file]").setInputFiles({ name: "assent-2026-11-20.tar.age", mimeType: "application/octet-stream", buffer: Buffer.alloc(10) });

async function openFile(page) {
  await pick(page);
  await page.locator("input[type=password]").fill("purple otter tea kettle");
  await page.locator("button[type=submit]").click();
  await page.locator("#inside").waitFor();
}

async function stopPart(page) {
  await page.locator(".choice button").click();
  await page.waitForTimeout(80);
  // The button is gone: the focus is on what became of it.
  if (!(await page.locator("[tabindex='-1']:focus").isVisible())) throw new Error("the focus got lost");
}

async function showPicture(page) {
  await page.locator("#content ~ .row button").first().click();
  await page.locator("img").waitFor();
}

async function pressShare(page) {
  const button = page.locator(".decide button").last();
  await button.scrollIntoViewIfNeeded();
  await page.locator(".decide button[data-armed=true]").waitFor();
  await button.click();
}

const server = await serve(here(".fixture-dist"), port);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
mkdirSync(here(".screens"), { recursive: true });
let problems = 0;

for (const { name, ...options } of looks) {
  const context = await browser.newContext({ ...options, reducedMotion: "reduce", serviceWorkers: "block" });
  let page = await context.newPage();
  const trouble = (text) => {
    problems += 1;
    console.error(`${name}: ${text}`);
  };
  const watch = () => {
    page.on("console", (message) => message.type() === "error" && !(offline && /ERR_INTERNET/.test(message.text())) && trouble(message.text()));
    page.on("pageerror", (error) => trouble(error.message));
  };
  let offline = false;
  watch();

  const look = async (screen) => {
    if (only && !screen.includes(only)) return;
    await page.waitForTimeout(60);
    // As high as its content: axe measures what is on the screen, and a person scrolls.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ ...options.viewport, height: Math.max(options.viewport.height, Math.min(8000, height)) });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) trouble(`${screen}: ${wide} px wider than the window`);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("a, button, input, select, summary")]
        .filter((element) => element.checkVisibility() && !element.closest("p, .hidden-visually, .skip, .file, .secret"))
        .map((element) => ({ box: (element.closest("label") ?? element).getBoundingClientRect(), what: element.outerHTML.slice(0, 80) }))
        .filter(({ box }) => box.width > 0 && (box.height < 43.5 || box.width < 43.5))
        .map(({ box, what }) => `${Math.round(box.width)}x${Math.round(box.height)} ${what}`),
    );
    for (const target of small) trouble(`${screen}: small target ${target}`);
    const axe = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
    for (const { id, nodes } of axe.violations) trouble(`${screen}: axe ${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
    await page.screenshot({ path: here(`.screens/${name}--${screen}.png`), fullPage: true });
    await page.setViewportSize(options.viewport);
  };

  await page.goto(base);
  await page.locator("h1").waitFor();
  await look("welcome");
  await page.goto(`${base}/?request_uri=https://x.example/plain&client_id=a`);
  await page.locator("h1").waitFor();
  await look("welcome-from-request");
  await page.goto(`${base}/#/open`);
  await page.reload();
  await page.locator("h1").waitFor();
  await look("open");
  await page.goto(`${base}/#/create`);
  await page.reload();
  await page.locator("input").first().fill("too sh");
  await page.locator("button[type=submit]").click();
  await look("create-short");
  for (const input of await page.locator("input").all()) await input.fill("purple otter tea kettle");
  await look("create");
  await page.locator("button[type=submit]").click();
  await page.locator("ol").waitFor();
  await look("recovery");
  await page.locator(".button.main").click();
  for (const input of await page.locator("input").all()) await input.fill("WRONG");
  await page.locator("button[type=submit]").click();
  await page.locator("[role=alert]").waitFor();
  await look("confirm-wrong");
  for (const input of await page.locator("input").all()) await input.fill("7K3M");
  await page.locator("button[type=submit]").click();
  await page.locator("nav").waitFor();

  const walk = async (places) => {
    for (const [screen, address, act] of places) {
      if (only && !screen.includes(only)) continue;
      await page.evaluate((hash) => (location.hash = hash), "#/none");
      await page.evaluate((hash) => (location.hash = hash), address);
      await page.waitForTimeout(120);
      await act?.(page);
      await page.waitForTimeout(80);
      await look(screen);
    }
  };
  await walk(screens);

  offline = true;
  await context.setOffline(true);
  await page.evaluate(() => (location.hash = "#/"));
  await page.waitForTimeout(150);
  await look("home-offline");
  await walk([["documents-offline", "#/documents"], ["document-offline", "#/document/d1"]]);
  await context.setOffline(false);
  offline = false;

  await page.locator("header .button.quiet").click();
  await page.locator("form").waitFor();
  await look("unlock");
  await page.locator("input").fill("wrong");
  await page.locator("button[type=submit]").click();
  await page.locator("[role=alert]").waitFor();
  await look("unlock-wrong");
  await walk(locked);

  for (const [screen, query] of [["done", "code=x"], ["declined", "error=access_denied"], ["over", "code=old"], ["down", "code=down"]]) {
    if (only && !`returned-${screen}`.includes(only)) continue;
    await page.goto(`${base}/?${query}&state=y&iss=https%3A%2F%2Fissuer.example`);
    await page.locator("form").waitFor();
    if (page.url() !== `${base}/#/returned`) trouble(`returned-${screen}: the address is ${page.url()}`);
    await look(`returned-${screen}-locked`);
    await prove(page);
    await page.locator("header .button.quiet").waitFor();
    await page.waitForTimeout(80);
    await look(`returned-${screen}`);
  }
  const second = await context.newPage();
  await second.goto(base);
  await second.locator("h1").waitFor();
  await second.screenshot({ path: here(`.screens/${name}--second-tab.png`) });
  await context.close();

  // A vault with nothing in it yet.
  const young = await browser.newContext({ ...options, reducedMotion: "reduce", serviceWorkers: "block" });
  page = await young.newPage();
  watch();
  await page.goto(`${base}/#/create`);
  await page.locator("input[type=password]").first().waitFor();
  for (const input of await page.locator("input[type=password]").all()) await input.fill("empty otter tea kettle");
  await page.locator("button[type=submit]").click();
  await page.locator("ol").waitFor();
  await page.locator(".button.main").click();
  for (const input of await page.locator("input").all()) await input.fill("7K3M");
  await page.locator("button[type=submit]").click();
  await page.locator("nav").waitFor();
  await walk(empty);
  await young.close();
}

await browser.close();
server.close();
console.log(problems === 0 ? "no problems" : `${problems} problems`);
process.exitCode = problems === 0 ? 0 : 1;
