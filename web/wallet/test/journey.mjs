// The built app with the real engine against a real sandbox server: make a vault, add a card, answer a request, stop.
// Usage: npm run journey -- http://127.0.0.1:8600 FILE-WITH-THE-SERVICE-KEY
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [base, keyFile] = process.argv.slice(2);
const key = readFileSync(keyFile, "utf8").trim();
const consentRequest = {
  purpose: { en: "Check that you may borrow films for 16 and over", nl: "Controleren of je films vanaf 16 mag lenen" },
  purpose_type: "dpv:ServiceProvision",
  legal_basis: "eu-gdpr:A6-1-a",
  required: [{ vct: "urn:eudi:pid:1", path: ["address", "locality"] }],
  optional: [{ vct: "urn:assent:residence:1", path: ["email"], purpose: { en: "Send you reminders", nl: "Je herinneringen sturen" } }],
  retention: "P30D", recipients: [], storage_locations: ["NL"], jurisdiction: "NL",
  controller: { name: "City library of Voorbeeld", contact: "privacy@library.example", address: "Example square 1" },
  privacy_policy: "http://localhost:8471/privacy", rights_contact: "privacy@library.example",
  authority: { name: "Data protection authority", url: "https://authority.example" }, language: "en",
};

async function post(path, body, headers = {}) {
  const response = await fetch(base + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "en-GB", reducedMotion: "reduce" });
const page = await context.newPage();
page.setDefaultTimeout(30_000);
let shot = 0;
page.on("console", (message) => ["error", "warning"].includes(message.type()) && console.log("console:", message.text()));
page.on("pageerror", (error) => console.log("page error:", error.message));
page.on("requestfailed", (request) => console.log("request failed:", request.url(), request.failure()?.errorText));
const see = async (name) => {
  console.log(`${name}: ${await page.locator("h1").textContent()}`);
  await page.screenshot({ path: new URL(`.screens/journey-${String((shot += 1)).padStart(2, "0")}-${name}.png`, import.meta.url).pathname, fullPage: true });
};

try {
  await page.goto(base);
  await page.locator(".button.main").click();
  for (const input of await page.locator("input").all()) await input.fill("purple otter tea kettle");
  await page.locator("button[type=submit]").click();
  await page.locator("ol.code").waitFor();
  const groups = await page.locator("ol.code li").evaluateAll((items) => items.map((item) => item.lastChild.textContent.trim()));
  await see("recovery");
  await page.locator(".button.main").click();
  for (const field of await page.locator(".field").all()) {
    const number = Number((await field.locator("label").textContent()).match(/\d+/)[0]);
    await field.locator("input").fill(groups[number - 1]);
  }
  await page.locator("button[type=submit]").click();
  await page.locator("nav").waitFor();
  await see("home-empty");

  for (const card of ["identity", "residence"]) {
    const { link } = await post("/v1/sandbox/offers", { card });
    await page.evaluate((hash) => (location.hash = hash), `#/offer?${link.slice(link.indexOf("?") + 1)}`);
    await page.locator("form button[type=submit], [role=alert]").first().waitFor();
    await see(`offer-${card}`);
    await page.locator("form button[type=submit]").click();
    await page.locator("a.button.main, [role=alert]").first().waitFor();
    await see(`received-${card}`);
  }
  const presentation = await post("/v1/presentations", { consent_request: consentRequest, redirect_uri: `${base}/sandbox` }, { authorization: `Bearer ${key}`, "idempotency-key": crypto.randomUUID() });
  await page.evaluate((hash) => (location.hash = hash), `#/request?${presentation.links.same_device.slice(presentation.links.same_device.indexOf("?") + 1)}`);
  await page.locator(".decide, [role=alert], .choice").first().waitFor();
  await page.waitForTimeout(200);
  await see("request");
  await page.locator(".decide button").last().scrollIntoViewIfNeeded();
  await page.locator(".decide button[data-armed=true]").waitFor();
  await page.locator(".decide button").last().click();
  await page.locator(".mark, [role=alert]").first().waitFor();
  await see("result");
  await page.evaluate(() => (location.hash = "#/"));
  await page.locator(".item a").first().click();
  await page.locator(".choice button").click();
  await page.locator("[role=status] .notice").waitFor();
  await see("stopped");
  await page.reload();
  await page.locator("input").fill("purple otter tea kettle");
  await page.locator("button[type=submit]").click();
  await page.locator("nav").waitFor();
  await page.evaluate(() => (location.hash = "#/"));
  await page.locator("#latest").waitFor();
  await see("home-again");
} catch (error) {
  console.log("stopped at:", error.message.split("\n")[0]);
  await see("trouble");
  console.log(await page.locator("main").innerText());
  process.exitCode = 1;
} finally {
  await browser.close();
}
