// An issuer that gives cards only to wallets and keys that somebody vouches for, and only to tokens bound to a key: with a
// sign-in and without, and what happens when nobody vouches.
import assert from "node:assert/strict";
import { createECDH } from "node:crypto";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone, insistOnNoneInBrowser } from "../src/canary.mjs";
import { Memory } from "../src/memory.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack } from "../src/stack.mjs";
import { acceptOffer, makeOffer, makeVault, pasteLink, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "kievit 31 dakgoot bosbes slagboom";
const WALLET = "/v1/wallet-provider/wallet-attestation";
const KEYS = "/v1/wallet-provider/key-attestation";
/** Ten copies of a card, each with a key of its own. */
const COPIES = 10;

let stack;
let browser;
let recovery;
let noor;
let memory;
/** What the wallet posted to the issuer, the wallet provider and its vault: address, headers, answer. */
const asked = [];
/** Private keys that were seen in the worker's memory, by what they are for. */
const keys = {};

before(async () => {
  const settings = ['issuer.client_attestation = "required"', 'issuer.attested_keys = ["identity", "residence"]', 'issuer.dpop = "required"'];
  stack = await startStack({ settings });
  browser = await launch();
  noor = await Person.arrive(browser, { serviceWorkers: "block" });
  memory = await Memory.of(noor.page);
  // On the way, and not afterwards: a browser forgets what a worker of another page was answered.
  await noor.context.route(/\/(issuer\/(par|token|credential)|v1\/wallet-provider\/[\w-]+|v1\/vaults\/[^/]+\/commits)$/, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    const { pathname: path } = new URL(route.request().url());
    asked.push({ path, status: response.status(), headers: route.request().headers(), body });
    await route.fulfill({ response, body });
  });
  recovery = await makeVault(noor, stack, PASSPHRASE);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const part = (jwt, at) => JSON.parse(Buffer.from(jwt.split(".")[at], "base64url"));
const answer = ({ body }) => JSON.parse(body);
const to = (path, from = 0) => asked.slice(from).filter((entry) => entry.path === path);
const good = (path, from) => to(path, from).filter(({ status }) => status < 300);

/** At the offer's screen: goes to the issuer and comes back, before the locked vault. */
async function signIn() {
  await noor.press("button", t("offer.sign-in"));
  await noor.page.waitForURL(/\/issuer\/authorize\?/);
  await noor.page.locator("button[value=continue]").click();
  await noor.sees(t("unlock.title"));
}

/** Names of the cards at home, with how often each is there. */
async function cardsAtHome() {
  await noor.page.goto(`${stack.base}/#/`);
  await noor.sees(t("home.title"));
  await noor.page.getByRole("heading", { name: t("home.cards") }).waitFor();
  return (await noor.page.getByRole("link", { name: /Identity card|Residence card/ }).allInnerTexts()).map((text) => text.match(/^[\w ]+ card/)[0]).sort();
}

/** Answers in place of the wallet provider. `stop` ends it. */
async function inPlaceOf(path, instead) {
  let times = 0;
  const handler = (route) => ((times += 1), instead(route));
  await noor.context.route(`**${path}`, handler);
  return {
    get times() {
      return times;
    },
    stop: () => noor.context.unroute(`**${path}`, handler),
  };
}

/** Waits for a problem, in its words. */
async function reads(problem) {
  const box = noor.page.getByRole("alert").filter({ has: noor.page.getByText(t(`${problem}.title`)) });
  try {
    await box.getByText(t(`${problem}.next`)).waitFor();
  } catch {
    assert.fail(`expected ${problem}, there is:\n${await noor.page.locator("main").innerText()}`);
  }
}

const unreachable = (route) => route.abort();
const refusal = (status, code) => (route) =>
  route.fulfill({ status, contentType: "application/problem+json", body: JSON.stringify({ type: `/problems/${code}`, title: "No", status, code }) });
const switchedOff = refusal(404, "wallet-provider-not-configured");

/** What one issuance looked like on the wire, since `from`. */
function insistOnAttested(from) {
  const [pushed, redeemed] = [good("/issuer/par", from), good("/issuer/token", from)];
  const instances = [...pushed, ...redeemed].map(({ headers }) => {
    const attestation = headers["oauth-client-attestation"];
    assert.ok(attestation && headers["oauth-client-attestation-pop"], "each request brings the attestation and a proof");
    const { cnf, sub } = part(attestation, 1);
    assert.equal(sub, stack.base, "all wallets of this operator have one name");
    return cnf.jwk.x;
  });
  assert.equal(new Set(instances).size, 1, "one key from the pushed request to the token");
  assert.equal(redeemed.length, 1);
  assert.equal(answer(redeemed[0]).token_type, "DPoP");
  assert.equal(good(WALLET, from).length, pushed.length + redeemed.length > 1 ? 2 : 1, "for each page, once");
  assert.equal(good(KEYS, from).length, 1, "once for the whole batch");
  const attested = part(answer(good(KEYS, from)[0]).key_attestation, 1);
  assert.equal(attested.attested_keys.length, COPIES);
  assert.deepEqual(attested.key_storage, ["iso_18045_basic"], "no more is said of software keys than is true");
  const [given] = good("/issuer/credential", from);
  assert.match(given.headers.authorization, /^DPoP /);
  const bound = part(given.headers.dpop, 0).jwk.x;
  assert.ok(bound !== instances[0] && attested.attested_keys.every(({ x }) => x !== bound && x !== instances[0]), "each key for one thing");
  return { instance: instances[0], bound, copies: attested.attested_keys.map(({ x }) => x) };
}

const seen = [];

test("a card with a sign-in: wallet and keys are vouched for", async () => {
  const { link } = await makeOffer(stack, "identity", { signIn: true });
  await pasteLink(noor, stack, link);
  await noor.sees(t("offer.title"));
  const from = asked.length;
  await signIn();
  await unlock(noor, PASSPHRASE);
  await noor.sees(t("offer.done"));
  seen.push(insistOnAttested(from));
  await noor.press("link", t("offer.to-home"));
  assert.deepEqual(await cardsAtHome(), ["Identity card"]);
});

test("then a card without one, under other keys", async () => {
  const { link } = await makeOffer(stack, "residence");
  await pasteLink(noor, stack, link);
  const from = asked.length;
  await acceptOffer(noor);
  seen.push(insistOnAttested(from));
  const all = seen.flatMap(({ instance, bound, copies }) => [instance, bound, ...copies]);
  assert.equal(new Set(all).size, all.length, "nothing links the two");
  assert.deepEqual(await cardsAtHome(), ["Identity card", "Residence card"]);
});

test("nobody vouches for the wallet: said in words before anything begins, and trying again works", async () => {
  for (const signedIn of [true, false]) {
    const { link } = await makeOffer(stack, "residence", { signIn: signedIn });
    await pasteLink(noor, stack, link);
    await noor.sees(t("offer.title"));
    const from = asked.length;
    const go = t(signedIn ? "offer.sign-in" : "offer.accept");
    for (const [instead, words] of [
      [unreachable, "problem.wallet-provider-unreachable"],
      [refusal(503, "overloaded"), "problem.wallet-provider-unreachable"],
      [refusal(429, "rate-limited"), "problem.wallet-provider-unreachable"],
      [switchedOff, "problem.wallet-not-vouched-for"],
    ]) {
      const provider = await inPlaceOf(WALLET, instead);
      await noor.press("button", go);
      await reads(words);
      assert.ok(provider.times > 0);
      await provider.stop();
    }
    await noor.looksAt(signedIn ? "offer-not-vouched-sign-in" : "offer-not-vouched");
    assert.deepEqual([...to("/issuer/par", from), ...to("/issuer/token", from)], [], "the issuer was told nothing");
    if (signedIn) {
      await signIn();
      await unlock(noor, PASSPHRASE);
    } else {
      await noor.press("button", go);
    }
    await noor.sees(t("offer.done"));
  }
});

test("nobody vouches for the wallet on the way back: the sign-in is not lost", async () => {
  const { link } = await makeOffer(stack, "residence", { signIn: true });
  await pasteLink(noor, stack, link);
  await noor.sees(t("offer.title"));
  await signIn();
  const provider = await inPlaceOf(WALLET, unreachable);
  await unlock(noor, PASSPHRASE);
  await noor.sees(t("returned.failed"));
  await reads("problem.wallet-provider-unreachable");
  await provider.stop();
  await noor.press("button", t("common.retry"));
  await noor.sees(t("offer.done"));
});

test("nobody vouches for the keys: no card is half there, and what the issuer gave is not lost", async () => {
  for (const signedIn of [true, false]) {
    for (const [instead, words] of [
      [unreachable, "problem.wallet-provider-unreachable"],
      [switchedOff, "problem.wallet-not-vouched-for"],
    ]) {
      const before = await cardsAtHome();
      const { link } = await makeOffer(stack, "residence", { signIn: signedIn });
      await pasteLink(noor, stack, link);
      await noor.sees(t("offer.title"));
      const from = asked.length;
      const provider = await inPlaceOf(KEYS, instead);
      if (signedIn) {
        await signIn();
        await unlock(noor, PASSPHRASE);
        await noor.sees(t("returned.failed"));
      } else {
        await noor.press("button", t("offer.accept"));
      }
      await reads(words);
      await noor.looksAt(`keys-not-vouched-${signedIn ? "returned" : "offer"}`);
      assert.equal(good("/issuer/token", from).length, 1);
      assert.deepEqual(to("/issuer/credential", from), [], "the issuer is not asked for a card");
      // Before a sign-in brings anything, what was given waits with it on this device; else it waits in the vault.
      const stored = asked.slice(from).filter(({ path }) => path.endsWith("/commits"));
      assert.equal(stored.length, signedIn ? 0 : 1);
      if (signedIn && !keys.instance) await findKeys(from);
      await provider.stop();
      if (!signedIn) {
        // It waits in the vault: the page may have been left meanwhile.
        await pasteLink(noor, stack, link);
        await noor.sees(t("offer.title"));
        await noor.page.getByText(t("warning.offer-rest")).waitFor();
        await noor.looksAt("offer-rest");
      }
      await noor.press("button", t(signedIn ? "common.retry" : "offer.accept"));
      await noor.sees(t("offer.done"));
      assert.equal(good("/issuer/token", from).length, 1, "with the token that was there");
      assert.deepEqual(await cardsAtHome(), [...new Set([...before, "Residence card"])].sort());
      assert.equal(await noor.page.getByRole("heading", { name: t("awaited.title") }).count(), 0, "nothing is awaited any more");
    }
  }
});

/** The private keys of this issuance, out of the worker's memory: what nobody else may have. */
async function findKeys(from) {
  const { headers } = good("/issuer/token", from)[0];
  const wanted = { instance: part(headers["oauth-client-attestation"], 1).cnf.jwk.x, token: part(headers.dpop, 0).jwk.x };
  for (const text of await memory.textsInWorker(43)) {
    const pair = createECDH("prime256v1");
    try {
      pair.setPrivateKey(Buffer.from(text, "base64url"));
    } catch {
      continue; // No number of the curve's.
    }
    const x = pair.getPublicKey().subarray(1, 33).toString("base64url");
    for (const [name, known] of Object.entries(wanted)) if (x === known) keys[name] = text;
  }
}

test("no key and no word of the provider is kept in the clear, and the browser complained of nothing", async () => {
  assert.deepEqual(Object.keys(keys).sort(), ["instance", "token"], "the search was in the right place");
  const canaries = { passphrase: PASSPHRASE, recovery: recovery.join("-"), ...cardValues() };
  for (const [name, text] of Object.entries(keys)) canaries[`${name} key`] = Buffer.from(text, "base64url");
  asked.forEach((entry, at) => {
    const { path, status, headers } = entry;
    // The vault service may not have what another role of the same program made or saw.
    for (const name of ["oauth-client-attestation", "oauth-client-attestation-pop", "dpop"]) if (headers[name]) canaries[`${name} ${at}`] = headers[name].split(".")[2];
    if (status === 200 && (path === WALLET || path === KEYS)) canaries[`attestation ${at}`] = Object.values(answer(entry))[0].split(".")[2];
  });
  for (const [at, { instance, copies }] of seen.entries()) {
    canaries[`public instance key ${at}`] = instance;
    for (const [number, x] of copies.entries()) canaries[`public key ${number} of card ${at}`] = x;
  }
  await insistOnNoneInBrowser(noor.page, canaries);
  await insistOnNone(stack, canaries);
  assert.deepEqual(noor.complaints.filter((text) => !/Failed to load resource/.test(text)), []);
});
