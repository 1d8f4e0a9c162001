// Adding a device when things are not as they should be: a mailbox that changes every message, wrong digits, somebody who
// gives up, a lost connection. And by picture and camera, as people do.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { openAdd, pasteCode, readDigits, showCode, typeDigits } from "../src/devices.mjs";
import { film } from "../src/qr.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, makeVault } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "regenboog 52 klapbrug merel anker";

let stack;
let browser;
let bo;

before(async () => {
  stack = await startStack();
  browser = await launch();
  bo = await Person.arrive(browser);
  await makeVault(bo, stack, PASSPHRASE);
  await addCard(bo, stack, "identity");
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const newDevice = () => Person.arrive(browser, { serviceWorkers: "block" });

/** Whether this browser keeps a vault. */
const hasVault = (person) =>
  person.page.evaluate(async () => {
    const open = indexedDB.open("assent");
    const db = await new Promise((done) => (open.onsuccess = () => done(open.result)));
    const count = await new Promise((done) => (db.transaction("sealed").objectStore("sealed").count().onsuccess = (event) => done(event.target.result)));
    db.close();
    return count > 0;
  });

test("by a picture of the code, found where people look for scanning", async () => {
  const camera = await newDevice();
  await showCode(camera, stack, "by picture");
  const seen = await camera.page.screenshot();
  await bo.page.goto(`${stack.base}/#/add`);
  await bo.sees(t("add.title"));
  const chooser = bo.page.waitForEvent("filechooser");
  await bo.page.getByText(t("add.picture")).click();
  await (await chooser).setFiles({ name: "code.png", mimeType: "image/png", buffer: seen });
  await typeDigits(bo, await readDigits(camera), PASSPHRASE);
  await bo.sees(t("device-add.given-title"));
  await camera.press("button", t("join.digits-yes"));
  await camera.sees(t("home.title"));
  await camera.leave();
});

test("by the camera, which is off afterwards", async () => {
  const young = await newDevice();
  await showCode(young, stack, "by camera");
  const svg = await young.page.locator(".code svg").evaluate((element) => {
    const copy = element.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", "340");
    copy.setAttribute("height", "340");
    return copy.outerHTML;
  });
  const cinema = await launch({ camera: await film(browser, svg, join(stack.data, "pair.y4m")) });
  try {
    // The vault on a device with a camera: opened there by its address.
    await bo.page.goto(`${stack.base}/#/settings`);
    const address = await bo.page.locator(".address").innerText();
    const old = await Person.arrive(cinema);
    await old.page.goto(`${stack.base}/#/open`);
    await old.type(t("open.address"), address);
    await old.type(t("passphrase.label"), PASSPHRASE);
    await old.press("button", t("open.go"));
    await old.sees(t("home.title"));
    await openAdd(old);
    await old.press("button", t("add.camera"));
    await typeDigits(old, await readDigits(young), PASSPHRASE);
    await old.sees(t("device-add.given-title"));
    assert.equal(await old.page.locator("video").count(), 0);
    await young.press("button", t("join.digits-yes"));
    await young.sees(t("home.title"));
  } finally {
    await cinema.close();
  }
  await young.leave();
});

test("wrong digits end it on both devices, and nothing is handed over", async () => {
  const young = await newDevice();
  await pasteCode(bo, await showCode(young, stack));
  const digits = await readDigits(young);
  const wrong = digits === "000000" ? "000001" : "000000";
  await typeDigits(bo, wrong, PASSPHRASE);
  await bo.sees(t("device-add.title"));
  await bo.page.getByText(t("problem.pairing-digits-differ.title")).waitFor();
  await bo.looksAt("device-add-wrong-digits");
  await young.sees(t("join.title"));
  await young.page.getByText(t("problem.pairing-closed.title")).waitFor();
  await young.looksAt("join-stopped");
  assert.equal(await hasVault(young), false);
  await young.leave();
});

test("each of the two can stop, and the other is told", async () => {
  const young = await newDevice();
  await pasteCode(bo, await showCode(young, stack));
  await readDigits(young);
  await young.press("button", t("join.digits-no"));
  await young.sees(t("join.title"));
  await bo.sees(t("device-add.title"));
  await bo.page.getByText(t("problem.pairing-closed.title")).waitFor();

  await young.press("button", /./, { within: young.page.locator("form") });
  await young.sees(t("join.code-title"));
  await pasteCode(bo, (await young.page.locator("details .text").textContent()).trim());
  await bo.sees(t("device-add.digits-title"));
  await bo.press("button", t("device-add.do-not"));
  await young.sees(t("join.title"));
  await young.page.getByText(t("problem.pairing-closed.title")).waitFor();
  assert.equal(await hasVault(young), false);
  await young.leave();
});

/** A mailbox that changes message `place` on its way to `person`. Returns how often it did. */
async function meddle(person, place, change) {
  const seen = { changed: 0 };
  await person.context.route(new RegExp(`/v1/pairing/[^/]+/${place}(\\?|$)`), async (route) => {
    if (route.request().method() !== "GET") return route.continue();
    const response = await route.fetch();
    if (response.status() !== 200) return route.fulfill({ response });
    const { message } = await response.json();
    const bytes = change(Buffer.from(message, "base64url"));
    seen.changed += 1;
    await route.fulfill({ response, json: { message: Buffer.from(bytes).toString("base64url") } });
  });
  return seen;
}

const flipped = (bytes) => Buffer.from(bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)));

test("a mailbox that changes messages never gets a vault handed over", async () => {
  // To the new device: the commitment, the nonce, the vault itself.
  for (const place of [0, 2, 3]) {
    const young = await newDevice();
    const seen = await meddle(young, place, flipped);
    await pasteCode(bo, await showCode(young, stack));
    if (place === 3) {
      await typeDigits(bo, await readDigits(young), PASSPHRASE);
      await young.press("button", t("join.digits-yes"));
    }
    await young.sees(t("join.title"));
    await young.page.getByText(t("problem.pairing-broken.title")).waitFor();
    if (place === 2) await young.looksAt("join-interfered");
    assert.ok(seen.changed > 0, `message ${place} was changed`);
    assert.equal(await hasVault(young), false);
    await bo.page.goto(`${stack.base}/#/`);
    await young.leave();
  }
  // To the old one: a name or key of the new one. Then the digits differ, which the person sees.
  const young = await newDevice();
  const seen = await meddle(bo, 1, flipped);
  await pasteCode(bo, await showCode(young, stack, "honest name"));
  await typeDigits(bo, await readDigits(young), PASSPHRASE);
  await bo.page.getByText(t("problem.pairing-digits-differ.title")).waitFor();
  assert.ok(seen.changed > 0);
  await young.page.getByText(t("problem.pairing-closed.title")).waitFor();
  assert.equal(await hasVault(young), false);
  await bo.context.unroute(/\/v1\/pairing/);
  await bo.context.unrouteAll();
  await young.leave();
});

test("a connection that goes and comes back costs nothing but time", async () => {
  const young = await newDevice();
  const code = await showCode(young, stack, "on the train");
  await young.context.setOffline(true);
  await pasteCode(bo, code);
  await young.page.getByText(t("pair.not-reached")).waitFor();
  await young.looksAt("join-offline");
  await young.context.setOffline(false);
  const digits = await readDigits(young);
  await typeDigits(bo, digits, PASSPHRASE);
  await bo.sees(t("device-add.given-title"));
  await young.press("button", t("join.digits-yes"));
  await young.sees(t("home.title"));
  await young.leave();
});
