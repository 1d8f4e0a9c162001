// The whole journey, as one person would go it: vault, cards, share, receipt, second browser, stop sharing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { findCanaries } from "../src/canary.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack, until } from "../src/stack.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const nl = words("nl");
const PASSPHRASE = "zonnebloem kanarie trapgevel 47 mistral";
/** Texts that must be nowhere on the server; what is made on the way is added. */
const canaries = { passphrase: PASSPHRASE, ...cardValues() };

let stack;
let browser;
let ada;

before(async () => {
  stack = await startStack();
  browser = await launch();
  ada = await Person.arrive(browser);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Opens an offer of the sandbox in the wallet and accepts it. Returns the number of actions in the wallet. */
async function addCard(card, { code = false, paste = false } = {}) {
  const response = await fetch(`${stack.base}/v1/sandbox/offers`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ card, tx_code: code, by_reference: !paste }),
  });
  assert.equal(response.status, 201);
  const offer = await response.json();
  ada.startCounting();
  if (paste) {
    await ada.press("link", t("home.add"));
    await ada.sees(t("add.title"));
    await ada.looksAt("add");
    await ada.type(t("add.link"), offer.link);
    await ada.press("button", t("add.open"));
  } else {
    await ada.page.goto(offer.web_link);
    await unlock(ada);
  }
  await ada.sees(t("offer.title"));
  await ada.looksAt(`offer-${card}`);
  if (code) await ada.type(t("offer.code"), String(offer.tx_code?.value ?? offer.tx_code));
  await ada.press("button", t("offer.accept"));
  await ada.sees(t("offer.done"));
  await ada.press("link", t("offer.to-home"));
  return ada.actions;
}

async function unlock(person) {
  await person.sees(t("unlock.title"));
  if (!person.audited.has("unlock")) await person.looksAt("unlock");
  await person.type(t("passphrase.label"), PASSPHRASE);
  await person.press("button", t("unlock.go"));
}

test("1. makes a vault: passphrase, recovery code, two groups typed back", async () => {
  await ada.page.goto(`${stack.base}/`);
  await ada.sees(t("welcome.title"));
  await ada.looksAt("welcome");
  await ada.press("link", t("welcome.create"));
  await ada.sees(t("create.title"));
  await ada.type(t("passphrase.label"), PASSPHRASE);
  await ada.type(t("passphrase.repeat"), PASSPHRASE);
  await ada.looksAt("create");
  await ada.press("button", t("create.next"));
  await ada.sees(t("recovery.title"));
  await ada.looksAt("recovery");
  const items = await ada.page.locator("ol.code li").allInnerTexts();
  const groups = items.map((text) => text.replace(/^\s*\d+\s*\n?/, "").trim());
  assert.equal(groups.length, 9);
  canaries.recovery = groups.join("-");
  canaries["recovery without dashes"] = groups.join("");
  await ada.press("button", t("recovery.written"));
  await ada.sees(t("confirm.title"));
  for (const field of await ada.page.getByLabel(t("confirm.group")).all()) {
    const label = await field.evaluate((input) => input.labels[0].textContent);
    await field.fill(groups[Number(label.match(/\d+/)[0]) - 1]);
  }
  await ada.looksAt("confirm");
  await ada.press("button", t("confirm.done"));
  await ada.sees(t("home.title"));
  await ada.looksAt("home-empty");
});

test("2. adds two cards: by pasted link, and with a code", async () => {
  await addCard("identity", { paste: true });
  const actions = await addCard("residence", { paste: true, code: true });
  assert.ok(actions <= 5, `adding a pasted card took ${actions} actions`);
  await ada.sees(t("home.title"));
  await ada.looksAt("home-cards");
});

test("3–5. visits the library, shares two details and an e-mail, and sees what it got", async () => {
  const { page } = ada;
  await page.goto(`${stack.libraryOrigin}/`);
  await ada.looksAt("library-home");
  await ada.press("button", /16/);
  await ada.press("button", "On this device");
  // The wallet opens locked: the page was left.
  await unlock(ada);
  await ada.sees(t("request.title"));
  await ada.looksAt("request");
  const optional = page.getByRole("switch");
  assert.equal(await optional.count(), 1);
  assert.equal(await optional.isChecked(), false, "nothing is chosen for anybody");
  await optional.check();
  const share = page.getByRole("button", { name: t("request.share") });
  await share.scrollIntoViewIfNeeded();
  await until("the share button to be armed", async () => (await share.getAttribute("data-armed")) !== "false");
  ada.startCounting();
  await ada.press("button", t("request.share"));
  await ada.sees(t("result.shared"));
  assert.equal(ada.actions, 1, "sharing is one action");
  await ada.looksAt("result");
  await page.getByText(t("result.both-have-it")).waitFor();
  await ada.press("link", t("result.back-to"));
  await page.waitForURL(`${stack.libraryOrigin}/account`);
  await ada.looksAt("library-account");
  canaries.email = (await page.getByRole("row", { name: /E-mail/ }).getByRole("cell").innerText()).trim();
  assert.match(canaries.email, /@/);
});

test("6. finds history, receipt and active sharing", async () => {
  await ada.page.goto(`${stack.base}/`);
  await unlock(ada);
  await ada.sees(t("home.title"));
  await ada.looksAt("home-sharing");
  for (const place of ["sharing", "history", "settings"]) {
    await ada.press("link", t(`nav.${place}`));
    await ada.sees(t(`${place}.title`));
    await ada.looksAt(place);
  }
});

test("7. opens the same vault in a second browser", async () => {
  const address = await ada.page.locator(".code").first().innerText();
  const other = await Person.arrive(browser);
  await other.page.goto(`${stack.base}/`);
  await other.press("link", t("welcome.open"));
  await other.sees(t("open.title"));
  await other.looksAt("open");
  await other.type(t("open.address"), address.trim());
  await other.type(t("passphrase.label"), PASSPHRASE);
  await other.press("button", t("open.go"));
  await other.sees(t("home.title"));
  await other.page.getByRole("link", { name: /City Library/i }).first().waitFor();
  await other.leave();
});

test("looks closely at a card, at an entry with its receipt, and at the locked vault", async () => {
  const { page } = ada;
  await ada.press("link", t("nav.home"));
  await ada.sees(t("home.title"));
  await page.getByRole("link", { name: /Residence card/ }).first().click();
  await ada.sees(/Residence card/);
  await ada.looksAt("card");
  await ada.press("button", t("card.show"));
  await page.getByText(canaries["library number"]).waitFor();
  await ada.looksAt("card-shown");
  await ada.press("button", t("card.remove"));
  await page.getByRole("heading", { name: t("card.remove-title") }).waitFor();
  await ada.looksAt("card-remove");
  await ada.press("button", t("card.keep"));
  await ada.press("link", t("nav.history"));
  await ada.press("link", /You shared 3 details/);
  await page.getByText(t("entry.no-values")).waitFor();
  await ada.looksAt("entry");
  await ada.press("link", t("result.receipt"));
  await ada.sees(t("receipt.title"));
  await page.getByText(t("receipt.checked-now")).waitFor();
  await ada.looksAt("receipt");
  await ada.press("button", t("nav.lock"));
  await ada.sees(t("unlock.title"));
  await ada.looksAt("locked");
  await ada.type(t("passphrase.label"), "not the passphrase at all");
  await ada.press("button", t("unlock.go"));
  await page.getByText(t("problem.vault-wrong-secret.title")).waitFor();
  await ada.looksAt("unlock-wrong");
  await unlock(ada);
});

test("looks closely at what a wrong link shows", async () => {
  const { page } = ada;
  const open = async (link) => {
    await page.goto(`${stack.base}/#/add`);
    await ada.sees(t("add.title"));
    await ada.type(t("add.link"), link);
    await ada.press("button", t("add.open"));
  };
  await open("this is no link");
  await page.getByText(t("add.not-a-link")).waitFor();
  await ada.looksAt("add-not-a-link");
  const offer = encodeURIComponent(`${stack.base}/issuer/offers/no-such-offer`);
  await open(`openid-credential-offer://?credential_offer_uri=${offer}`);
  await ada.sees(t("offer.failed"));
  await ada.looksAt("offer-failed");
  const request = encodeURIComponent(`${stack.base}/vp/requests/no-such-request`);
  await open(`openid4vp://?client_id=x509_hash%3Aabc&request_uri=${request}`);
  await ada.sees(t("request.failed"));
  await ada.looksAt("request-failed");
});

test("reads home and a request in Dutch, and declines", async () => {
  const { page } = ada;
  await page.goto(`${stack.libraryOrigin}/`);
  await ada.press("button", /16/);
  await ada.press("button", "On this device");
  await unlock(ada);
  await ada.sees(t("request.title"));
  await ada.press("button", "Nederlands");
  await ada.sees(nl("request.title"));
  assert.equal(await page.locator("html").getAttribute("lang"), "nl");
  // Also what the engine names: the labels of the details.
  await page.getByText("Woonplaats").first().waitFor();
  await ada.looksAt("request-nl");
  await ada.press("button", nl("request.refuse"));
  await ada.sees(nl("result.declined"));
  await ada.looksAt("declined-nl");
  await ada.press("button", "English");
  await ada.sees(t("result.declined"));
  await ada.looksAt("declined");
  await ada.press("link", t("result.home"));
  await ada.sees(t("home.title"));
  await ada.press("button", "Nederlands");
  await ada.sees(nl("home.title"));
  await page.getByText(nl("home.latest")).waitFor();
  await ada.looksAt("home-nl");
  await ada.press("button", "English");
  await ada.sees(t("home.title"));
});

test("stops only the e-mail, and the library keeps the rest", async () => {
  await ada.press("link", t("nav.sharing"));
  await ada.sees(t("sharing.title"));
  await ada.looksAt("sharing-parts");
  await ada.press("link", /^Stop this\s*: Send you a reminder/);
  await ada.sees(t("stop.title-part"));
  await ada.looksAt("stop-part");
  await ada.press("button", t("sharing.stop"));
  await ada.page.getByText(t("stop.confirmed")).first().waitFor();
  await ada.looksAt("stop-part-confirmed");
  await ada.page.goto(`${stack.libraryOrigin}/account`);
  await until("the library to forget the e-mail", async () => {
    await ada.page.reload();
    return (await ada.page.getByRole("row", { name: /E-mail/ }).getByRole("cell").innerText()).includes("Not shared");
  });
  await ada.page.goto(`${stack.base}/`);
  await unlock(ada);
  await ada.sees(t("home.title"));
});

test("8. stops sharing while the service is down, and the wallet tries again", async () => {
  await ada.press("link", t("nav.home"));
  await ada.sees(t("home.title"));
  await stack.server.stop("SIGKILL");
  ada.startCounting();
  await ada.press("link", new RegExp("Stop sharing"), { first: true });
  await ada.sees(t("stop.title"));
  await ada.press("button", t("sharing.stop"));
  await ada.page.getByText(t("stop.queued")).first().waitFor();
  assert.ok(ada.actions <= 3, `stopping took ${ada.actions} actions`);
  await ada.looksAt("stop-queued");
  await stack.server.start();
  await ada.press("button", t("waits.try"));
  await ada.page.getByText(t("stop.confirmed")).first().waitFor();
  await ada.looksAt("stop-confirmed");
});

test("9. the library's page shows that the details are gone, and its file has none", async () => {
  await ada.page.goto(`${stack.libraryOrigin}/account`);
  await until("the library to delete", async () => {
    await ada.page.reload();
    return ada.page.getByRole("heading", { name: "Your details are gone" }).isVisible();
  });
  await ada.looksAt("library-gone");
  const file = readFileSync(join(stack.data, "library/register.json"), "utf8");
  assert.ok(!file.includes(canaries.email), "the library still has the e-mail address");
});

test("10. nothing the person typed, received or shared is in any byte the server stored or logged", async () => {
  await stack.server.stop();
  const { found, bytes } = findCanaries([join(stack.data, "server"), join(stack.data, "server.log")], canaries);
  assert.ok(bytes > 50_000, "there is something to search");
  assert.deepEqual(found, []);
});

test("the browser had nothing to complain about", () => {
  const expected = /Failed to load resource|ERR_CONNECTION_REFUSED/;
  assert.deepEqual(ada.complaints.filter((text) => !expected.test(text)), []);
});
