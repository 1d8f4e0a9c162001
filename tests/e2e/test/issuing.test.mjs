// Cards behind a sign-in at their issuer, and cards that come later: away to the issuer's page and back, through the locked
// vault, with the real issuer.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { Keyboard } from "../src/keyboard.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack, until } from "../src/stack.mjs";
import { ask, makeOffer, makeVault, pasteLink, share, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const nl = words("nl");
const PASSPHRASE = "vlierbes 52 tandem kruiwagen ijsvogel";
const RESIDENCE = "urn:assent:residence:1";

let stack;
let browser;
let recovery;
let zoe;
/** The first authorization code. */
let code;

before(async () => {
  stack = await startStack();
  browser = await launch();
  zoe = await Person.arrive(browser);
  recovery = await makeVault(zoe, stack, PASSPHRASE);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Opens an offer with a sign-in and goes to the issuer's page. */
async function toIssuer(person, card, options = {}) {
  const { link } = await makeOffer(stack, card, { signIn: true, ...options });
  await pasteLink(person, stack, link);
  await goToIssuer(person);
}

async function goToIssuer(person) {
  await person.sees(t("offer.title"));
  await person.press("button", t("offer.sign-in"));
  await person.page.waitForURL(/\/issuer\/authorize\?/);
}

/** At the issuer's page: goes on, or not. Afterwards the person is back, before the locked vault. */
async function atIssuer(person, value = "continue") {
  person.actions += 1;
  await person.page.locator(`button[value=${value}]`).click();
  await person.sees(t("unlock.title"));
}

/** Every address that the browser keeps for its back button. */
async function addresses({ context, page }) {
  const session = await context.newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  await session.detach();
  return entries.map(({ url }) => url);
}

test("signs in at the issuer, comes back to the locked vault, and has the card", async () => {
  const { link } = await makeOffer(stack, "identity", { signIn: true });
  await pasteLink(zoe, stack, link);
  await zoe.sees(t("offer.title"));
  await zoe.page.getByText(/^You go to localhost/).waitFor();
  await zoe.looksAt("offer-sign-in");
  await zoe.press("button", "Nederlands");
  await zoe.page.getByRole("button", { name: /^Inloggen bij localhost/ }).waitFor();
  await zoe.page.getByText(nl("offer.sign-in-locks")).waitFor();
  await zoe.looksAt("offer-sign-in-nl");
  await zoe.press("button", "English");

  const atServer = [];
  zoe.page.on("request", (request) => request.isNavigationRequest() && atServer.push(request.url()));
  zoe.startCounting();
  await goToIssuer(zoe);
  assert.equal(zoe.context.pages().length, 1, "in the same tab");
  await zoe.looksAt("issuer-sign-in");
  await atIssuer(zoe);
  await zoe.page.getByText(t("unlock.returned")).waitFor();
  const sent = atServer.map((url) => new URL(url).searchParams.get("code")).filter((code) => code !== null);
  assert.equal(sent.length, 1);
  code = sent[0];
  assert.equal(zoe.page.url(), `${stack.base}/#/returned`);
  await zoe.looksAt("returned-locked");
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("offer.done"));
  await zoe.page.getByText("Identity card").waitFor();
  assert.equal(zoe.actions, 3, "sign in, go on at the issuer, unlock");
  await zoe.looksAt("returned-done");
  assert.deepEqual((await addresses(zoe)).filter((url) => /[?&](code|state)=/.test(url)), [], "no code stays behind");
  assert.equal(await zoe.page.evaluate(() => sessionStorage.getItem("assent.issuer")), null);
  await zoe.press("link", t("offer.to-home"));
  await zoe.page.getByRole("link", { name: /Identity card/ }).waitFor();
});

test("a request that waits for the card is still there after the sign-in", async () => {
  const made = await ask(stack, {
    dcql_query: { credentials: [{ id: "a", format: "dc+sd-jwt", meta: { vct_values: [RESIDENCE] }, claims: [{ path: ["email"] }] }] },
  });
  await pasteLink(zoe, stack, made.links.same_device);
  await zoe.page.getByText(t("missing.title")).waitFor();
  await zoe.press("link", t("missing.add"));
  await zoe.sees(t("add.title"));
  const { link } = await makeOffer(stack, "residence", { signIn: true });
  await zoe.type(t("add.link"), link);
  await zoe.press("button", t("add.open"));
  await goToIssuer(zoe);
  await atIssuer(zoe);
  // A phone that needs the memory loads the page again when the person comes back to it.
  for (let times = 0; times < 2; times += 1) {
    await zoe.page.getByText(t("unlock.returned")).waitFor();
    await zoe.page.reload();
  }
  await zoe.page.getByText(t("unlock.returned")).waitFor();
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("offer.done"));
  const waiting = () => zoe.page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  await until("the answer to be gone", async () => !(await waiting()).includes("code="));
  await zoe.press("button", t("offer.to-request"));
  await zoe.sees(t("request.title"));
  await share(zoe);
  await zoe.sees(t("result.shared"));
});

test("whoever says no at the issuer hears what that means, and can begin again", async () => {
  await toIssuer(zoe, "identity");
  await atIssuer(zoe, "cancel");
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("returned.failed"));
  await zoe.page.getByText(t("problem.sign-in-declined.title")).waitFor();
  assert.ok(!zoe.page.url().includes("error="));
  await zoe.looksAt("returned-declined");
  await zoe.press("button", t("returned.again"));
  await goToIssuer(zoe);
  await atIssuer(zoe);
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("offer.done"));
});

test("an answer that nobody waits for brings nothing, and does not stay", async () => {
  for (const query of ["code=somebody-elses&state=made-up&iss=https%3A%2F%2Fevil.example", "code=x", "error=access_denied&state=made-up", "code=a&code=b&state=<b>"]) {
    await zoe.page.goto(`${stack.base}/?${query}`);
    await unlock(zoe, PASSPHRASE);
    await zoe.sees(t("returned.failed"));
    await zoe.page.getByText(t("problem.sign-in-not-expected.title")).waitFor();
    assert.match(zoe.page.url(), /\/#\/returned\/?$/);
  }
  await zoe.looksAt("returned-not-expected");
  await zoe.press("button", t("returned.without"));
  await zoe.sees(t("home.title"));
  // What nobody left for is in memory only, and gone with the page.
  await zoe.page.goto(`${stack.base}/?code=x&state=y`);
  await zoe.page.getByText(t("unlock.returned")).waitFor();
  await zoe.page.reload();
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("offer.none"));
});

test("an answer of somebody else does not end a sign-in that is under way", async () => {
  await toIssuer(zoe, "identity");
  const mallory = await zoe.context.newPage();
  const first = zoe.page;
  zoe.use(mallory);
  await mallory.goto(`${stack.base}/?code=injected&state=made-up`);
  await unlock(zoe, PASSPHRASE);
  await zoe.page.getByText(t("problem.sign-in-not-expected.title")).waitFor();
  await mallory.close();
  zoe.page = first;
  await atIssuer(zoe);
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("offer.done"));
});

test("the browser's own back button leads back to the offer", async () => {
  await toIssuer(zoe, "residence");
  await zoe.page.goBack();
  await unlock(zoe, PASSPHRASE);
  await goToIssuer(zoe);
  await atIssuer(zoe);
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("offer.done"));
});

test("when the issuer does not answer on the way back, trying again needs no new sign-in", async () => {
  await toIssuer(zoe, "identity");
  let asked = 0;
  await zoe.context.route("**/issuer/token", (route) => ((asked += 1), route.abort()));
  await atIssuer(zoe);
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("returned.failed"));
  await zoe.looksAt("returned-no-answer");
  assert.ok(asked > 0);
  await zoe.context.unroute("**/issuer/token");
  await zoe.press("button", t("common.retry"));
  await zoe.sees(t("offer.done"));
});

test("whoever unlocks too late hears so, and can sign in again", async () => {
  await toIssuer(zoe, "residence");
  await atIssuer(zoe);
  // As long as a code is good.
  await new Promise((done) => setTimeout(done, 61_000));
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("returned.failed"));
  await zoe.page.getByText(t("returned.late")).waitFor();
  await zoe.looksAt("returned-late");
  assert.equal(await zoe.page.getByRole("button", { name: t("common.retry") }).count(), 0, "the same answer helps no more");
  await zoe.press("button", t("returned.again"));
  await goToIssuer(zoe);
  await atIssuer(zoe);
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("offer.done"));
});

test("without a connection on the way back, the answer waits for one", async () => {
  await toIssuer(zoe, "identity");
  await atIssuer(zoe);
  await zoe.context.setOffline(true);
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("returned.failed"));
  await zoe.page.getByText(t("problem.offline.title")).waitFor();
  await zoe.looksAt("returned-offline");
  await zoe.context.setOffline(false);
  await zoe.press("button", t("common.retry"));
  await zoe.sees(t("offer.done"));
});

test("a card that comes later arrives by itself", async () => {
  const { link } = await makeOffer(stack, "residence", { later: 20 });
  await pasteLink(zoe, stack, link);
  await zoe.sees(t("offer.title"));
  await zoe.press("button", t("offer.accept"));
  await zoe.sees(t("offer.awaited"));
  await zoe.press("link", t("offer.to-home"));
  await zoe.sees(t("home.title"));
  const awaited = zoe.page.getByRole("region", { name: t("awaited.title") });
  await awaited.waitFor();
  // Nobody touches anything.
  await awaited.waitFor({ state: "detached", timeout: 60_000 });
  await zoe.page.getByRole("status").filter({ hasText: t("offer.done") }).waitFor({ state: "attached" });
  await zoe.page.getByRole("link", { name: /You received a card/ }).first().waitFor();
});

test("a card that comes later is said on the way; waiting can be stopped, with a way to think again", async () => {
  const { link } = await makeOffer(stack, "residence", { later: 3600 });
  await pasteLink(zoe, stack, link);
  await zoe.press("button", t("offer.accept"));
  await zoe.sees(t("offer.awaited"));
  await zoe.page.getByText("Residence card").waitFor();
  await zoe.looksAt("offer-later");
  await zoe.press("link", t("offer.to-home"));
  await zoe.page.getByRole("region", { name: t("awaited.title") }).waitFor();
  await zoe.looksAt("home-awaited");
  await zoe.press("button", /^Look now/);
  await zoe.page.getByRole("status").filter({ hasText: t("awaited.not-yet") }).waitFor({ state: "attached" });
  await zoe.press("button", /^Stop waiting/);
  await zoe.looksAt("home-give-up");
  await zoe.press("button", t("awaited.keep"));
  await zoe.press("button", /^Stop waiting/);
  await zoe.press("button", t("awaited.give-up"));
  await until("it to be gone", async () => (await zoe.page.getByRole("region", { name: t("awaited.title") }).count()) === 0);
  await until("the focus to be somewhere", () => zoe.page.evaluate(() => document.activeElement !== document.body));
});

test("a card can need both: a sign-in, and time", async () => {
  await toIssuer(zoe, "identity", { later: 20 });
  await atIssuer(zoe);
  await unlock(zoe, PASSPHRASE);
  await zoe.sees(t("offer.awaited"));
  await zoe.press("link", t("offer.to-home"));
  const awaited = zoe.page.getByRole("region", { name: t("awaited.title") });
  await awaited.waitFor();
  await awaited.waitFor({ state: "detached", timeout: 60_000 });
});

test("all of it without a mouse", async () => {
  const keys = new Keyboard(zoe);
  const { link } = await makeOffer(stack, "identity", { signIn: true, later: 3600 });
  await pasteLink(zoe, stack, link);
  await zoe.sees(t("offer.title"));
  await keys.goesRound("offer with a sign-in");
  await keys.to("button", t("offer.sign-in"));
  await keys.press("Enter");
  await zoe.page.waitForURL(/\/issuer\/authorize\?/);
  await keys.goesRound("the issuer's page");
  await keys.to("button", /^Continue/);
  await keys.press("Enter");
  await zoe.sees(t("unlock.title"));
  await keys.toField(t("passphrase.label"));
  await keys.type(PASSPHRASE);
  await keys.press("Enter");
  await zoe.sees(t("offer.awaited"));
  await keys.goesRound("on the way");
  await keys.to("link", t("offer.to-home"));
  await keys.press("Enter");
  await zoe.sees(t("home.title"));
  await keys.goesRound("home with an awaited card");
  await keys.to("button", /^Stop waiting/);
  await keys.press("Enter");
  await keys.to("button", t("awaited.give-up"));
  await keys.press("Enter");
  await keys.holds("giving up");
});

test("nothing of it is on the server in the clear, and the browser complained of nothing", async () => {
  await insistOnNone(stack, { passphrase: PASSPHRASE, recovery: recovery.join("-"), "recovery without dashes": recovery.join(""), "authorization code": code, ...cardValues() });
  assert.deepEqual(zoe.complaints.filter((text) => !/Failed to load resource/.test(text)), []);
});
