// The person's own details: written down, changed, undone, found, deleted; on two browsers and in two tabs; and nothing of it
// on the server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone, insistOnNoneInBrowser } from "../src/canary.mjs";
import { startStack, until } from "../src/stack.mjs";
import { addCard, makeVault } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "molensteen 34 fluitketel hagedis";
const CANARY = {
  "first e-mail": "kanarie.eerste@zeldzaamwoord.example",
  "second e-mail": "kanarie.tweede@zeldzaamwoord.example",
  "e-mail of a tab": "kanarie.derde@zeldzaamwoord.example",
  "e-mail of another browser": "kanarie.vierde@zeldzaamwoord.example",
  account: "NL91ABNA0417164300",
  street: "Zwaluwstaartvlinderpad",
  allergy: "Kanariepietpollen",
  note: "Geheimschriftsleutelbos",
};

let stack;
let browser;
let jo;
let recovery;
let address;

before(async () => {
  stack = await startStack();
  browser = await launch();
  jo = await Person.arrive(browser);
  recovery = await makeVault(jo, stack, PASSPHRASE);
  await addCard(jo, stack, "identity");
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const go = (person, hash) => person.page.goto(`${stack.base}/${hash}`);

/** Opens the form for a kind, by the way a person goes. */
async function pick(person, kind) {
  await person.press("link", t("nav.details"));
  await person.sees(t("details.title"));
  await person.press("link", t("details.add"));
  await person.sees(t("detailadd.title"));
  await person.page.getByRole("link", { name: t(`kind.${kind}`) }).click();
  await person.sees(t("detailedit.new"));
}

async function save(person) {
  await person.press("button", t("detailedit.save"));
  await person.page.getByRole("heading", { level: 2, name: t("mydetail.where") }).waitFor();
}

/** Opens a detail from the list. */
async function open(person, name) {
  await person.press("link", t("nav.details"));
  await person.sees(t("details.title"));
  await person.page.getByRole("link", { name }).click();
  await person.page.getByRole("heading", { level: 2, name: t("mydetail.where") }).waitFor();
}

const shows = (person, text) => person.page.getByText(text).first().waitFor();

test("the empty list says how to begin; a form with mistakes names them all, and the first is one key away", async () => {
  await jo.press("link", t("nav.details"));
  await jo.sees(t("details.title"));
  await shows(jo, "Family name");
  await jo.looksAt("details-cards-only");
  await pick(jo, "address");
  await jo.looksAt("detail-new");
  await jo.page.getByLabel("Country").selectOption("NL");
  await jo.page.getByLabel("Postcode (not needed)").fill("12 34");
  await jo.press("button", t("detailedit.save"));
  const summary = jo.page.getByRole("alert");
  await summary.getByText("3 things are not right yet").waitFor();
  assert.ok(await summary.evaluate((box) => box === document.activeElement), "the focus is on what is wrong");
  const street = jo.page.getByLabel("Street");
  assert.equal(await street.getAttribute("aria-invalid"), "true");
  const described = await street.getAttribute("aria-describedby");
  assert.match(await jo.page.locator(`#${described}`).innerText(), /Fill this in/);
  await jo.looksAt("detail-new-wrong");
  await summary.getByRole("link").first().click();
  assert.ok(await street.evaluate((input) => input === document.activeElement));
  await street.fill(CANARY.street);
  await jo.page.getByLabel("House number (not needed)").fill("12 bis");
  await jo.page.getByLabel("Postcode (not needed)").fill("1234ab");
  await jo.page.getByLabel("Town").fill("Voorbeeld");
  await save(jo);
  await shows(jo, `${CANARY.street} 12 bis`);
  await shows(jo, "1234 AB Voorbeeld");
  await shows(jo, "Netherlands");
  await jo.looksAt("detail-address");
});

test("a detail is added, changed, and the change undone", async () => {
  await pick(jo, "email");
  await jo.type(t("kind.email"), CANARY["first e-mail"]);
  await save(jo);
  await shows(jo, CANARY["first e-mail"]);
  await jo.press("link", t("mydetail.change"));
  await jo.sees(t("detailedit.change"));
  await jo.type(t("kind.email"), CANARY["second e-mail"]);
  await save(jo);
  await shows(jo, CANARY["second e-mail"]);
  await jo.looksAt("detail-versions");
  await jo.press("button", t("mydetail.undo"));
  // Not among its earlier versions, where it is before and after.
  await jo.page.getByRole("region", { name: t("kind.email"), exact: true }).getByText(CANARY["first e-mail"]).waitFor();
  const heading = jo.page.getByRole("heading", { level: 1 });
  await until("the focus on the heading", () => heading.evaluate((heading) => heading === document.activeElement));
});

test("a detail can be taken from a card, and says so", async () => {
  await pick(jo, "family_name");
  await jo.page.getByRole("button", { name: /^Use this ?: Identity card/ }).click();
  await save(jo);
  await shows(jo, t("mydetail.taken"));
  await shows(jo, t("mydetail.never-shared"));
  await jo.looksAt("detail-from-card");
});

test("search finds by name, value and card, whatever the accents and capitals, and never leaves the page", async () => {
  await pick(jo, "bank_account");
  await jo.page.getByLabel(t("part.iban")).fill("nl91 abna 0417 1643 00");
  await save(jo);
  await pick(jo, "allergy");
  await jo.type(t("kind.allergy"), CANARY.allergy);
  await save(jo);
  await jo.press("link", t("nav.details"));
  const sent = [];
  // The browser asks for the icon of its tab when it likes, and the wallet for news of its vault: these say nothing of what is
  // looked for.
  const usual = new RegExp(`^GET ${stack.base}/(icons/icon\\.svg|v1/vaults/[\\w-]{22}/(events|header|changes\\?since=\\d+(&after=[\\w-]+)?))$`);
  const told = (request) => `${request.method()} ${request.url()}`;
  jo.page.on("request", (request) => usual.test(told(request)) || sent.push(told(request)));
  const search = jo.page.getByRole("searchbox");
  const links = jo.page.locator("main ul.panel a");
  for (const [question, expected] of [
    ["ZWALUWSTÄART", /^Address$/],
    ["kanarie.eerste", /^E-mail address$/],
    ["0417 1643", /^Bank account$/],
    ["allergy", /^Allergy$/],
  ]) {
    await search.fill(question);
    await until(`one detail for ${question}`, async () => (await links.count()) === 1);
    assert.match(await links.first().innerText(), expected);
  }
  await search.fill("IDÉNTITY fam");
  await until("the own name and those on the card", async () => (await links.count()) === 3);
  for (const name of await links.allInnerTexts()) assert.match(name, /^Family name/);
  await search.fill("identity card");
  await until("the details of the card", async () => (await links.count()) > 3);
  await search.fill("zzzz");
  await shows(jo, t("details.none-found"));
  await jo.looksAt("details-none-found");
  await jo.press("button", t("details.clear"));
  assert.deepEqual(sent, []);
  assert.doesNotMatch(jo.page.url(), /zzzz/);
  await jo.looksAt("details");
});

test("what is sensitive is shown on tap only", async () => {
  await jo.press("link", t("nav.details"));
  await jo.page.getByRole("link", { name: t("kind.allergy") }).waitFor();
  assert.equal(await jo.page.getByText(CANARY.allergy).count(), 0);
  await jo.page.getByRole("button", { name: /^Show ?: Allergy$/ }).click();
  await shows(jo, CANARY.allergy);
});

test("deleting can be undone, and erasing cannot", async () => {
  await open(jo, t("kind.allergy"));
  await jo.press("button", t("mydetail.delete"));
  await shows(jo, t("mydetail.deleted"));
  await jo.looksAt("detail-deleted");
  await jo.press("button", t("mydetail.restore"));
  await jo.page.getByRole("link", { name: t("mydetail.change") }).waitFor();
  await jo.press("button", t("mydetail.delete"));
  await shows(jo, t("mydetail.deleted"));
  await jo.press("link", t("nav.details"));
  await jo.page.getByText(t("details.deleted")).click();
  await jo.page.getByRole("link", { name: t("kind.allergy") }).click();
  await jo.press("button", t("mydetail.erase"));
  await jo.press("button", t("mydetail.erase-yes"));
  await jo.sees(t("details.title"));
  assert.equal(await jo.page.getByText(t("details.deleted")).count(), 0);
});

test("two browsers that change the same detail keep both, and the person chooses", async () => {
  await jo.press("link", t("nav.settings"));
  address = (await jo.page.locator(".address").innerText()).trim();
  const other = await Person.arrive(browser);
  await go(other, "#/open");
  await other.page.getByLabel(t("open.address")).fill(address);
  await other.type(t("passphrase.label"), PASSPHRASE);
  await other.press("button", t("open.go"));
  await other.sees(t("home.title"));
  await open(other, t("kind.email"));
  await shows(other, CANARY["first e-mail"]);
  // Both are in the form before either saves.
  await other.press("link", t("mydetail.change"));
  await other.sees(t("detailedit.change"));
  await open(jo, t("kind.email"));
  await jo.press("link", t("mydetail.change"));
  await jo.sees(t("detailedit.change"));
  await other.type(t("kind.email"), CANARY["e-mail of another browser"]);
  await save(other);
  await jo.type(t("kind.email"), CANARY["second e-mail"]);
  await save(jo);
  await shows(jo, t("mydetail.conflict"));
  await shows(jo, CANARY["e-mail of another browser"]);
  await shows(jo, CANARY["second e-mail"]);
  await jo.looksAt("detail-conflict");
  // The other browser hears of it by itself.
  await shows(other, t("mydetail.conflict"));
  const rows = other.page.locator(".notice li");
  await rows.filter({ hasText: CANARY["second e-mail"] }).getByRole("button").click();
  await other.page.locator("main .value").first().getByText(CANARY["second e-mail"]).waitFor();
  await until("the end of the conflict", async () => (await other.page.getByText(t("mydetail.conflict")).count()) === 0);
  await until("the choice on the first browser", async () => (await jo.page.getByText(t("mydetail.conflict")).count()) === 0);
  await other.leave();
});

test("a second tab takes over, and what it changes is there afterwards; what the first tab had begun is kept beside it", async () => {
  await open(jo, t("kind.email"));
  await jo.press("link", t("mydetail.change"));
  await jo.sees(t("detailedit.change"));
  const first = jo.page;
  const second = await jo.context.newPage();
  jo.use(second);
  await go(jo, "");
  await jo.sees(t("tabs.busy"));
  await jo.press("button", t("tabs.use-here"));
  await jo.type(t("passphrase.label"), PASSPHRASE);
  await jo.press("button", t("unlock.go"));
  await open(jo, t("kind.email"));
  await jo.press("link", t("mydetail.change"));
  await jo.sees(t("detailedit.change"));
  await jo.type(t("kind.email"), CANARY["e-mail of a tab"]);
  await save(jo);
  await shows(jo, CANARY["e-mail of a tab"]);
  // The first tab lost the vault, and says so; it takes it back and finds the change.
  await first.getByRole("heading", { name: t("tabs.moved") }).waitFor();
  await first.getByRole("button", { name: t("tabs.use-here") }).click();
  await first.getByLabel(t("passphrase.label")).first().fill(PASSPHRASE);
  await first.getByRole("button", { name: t("unlock.go") }).click();
  await first.getByRole("heading", { level: 1 }).waitFor();
  await second.close();
  jo.use(first);
  await open(jo, t("kind.email"));
  await shows(jo, CANARY["e-mail of a tab"]);
  await shows(jo, CANARY["second e-mail"]);
});

test("without a connection a change waits, and goes out afterwards", async () => {
  await jo.context.setOffline(true);
  await pick(jo, "note");
  await jo.type(t("part.ownName"), "Travel");
  await jo.page.getByLabel(t("kind.note"), { exact: true }).fill(CANARY.note);
  await save(jo);
  await shows(jo, t("mydetail.waits"));
  await jo.looksAt("detail-waits");
  await jo.context.setOffline(false);
  await jo.press("link", t("nav.settings"));
  await jo.press("button", t("settings.sync"));
  await open(jo, "Travel");
  assert.equal(await jo.page.getByText(t("mydetail.waits")).count(), 0);
});

test("nothing of it is on the server, in addresses, or in the clear in the browser", async () => {
  const secrets = { passphrase: PASSPHRASE, recovery: recovery.join("-"), ...CANARY, "account as typed": "nl91 abna 0417 1643 00" };
  await insistOnNoneInBrowser(jo.page, secrets);
  await insistOnNone(stack, secrets);
  assert.deepEqual(jo.complaints.filter((text) => !/Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(text)), []);
});
