// The app as a thing on the device: installable, there without a connection, renewed when the person says so.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone, insistOnNoneInBrowser } from "../src/canary.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack, until } from "../src/stack.mjs";
import { addCard, ask, makeVault, pasteLink, readyToShare, share, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "polderwind 73 lantaarn egel boog";

let stack;
let recovery;
let browser;
let eva;

before(async () => {
  stack = await startStack({ ownApp: true });
  browser = await launch();
  eva = await Person.arrive(browser);
  recovery = await makeVault(eva, stack, PASSPHRASE);
  await addCard(eva, stack, "identity");
  await addCard(eva, stack, "residence");
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const request = () =>
  ask(stack, { dcql_query: { credentials: [{ id: "a", format: "dc+sd-jwt", meta: { vct_values: ["urn:eudi:pid:1"] }, claims: [{ path: ["address", "locality"] }] }] } });

async function disconnect() {
  await stack.server.stop("SIGKILL");
  await eva.context.setOffline(true);
}

async function reconnect() {
  await stack.server.start();
  await eva.context.setOffline(false);
}

test("can be installed: manifest, icons of the sizes they say, a service worker in charge", async () => {
  const address = await eva.page.locator('link[rel="manifest"]').getAttribute("href");
  const manifest = await (await fetch(new URL(address, stack.base))).json();
  assert.deepEqual([manifest.display, manifest.start_url, manifest.id], ["standalone", "/", "/"]);
  for (const { src, sizes, type } of manifest.icons) {
    const response = await fetch(new URL(src, stack.base));
    assert.equal(response.headers.get("content-type"), type);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (type === "image/png") assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes, src);
  }
  await eva.page.evaluate(() => navigator.serviceWorker.ready);
  const devtools = await eva.context.newCDPSession(eva.page);
  const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
  await devtools.detach();
  // A window of a test is like a private one, where nothing can be installed; nothing else may be in the way.
  assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito"), []);
});

test("without a connection: opens, unlocks, shows cards and history, and says that sharing needs one", async () => {
  const { links } = await request();
  await pasteLink(eva, stack, links.same_device);
  await eva.sees(t("request.title"));
  await share(eva);
  await eva.sees(t("result.shared"));
  const { links: later } = await request();

  await disconnect();
  await eva.page.goto(`${stack.base}/`);
  await unlock(eva, PASSPHRASE);
  await eva.sees(t("home.title"));
  await eva.page.getByText(t("common.offline")).waitFor();
  await eva.looksAt("offline-home");
  await eva.page.getByRole("link", { name: /Residence card/ }).first().click();
  await eva.sees(/Residence card/);
  await eva.press("button", t("card.show"));
  await eva.page.getByText(cardValues()["library number"]).waitFor();
  await eva.press("link", t("nav.history"));
  await eva.press("link", /You shared 1 detail/);
  await eva.page.getByText(t("entry.no-values")).waitFor();
  await eva.looksAt("offline-entry");

  await eva.press("link", t("nav.home"));
  await eva.press("link", t("home.add"));
  await eva.type(t("add.link"), later.same_device);
  await eva.press("button", t("add.open"));
  await eva.sees(t("request.failed"));
  await eva.page.getByText(t("problem.offline.title")).waitFor();
  await eva.page.getByText(t("problem.shared-no")).waitFor();
  await eva.looksAt("offline-request");
  await reconnect();
  await eva.press("button", t("common.retry"));
  await eva.sees(t("request.title"));
});

test("when the connection goes with the request on the screen, nothing is shared, and it can be shared afterwards", async () => {
  await readyToShare(eva);
  await disconnect();
  await eva.page.getByText(t("common.offline")).waitFor();
  await eva.press("button", t("request.share"));
  await eva.page.getByText(t("problem.offline.title")).waitFor();
  await eva.page.getByText(t("problem.shared-no")).waitFor();
  await eva.looksAt("offline-share");
  await reconnect();
  await eva.page.getByText(t("common.offline")).waitFor({ state: "detached" });
  await share(eva);
  await eva.sees(t("result.shared"));
  await eva.press("link", t("result.home"));
  await eva.sees(t("home.title"));
});

test("a new version is announced, waits while something is being done, and comes when the person says so", async () => {
  // In a browser that was never cut off: after that, Chromium's own search for a new version may never end.
  await eva.page.goto(`${stack.base}/#/settings`);
  const address = await eva.page.locator(".address").innerText();
  const kim = await Person.arrive(browser);
  await kim.page.goto(`${stack.base}/#/open`);
  await kim.type(t("open.address"), address);
  await kim.type(t("passphrase.label"), PASSPHRASE);
  await kim.press("button", t("open.go"));
  await kim.sees(t("home.title"));
  await kim.page.evaluate(() => navigator.serviceWorker.ready);
  const worker = join(stack.app, "service-worker.js");
  const publish = (version) => {
    // The name of the shell's cache carries the version; the page shows which one it is.
    writeFileSync(worker, readFileSync(worker, "utf8").replace(/assent-[0-9a-f]{16}/, `assent-${version.repeat(16)}`));
    const page = join(stack.app, "index.html");
    const without = readFileSync(page, "utf8").replace(/<meta name="e2e-version"[^>]*>/, "");
    writeFileSync(page, without.replace("<title>", `<meta name="e2e-version" content="${version}"><title>`));
  };
  const version = () => kim.page.evaluate(() => document.querySelector('meta[name="e2e-version"]')?.content);
  const notice = kim.page.getByText(t("update.title"));
  /** What the browser does by itself now and then. */
  const looksForIt = () =>
    kim.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      if (!registration.installing && !registration.waiting) void registration.update().catch(() => undefined);
      return Boolean(registration.waiting);
    });

  await kim.press("link", t("home.add"));
  await kim.type(t("add.link"), "half a li");
  publish("2");
  await until("the new version to be there", looksForIt, 60);
  assert.equal(await notice.count(), 0, "not in the middle of typing");
  assert.equal(await kim.page.getByLabel(t("add.link")).inputValue(), "half a li");

  await kim.press("link", t("nav.history"));
  await notice.first().waitFor();
  await kim.looksAt("update");
  await kim.press("button", t("update.later"));
  assert.equal(await notice.count(), 0);
  assert.equal(await version(), undefined, "still the old one");

  await kim.page.reload();
  await unlock(kim, PASSPHRASE);
  await kim.sees(t("history.title"));
  assert.equal(await version(), undefined, "a new page does not force it either");
  await kim.press("button", t("update.now"));
  await unlock(kim, PASSPHRASE);
  await kim.sees(t("history.title"));
  assert.equal(await version(), "2");
  await kim.page.getByText(/You shared 1 detail/).first().waitFor();
  const kept = await kim.page.evaluate(() => caches.keys());
  assert.equal(kept.length, 2, "the version before stays for tabs that still run it");
  await kim.leave();
});

test("what the browser keeps for all this is sealed", async () => {
  await eva.press("button", t("nav.lock"));
  await eva.sees(t("unlock.title"));
  const canaries = { passphrase: PASSPHRASE, recovery: recovery.join("-"), ...cardValues() };
  const { bytes, places } = await insistOnNoneInBrowser(eva.page, canaries);
  assert.ok(bytes > 500_000 && places.includes("database") && places.includes("cache"), `${bytes} bytes in ${new Set(places).size} kinds of place`);
  // The search can find something.
  await eva.page.evaluate((text) => localStorage.setItem("lost", btoa(text)), PASSPHRASE);
  await assert.rejects(insistOnNoneInBrowser(eva.page, canaries), /small stores: passphrase \(base64/);
  await eva.page.evaluate(() => localStorage.removeItem("lost"));
});

test("nothing of it is on the server", async () => {
  await insistOnNone(stack, { passphrase: PASSPHRASE, recovery: recovery.join("-"), "recovery without dashes": recovery.join(""), ...cardValues() });
  assert.deepEqual(eva.complaints.filter((text) => !/Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/.test(text)), []);
});
