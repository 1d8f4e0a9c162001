// Ways to unlock: passkeys that come, are used, get lost, and what there is when they do not work.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Authenticator } from "../src/authenticator.mjs";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { startStack, until } from "../src/stack.mjs";
import { typeCodeBack } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");

let stack;
let browser;
let pia;
let laptop;
let key;
const codes = [];
const complaints = [];
const PASSPHRASE = "kwartel 91 steiger bramen fluit";

before(async () => {
  stack = await startStack();
  browser = await launch();
  pia = await Person.arrive(browser);
  laptop = await Authenticator.plugIn(pia);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const lock = async (person) => {
  await person.press("button", t("nav.lock"));
  await person.sees(t("unlock.title"));
};
/** Waits for the list of ways to unlock. */
const seesWays = async (person) => {
  await person.sees(t("ways.title"));
  await person.page.locator("li.way").first().waitFor();
};
/** Goes to it; the vault is open. */
const toWays = async (person) => {
  await person.page.goto(`${stack.base}/#/ways`);
  await seesWays(person);
};
/** Waits until the keeper of passkeys was told to forget so many: it is told beside what the screen does. */
const forgets = (authenticator, count) => until(`${count} passkeys to be forgotten`, () => authenticator.forgotten.length === count);
/** What the vault service answers from now on where it is asked for unlock slots, in order. */
function asked(person) {
  const answers = [];
  person.page.on("response", (response) => {
    const path = new URL(response.url()).pathname;
    if (path === "/v1/sign-in/passkey" || path.endsWith("/header")) answers.push(`${path.split("/").at(-1)} ${response.status()}`);
  });
  return answers;
}
/** Types the recovery code where the screen asks for a way in. */
const withCode = (person, code) => person.type(t("recovery.label"), code.join(" "));

test("makes a vault with a passkey and a recovery code, locks it, and opens it in one action", async () => {
  await pia.page.goto(`${stack.base}/`);
  await pia.press("link", t("welcome.create"));
  await pia.sees(t("create.title"));
  await pia.looksAt("create-ways");
  await pia.press("button", t("create.use-passkey"));
  await pia.sees(t("recovery.title"));
  const [passkey, ...others] = await laptop.passkeys();
  assert.deepEqual([others.length, passkey.isResidentCredential, passkey.rpId], [0, true, "localhost"]);
  codes.push(await typeCodeBack(pia));
  const salts = pia.page.waitForResponse(/\/header$/);
  await lock(pia);
  await salts;
  await pia.looksAt("unlock-passkey");
  const answers = asked(pia);
  pia.startCounting();
  await pia.press("button", t("unlock.go-passkey"));
  await pia.sees(t("home.title"));
  assert.equal(pia.actions, 1);
  assert.deepEqual(answers, ["passkey 200"], "the same answer that opens the vault signs in to its service");
});

test("lists the ways to unlock, and keeps two of them", async () => {
  await pia.press("link", t("nav.settings"));
  await pia.press("link", t("ways.open"));
  await seesWays(pia);
  const names = await pia.page.locator("li.way h2").allInnerTexts();
  assert.deepEqual(names, ["Passkey", "Recovery code"]);
  await pia.page.getByText(t("ways.used-now")).waitFor();
  await pia.looksAt("ways");
  await pia.press("link", /Change or remove: Passkey/);
  await pia.sees("Passkey");
  await pia.page.getByText(t("ways.must-stay")).waitFor();
  await pia.looksAt("way-must-stay");
  await pia.press("link", t("common.back"));
});

test("adds a second passkey after showing who is there, names it, and opens the vault with it", async () => {
  await pia.press("link", t("ways.add-passkey"));
  await pia.sees(t("ways.add-title-passkey"));
  await pia.looksAt("add-passkey");
  await pia.press("button", t("ways.go-on-passkey"));
  await pia.page.getByText(t("ways.now-passkey")).waitFor();
  await pia.looksAt("add-passkey-make");
  await laptop.within(false);
  key = await Authenticator.plugIn(pia, { transport: "usb" });
  await pia.press("button", t("ways.make-passkey"));
  await pia.sees(t("ways.title"));
  await pia.page.locator(".notice").getByText(t("ways.done-passkey")).waitFor();
  assert.equal((await key.passkeys()).length, 1);
  await pia.page.getByRole("link", { name: /Change or remove: Passkey/ }).last().click();
  await pia.sees("Passkey");
  await pia.type(t("ways.name"), "Key on my keyring");
  await pia.press("button", t("ways.rename"));
  await pia.page.getByRole("heading", { name: "Key on my keyring" }).waitFor();
  await lock(pia);
  await pia.press("button", t("unlock.go-passkey"));
  await pia.sees(t("home.title"));
  await toWays(pia);
  const used = pia.page.locator("li.way", { has: pia.page.getByText(t("ways.used-now")) });
  assert.equal(await used.getByRole("heading").innerText(), "Key on my keyring");
  const before = pia.page.locator("li.way", { has: pia.page.getByText(t("ways.used")) });
  assert.equal(await before.getByRole("heading").innerText(), "Passkey");
});

test("the same device a second time is told apart, and adds nothing", async () => {
  await pia.press("link", t("ways.add-passkey"));
  await pia.press("button", t("ways.go-on-passkey"));
  await pia.press("button", t("ways.make-passkey"));
  await pia.page.getByText(t("problem.passkey-already.title")).waitFor();
  await pia.looksAt("add-passkey-again");
  await toWays(pia);
  assert.equal(await pia.page.locator("li.way").count(), 3);
});

test("another browser finds the vault with the passkey alone", async () => {
  await key.lose();
  await laptop.within(true);
  // A browser that never saw the vault: everything it kept is gone. What has the passkeys stays.
  await laptop.devtools.send("Storage.clearDataForOrigin", { origin: stack.base, storageTypes: "all" });
  await pia.page.reload();
  await pia.sees(t("welcome.title"));
  await pia.press("link", t("welcome.open"));
  await pia.sees(t("open.title"));
  await pia.looksAt("open-passkey");
  const answers = asked(pia);
  pia.startCounting();
  await pia.press("button", t("open.go-passkey"));
  await pia.sees(t("home.title"));
  assert.equal(pia.actions, 1);
  assert.deepEqual(answers, ["passkey 200", "passkey 200"], "nothing is asked for by address");
});

test("a lost passkey: the recovery code opens the vault, removes the lost one, and a new one takes its place", async () => {
  const [{ credentialId }] = await laptop.passkeys();
  await lock(pia);
  await laptop.verifies(false);
  await pia.press("button", t("unlock.go-passkey"));
  await pia.page.getByText(t("problem.passkey-cancelled.title")).waitFor();
  await pia.looksAt("unlock-passkey-cancelled");
  await withCode(pia, codes[0]);
  await pia.press("button", t("unlock.go"));
  await pia.sees(t("home.title"));
  await toWays(pia);
  await pia.press("link", "Change or remove: Passkey");
  await pia.press("button", t("ways.remove-start"));
  await pia.page.getByText(t("ways.remove-others")).waitFor();
  await withCode(pia, codes[0]);
  await pia.looksAt("way-remove");
  await pia.press("button", t("ways.remove-yes"));
  await pia.sees(t("ways.title"));
  await pia.page.locator(".notice").getByText(t("ways.done-removed")).waitFor();
  await pia.looksAt("ways-removed");
  await forgets(laptop, 1);
  assert.deepEqual(laptop.forgotten, [credentialId], "its keeper is told");
  assert.deepEqual(await laptop.passkeys(), []);
  await laptop.lose();
  const phone = await Authenticator.plugIn(pia);
  await pia.press("link", t("ways.add-passkey"));
  await withCode(pia, codes[0]);
  await pia.press("button", t("ways.go-on"));
  await pia.press("button", t("ways.make-passkey"));
  await pia.sees(t("ways.title"));
  await lock(pia);
  await pia.press("button", t("unlock.go-passkey"));
  await pia.sees(t("home.title"));
  assert.equal((await phone.passkeys()).length, 1);
});

test("new keys, shown with a passkey: the vault's slots are others, and the passkey still opens it", async () => {
  const slots = async () => (await (await fetch(`${address}/header`)).json()).header;
  const seen = pia.page.waitForRequest(/\/v1\/vaults\/[^/]+\/header/);
  await lock(pia);
  await pia.press("button", t("unlock.go-passkey"));
  await pia.sees(t("home.title"));
  const address = (await seen).url().replace(/\/header.*/, "");
  const before = await slots();
  const commits = [];
  pia.page.on("request", (request) => request.url().endsWith("/commits") && commits.push(JSON.parse(request.postData())));
  await toWays(pia);
  await pia.page.getByText(t("ways.new-keys")).click();
  await pia.press("button", t("ways.new-keys-go-passkey"));
  await pia.page.locator("details").getByText(t("ways.done-keys")).waitFor();
  assert.deepEqual(commits.map(({ epoch, header }) => [epoch !== undefined, header !== undefined]), [[true, true], [false, true]], "new keys, then the next salt");
  assert.notEqual(await slots(), before);
  await lock(pia);
  await pia.press("button", t("unlock.go-passkey"));
  await pia.sees(t("home.title"));
});

test("a passkey that the service does not know opens the vault all the same", async () => {
  const nia = await Person.arrive(browser);
  const first = await Authenticator.plugIn(nia);
  // As in browsers that do not give what a new passkey says of itself.
  await nia.context.addInitScript(() => delete AuthenticatorAttestationResponse.prototype.getAuthenticatorData);
  const kept = nia.page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/v1/vaults"));
  await nia.page.goto(`${stack.base}/#/create`);
  await nia.press("button", t("create.use-passkey"));
  codes.push(await typeCodeBack(nia));
  const { passkeys } = JSON.parse((await kept).postData());
  assert.deepEqual(passkeys.map((passkey) => Object.keys(passkey)), [["credential_id"]]);
  await first.devtools.send("Storage.clearDataForOrigin", { origin: stack.base, storageTypes: "all" });
  await nia.page.goto(`${stack.base}/#/open`);
  await nia.page.reload();
  await nia.sees(t("open.title"));
  const answers = asked(nia);
  await nia.press("button", t("open.go-passkey"));
  await nia.sees(t("home.title"));
  assert.deepEqual(answers, ["passkey 403", "header 200", "passkey 403", "header 200"]);
  complaints.push(...nia.complaints);
  await nia.leave();
});

test("an authenticator that answers no salts: said in words, taken back, and the passphrase goes on from there", async () => {
  const ron = await Person.arrive(browser);
  const old = await Authenticator.plugIn(ron, { prf: false });
  await ron.page.goto(`${stack.base}/#/create`);
  await ron.press("button", t("create.use-passkey"));
  await ron.page.getByText(t("problem.passkey-no-key.title")).waitFor();
  await ron.looksAt("create-no-prf");
  await forgets(old, 1);
  assert.deepEqual(await old.passkeys(), [], "nothing stays behind");
  await ron.type(t("passphrase.label"), PASSPHRASE);
  await ron.type(t("passphrase.repeat"), PASSPHRASE);
  await ron.press("button", t("create.next"));
  codes.push(await typeCodeBack(ron));
  // And for a vault that is there: nothing is added, nothing is lost.
  await toWays(ron);
  await ron.press("link", t("ways.add-passkey"));
  await ron.type(t("passphrase.label"), PASSPHRASE);
  await ron.press("button", t("ways.go-on"));
  await ron.press("button", t("ways.make-passkey"));
  await ron.page.getByText(t("problem.passkey-no-key.title")).waitFor();
  await forgets(old, 2);
  assert.deepEqual(await old.passkeys(), []);
  await toWays(ron);
  assert.deepEqual(await ron.page.locator("li.way h2").allInnerTexts(), ["Passphrase", "Recovery code"]);
  complaints.push(...ron.complaints);
  await ron.leave();
});

test("zeros, constants and half an answer are refused, and what was made is taken back", async () => {
  for (const results of [{ first: 0, second: 0 }, { first: 7, second: 7 }, { first: 1 }]) {
    const eve = await Person.arrive(browser);
    const bad = await Authenticator.plugIn(eve);
    await eve.context.addInitScript((results) => {
      const answer = Object.fromEntries(Object.entries(results).map(([name, byte]) => [name, new Uint8Array(32).fill(byte).buffer]));
      PublicKeyCredential.prototype.getClientExtensionResults = () => ({ prf: { enabled: true, results: answer } });
    }, results);
    await eve.page.goto(`${stack.base}/#/create`);
    await eve.press("button", t("create.use-passkey"));
    const title = t(results.second === undefined ? "problem.passkey-no-key.title" : "problem.vault-passkey-unusable.title");
    await eve.page.getByText(title).waitFor();
    await forgets(bad, 1);
    assert.deepEqual(await bad.passkeys(), []);
    await eve.page.getByLabel(t("passphrase.label")).waitFor();
    await eve.leave();
  }
});

test("a passkey that is made but stopped at its first use asks once more, and goes when the person does", async () => {
  const ida = await Person.arrive(browser);
  const slow = await Authenticator.plugIn(ida);
  await ida.context.addInitScript(() => {
    // As most authenticators do: at creation they only say that they can answer.
    const results = PublicKeyCredential.prototype.getClientExtensionResults;
    PublicKeyCredential.prototype.getClientExtensionResults = function () {
      return this.response instanceof AuthenticatorAttestationResponse ? { prf: { enabled: true } } : results.call(this);
    };
    const get = navigator.credentials.get.bind(navigator.credentials);
    let times = 0;
    navigator.credentials.get = (options) => ((times += 1) <= 2 ? Promise.reject(new DOMException("", "NotAllowedError")) : get(options));
  });
  const make = async (name) => {
    await ida.press("button", t(name));
    await ida.page.getByText(t("passkey.half")).waitFor();
  };
  await ida.page.goto(`${stack.base}/#/create`);
  await make("create.use-passkey");
  assert.equal((await slow.passkeys()).length, 1);
  await ida.press("link", t("common.back"));
  await ida.sees(t("welcome.title"));
  await forgets(slow, 1); // left half-way: taken back
  await ida.press("link", t("welcome.create"));
  await make("create.use-passkey");
  await ida.looksAt("create-passkey-half");
  await ida.press("button", t("passkey.finish"));
  codes.push(await typeCodeBack(ida));
  assert.equal((await slow.passkeys()).length, 1);
  // A vault that is given up takes its passkey along.
  await ida.leave();
  const max = await Person.arrive(browser);
  const mine = await Authenticator.plugIn(max);
  await max.page.goto(`${stack.base}/#/create`);
  await max.press("button", t("create.use-passkey"));
  await max.sees(t("recovery.title"));
  await max.page.reload();
  await max.page.getByText(t("create.again")).waitFor();
  await forgets(mine, 1);
  assert.deepEqual(await mine.passkeys(), []);
  await max.leave();
});

test("without WebAuthn, and at an address of numbers: words and the passphrase", async () => {
  const tim = await Person.arrive(browser);
  await tim.context.addInitScript(() => delete globalThis.PublicKeyCredential);
  await tim.page.goto(`${stack.base}/#/create`);
  await tim.page.getByText(t("passkey.not-here")).waitFor();
  await tim.looksAt("create-no-webauthn");
  assert.equal(await tim.page.getByRole("button", { name: t("create.use-passkey") }).count(), 0);
  await tim.leave();
  const pim = await Person.arrive(browser);
  await pim.page.goto(`${stack.base.replace("localhost", "127.0.0.1")}/#/create`);
  await pim.page.getByText(t("passkey.not-here")).waitFor();
  await pim.page.getByLabel(t("passphrase.label")).first().waitFor();
  await pim.leave();
});

test("passkeys are for this site alone, says the server", async () => {
  const { headers } = await fetch(`${stack.base}/`);
  assert.match(headers.get("permissions-policy"), /publickey-credentials-get=\(self\), publickey-credentials-create=\(self\)/);
});

test("nothing of it is on the server", async () => {
  assert.equal(codes.length, 4);
  complaints.push(...pia.complaints);
  assert.deepEqual(complaints.filter((text) => !/Failed to load resource/.test(text)), []);
  const canaries = Object.fromEntries(codes.flatMap((code, at) => [[`code ${at}`, code.join("-")], [`code ${at} without dashes`, code.join("")]]));
  await insistOnNone(stack, { passphrase: PASSPHRASE, ...canaries });
});
