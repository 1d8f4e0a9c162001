// K-04 in the browser: its process is killed in the middle of a change of keys. Afterwards the vault has its old keys or its new
// ones, whole; the old passphrase opens it or the new one, never both and never neither.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, makeVaultAt } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const CARDS = [/Identity card/, /Residence card/];
const passphrase = (round) => `sluiswachter ${round} narcis mosterd hek`;

let stack;
let browser;
let kim;
let address;
let round = 0;

before(async () => {
  stack = await startStack();
  browser = await launch();
  kim = await Person.arrive(browser, { serviceWorkers: "block" });
  ({ address } = await makeVaultAt(kim, stack, passphrase(0)));
  for (const card of ["identity", "residence"]) await addCard(kim, stack, card);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Changes the passphrase; `ready` is told when all that is left is the last press. */
async function change(person, from, to, ready = async () => undefined) {
  await person.page.goto(`${stack.base}/#/ways`);
  await person.sees(t("ways.title"));
  await person.press("link", "Change or remove: Passphrase");
  await person.press("button", t("ways.change-passphrase"));
  await person.type(t("ways.new-passphrase"), to);
  await person.type(t("passphrase.repeat"), to);
  await person.page.getByLabel(t("passphrase.label")).fill(from);
  await ready();
  await person.press("button", t("ways.change-passphrase")).catch(() => undefined);
}

/** Whether a browser that never saw the vault opens it so. */
async function opensElsewhere(secret) {
  const person = await Person.arrive(browser);
  await person.page.goto(`${stack.base}/#/open`);
  await person.sees(t("open.title"));
  await person.type(t("open.address"), address);
  await person.type(t("passphrase.label"), secret);
  await person.press("button", t("open.go"));
  const home = person.page.getByRole("heading", { level: 1, name: t("home.title") });
  const wrong = person.page.getByText(t("problem.vault-wrong-secret.title"));
  await home.or(wrong).waitFor();
  const opened = await home.isVisible();
  if (opened) for (const name of CARDS) await person.page.getByRole("link", { name }).first().waitFor();
  await person.leave();
  return opened;
}

/** Opens the vault in the browser that was interrupted. */
async function opensHere(secret) {
  await kim.sees(t("unlock.title"));
  await kim.type(t("passphrase.label"), secret);
  await kim.press("button", t("unlock.go"));
  const wrong = kim.page.getByText(t("problem.vault-wrong-secret.title"));
  const open = kim.page.getByRole("button", { name: t("nav.lock") });
  await open.or(wrong).waitFor();
  return open.isVisible();
}

const requests = /\/v1\/(?!.*\/events$)/;
const nameOf = (request) => `${request.method()} ${new URL(request.url()).pathname.replace(/[\w-]{22}/, "…")}`;

/** Answers the first commit as the service does when another device was faster, so that the change is made again. */
function contend() {
  let refused = false;
  return (route) => {
    if (refused || !route.request().url().endsWith("/commits")) return undefined;
    refused = true;
    const problem = { type: "about:blank", title: "conflict", status: 409, code: "vault-version-conflict" };
    return route.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify(problem) });
  };
}

for (const faster of [false, true]) {
  const also = faster ? ", with another device that was faster" : "";
  test(`the browser's process is killed at each request of a change, before it left and after it was carried out${also}`, async (context) => {
    // How many requests there are, and which, is what a whole change shows.
    const asked = [];
    const watch = async () => {
      const conflict = faster ? contend() : () => undefined;
      await kim.context.route(requests, (route) => (asked.push(nameOf(route.request())), conflict(route) ?? route.continue()));
    };
    await change(kim, passphrase(round), passphrase(round + 1), watch);
    await kim.sees(t("ways.title"));
    await kim.context.unrouteAll({ behavior: "wait" });
    round += 1;
    assert.equal(asked.filter((request) => request === "POST /v1/vaults/…/commits").length, faster ? 2 : 1, asked.join("\n"));
    const outcomes = [];
    // By what they are, not by their place: news of before may bring one request more or less.
    const places = asked.map((name, at) => ({ name, before: asked.slice(0, at).filter((other) => other === name).length }));
    for (const place of places) {
      for (const carriedOut of [false, true]) {
        const reached = await interrupt(place, carriedOut, faster ? contend() : () => undefined);
        const where = `${place.name} ${carriedOut ? "carried out" : "not sent"}`;
        if (reached) outcomes.push(`${where}: ${await whatItIs(`${place.before}, ${where}`)}`);
      }
    }
    for (const [what, becomes] of [["not sent", "old"], ["carried out", "new"]]) {
      assert.ok(outcomes.includes(`POST /v1/vaults/…/commits ${what}: ${becomes}`), outcomes.join("\n"));
    }
    if (faster) assert.ok(outcomes.length >= 5, outcomes.join("\n"));
    context.diagnostic(outcomes.join(" · "));
    // And a whole change goes on from there.
    await change(kim, passphrase(round), passphrase(round + 1));
    await kim.sees(t("ways.title"));
    round += 1;
    assert.equal(await opensElsewhere(passphrase(round)), true);
  });
}

/** Kills the page's process at a request of a change, when as many of its kind went before. False when the change was done without. */
async function interrupt({ name, before }, carriedOut, conflict) {
  const page = kim.page;
  const devtools = await kim.context.newCDPSession(page);
  const killed = page.waitForEvent("crash", { timeout: 0 });
  let seen = 0;
  let gone = false;
  const close = () =>
    kim.context.route(requests, async (route) => {
      if (gone) return; // of a process that is no more
      if (nameOf(route.request()) !== name || (seen += 1) <= before) return conflict(route) ?? route.continue();
      gone = true;
      if (carriedOut) await (conflict(route) ?? route.fetch());
      void devtools.send("Page.crash").catch(() => undefined);
    });
  await change(kim, passphrase(round), passphrase(round + 1), close).catch(() => undefined);
  const whole = page.locator(".notice").getByText(t("ways.done-changed")).waitFor({ timeout: 120_000 });
  const reached = await Promise.race([killed.then(() => true), whole.then(() => false, () => true)]);
  if (reached) {
    await killed;
    kim.use(await kim.context.newPage());
    await page.close();
  } else round += 1;
  await kim.context.unrouteAll({ behavior: "ignoreErrors" });
  return reached;
}

/** Whether the vault has its old keys or its new ones: everywhere the same, and whole. */
async function whatItIs(where) {
  const [old, wanted] = [passphrase(round), passphrase(round + 1)];
  const elsewhere = [await opensElsewhere(old), await opensElsewhere(wanted)];
  assert.notEqual(elsewhere[0], elsewhere[1], `${where}: opens elsewhere with ${elsewhere}`);
  const [, isNew] = elsewhere;
  await kim.page.goto(`${stack.base}/`);
  assert.equal(await opensHere(isNew ? old : wanted), false, `${where}: this browser does not open with the other one`);
  assert.equal(await opensHere(isNew ? wanted : old), true, where);
  for (const name of CARDS) await kim.page.getByRole("link", { name }).first().waitFor();
  if (isNew) round += 1;
  return isNew ? "new" : "old";
}
