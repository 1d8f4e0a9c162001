// Requests that are not what they should be, and what the screen says to each: who, what is wrong, that nothing was shared.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { openHostile } from "../src/hostile.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, ask, makeVault, pasteLink, share, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const nl = words("nl");
const PASSPHRASE = "vuurtoren schelp 61 mastbos kiezel";
const PID = "urn:eudi:pid:1";
const query = (...claims) => ({ dcql_query: { credentials: [{ id: "a", format: "dc+sd-jwt", meta: { vct_values: [PID] }, claims: claims.map((path) => ({ path })) }] } });
const CITY = query(["address", "locality"]);

let stack;
let recovery;
let browser;
let fay;
let hostile;

before(async () => {
  stack = await startStack();
  browser = await launch();
  hostile = await openHostile(stack);
  fay = await Person.arrive(browser);
  recovery = await makeVault(fay, stack, PASSPHRASE);
  await addCard(fay, stack, "identity");
});

after(async () => {
  await browser?.close();
  await hostile?.close();
  await stack?.stop();
});

/** Opens a wrong request; the wallet refuses it with these words and sends nothing. */
async function refused(name, problem, wrong) {
  await pasteLink(fay, stack, await hostile.link(wrong));
  await fay.sees(t("request.failed"));
  await fay.page.getByText(t(`problem.${problem}.title`)).waitFor();
  await fay.page.getByText(t(`problem.${problem}.next`)).waitFor();
  await fay.page.getByText(t("problem.shared-no")).waitFor();
  assert.equal(await fay.page.getByRole("button", { name: t("request.share") }).count(), 0);
  await fay.looksAt(`hostile-${name}`);
}

test("refuses a certificate of an authority nobody knows", async () => {
  await refused("unknown-authority", "certificate", { body: CITY, party: await hostile.party("City Library of Voorbeeld", { known: false }) });
});

test("refuses an answer address that the certificate does not name", async () => {
  const party = await hostile.party("City Library of Voorbeeld");
  await refused("response-uri", "request", {
    body: CITY,
    party,
    clientId: "x509_san_dns:localhost",
    change: (claims) => ({ ...claims, response_uri: "https://collector.example/take" }),
  });
});

test("refuses an expired request, a changed one, and one for another wallet", async () => {
  const party = await hostile.party("City Library of Voorbeeld");
  const now = Math.floor(Date.now() / 1000);
  await refused("expired", "request-expired", { body: CITY, party, change: (claims) => ({ ...claims, iat: now - 7200, exp: now - 3600 }) });
  const spoil = (jwt) => {
    const [head, claims, signature] = jwt.split(".");
    const changed = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
    changed.response_uri = "https://collector.example/take";
    return `${head}.${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${signature}`;
  };
  await refused("changed", "request-signature", { body: CITY, party, spoil });
  await refused("replayed", "request", { body: CITY, party, change: (claims) => ({ ...claims, wallet_nonce: "of-another-wallet" }) });
});

test("warns of a service that nothing confirms, and wants that understood", async () => {
  const { links } = await ask(stack, { ...CITY, client_id_prefix: "redirect_uri" });
  await pasteLink(fay, stack, links.same_device);
  await fay.sees(t("request.title"));
  await fay.page.getByText(t("trust.unverified")).first().waitFor();
  await fay.page.getByText(t("warning.service-unverified")).waitFor();
  await fay.page.getByText(t("request.no-purpose")).waitFor();
  await share(fay);
  await fay.page.getByRole("alert").getByText(t("request.tick-first")).waitFor();
  assert.equal(await fay.page.getByRole("checkbox").first().isChecked(), false, "nothing is ticked for anybody");
  await fay.looksAt("hostile-unconfirmed");
  await fay.press("button", t("request.refuse"));
  await fay.sees(t("result.declined"));
});

test("a name as long as it gets, with characters that turn the text round, stays a name", async () => {
  const long = `${"City Library of Voorbeeld ".repeat(8)}\u202Egro.ytinummoc\u202C${"X".repeat(120)}`;
  const purpose = Object.fromEntries(["en", "nl"].map((tag) => [tag, `${"Because it is so very good for you to share this with us now. ".repeat(7)}${"W".repeat(60)}`]));
  const body = {
    consent_request: {
      purpose,
      purpose_type: "dpv:ServiceProvision",
      legal_basis: "eu-gdpr:A6-1-a",
      required: [{ vct: PID, path: ["address", "locality"] }],
      retention: "P30D",
      recipients: [],
      storage_locations: ["NL"],
      jurisdiction: "NL",
      controller: { name: "C".repeat(190), contact: "privacy@library.example", address: "Marktplein 1, Voorbeeld" },
      privacy_policy: `https://library.example/${"p".repeat(300)}`,
      rights_contact: "privacy@library.example",
      authority: { name: "Autoriteit Persoonsgegevens", url: "https://autoriteitpersoonsgegevens.nl/" },
      language: "en",
    },
  };
  const { links } = await ask(stack, body);
  await pasteLink(fay, stack, links.same_device);
  await fay.sees(t("request.title"));
  await fay.looksAt("hostile-long-purpose");
  await fay.press("button", "Nederlands");
  await fay.sees(nl("request.title"));
  await fay.looksAt("hostile-long-purpose-nl");
  await fay.press("button", "English");

  await pasteLink(fay, stack, await hostile.link({ body: CITY, party: await hostile.party(long) }));
  await fay.sees(t("request.title"));
  const shown = await fay.page.locator("main").innerText();
  assert.doesNotMatch(shown, /[\u202a-\u202e\u2066-\u2069]/, "nothing turns the reading direction round");
  const heading = await fay.page.getByRole("heading", { level: 1 }).innerText();
  assert.ok(heading.length < 110, `the heading has ${heading.length} characters`);
  await fay.looksAt("hostile-long-name");
});

test("a request for everything shows everything, wants a tick for what is sensitive, and can be refused at once", async () => {
  const all = ["given_name", "family_name", "birthdate", "personal_administrative_number", "picture", "email", "phone_number"].map((name) => [name]);
  const party = await hostile.party("Very Curious Shop");
  await pasteLink(fay, stack, await hostile.link({ body: query(...all, ["address"], ["nationalities", null]), party }));
  await fay.sees(t("request.title"));
  await fay.page.getByText(t("recognise.as_you")).first().waitFor();
  await fay.page.getByText(t("warning.birth-date")).waitFor();
  await fay.page.getByText(t("warning.portrait")).waitFor();
  assert.ok((await fay.page.getByRole("checkbox").count()) >= 2);
  await fay.looksAt("hostile-everything");
  fay.startCounting();
  await fay.press("button", t("request.refuse"));
  await fay.sees(t("result.declined"));
  assert.equal(fay.actions, 1, "refusing is one action");
});

test("the button that shares wakes up also when a busy browser tells late that it is in sight", async () => {
  // Holds back what an observer is told until there are two things to tell, as a browser does that has no time between them.
  await fay.context.addInitScript(() => {
    window.IntersectionObserver = class extends IntersectionObserver {
      constructor(tell, options) {
        const held = [];
        super((entries, observer) => {
          held.push(...entries);
          document.documentElement.dataset.held = held.length;
          if (held.length > 1) tell(held.splice(0), observer);
        }, options);
      }
    };
  });
  await fay.page.setViewportSize({ width: 412, height: 400 });
  await fay.page.reload();
  await unlock(fay, PASSPHRASE);
  await fay.sees(t("home.title"));
  await pasteLink(fay, stack, (await ask(stack, CITY)).links.same_device);
  await fay.sees(t("request.title"));
  await fay.page.locator("html[data-held='1']").waitFor();
  await share(fay);
  await fay.sees(t("result.shared"));
});

test("nothing reached the collector, and nothing of the card is on the server", async () => {
  const canaries = { passphrase: PASSPHRASE, recovery: recovery.join("-"), "recovery without dashes": recovery.join(""), ...cardValues() };
  assert.ok(hostile.seen.every((line) => line.startsWith("POST /request/")), hostile.seen.join(", "));
  await insistOnNone(stack, canaries);
  assert.deepEqual(fay.complaints.filter((text) => !/Failed to load resource/.test(text)), []);
});
