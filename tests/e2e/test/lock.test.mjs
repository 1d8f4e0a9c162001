// One vault, one open tab: it locks by itself, another tab can take it, and nothing is lost on the way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack, until } from "../src/stack.mjs";
import { acceptOffer, addCard, makeOffer, makeVault, pasteLink, share, typeCodeBack, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "windvaan 58 kastanje drempel otter";

let stack;
let browser;
let people;
const codes = [];

before(async () => {
  stack = await startStack();
  browser = await launch();
  people = await Promise.all(
    ["reader", "asked", "adding"].map(async () => {
      const person = await Person.arrive(browser);
      codes.push((await makeVault(person, stack, PASSPHRASE)).join("-"));
      return person;
    }),
  );
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Sets how many minutes without a touch it takes. */
async function locksAfter(person, minutes) {
  await person.page.goto(`${stack.base}/#/settings`);
  const field = person.page.getByLabel(t("settings.auto-lock"));
  await field.selectOption(String(minutes));
  await person.page.getByText(t("settings.saved")).waitFor({ state: "attached" });
}

test("locks after a minute without anything happening: the worker ends, and each goes on where they were", async () => {
  const [reader, asked, adding] = people;
  const ended = [];
  for (const card of ["identity", "residence"]) await addCard(asked, stack, card);
  /** From here on a person has a minute to get to where they are when it locks, whatever the others still do. */
  const locksSoon = async (person) => {
    await locksAfter(person, 1);
    assert.equal(person.page.workers().length, 1);
  };
  const notesTheEnd = ({ page }) => page.workers()[0].once("close", () => ended.push(page));

  await locksSoon(asked);
  await asked.page.goto(`${stack.libraryOrigin}/`);
  await asked.press("button", /16/);
  await asked.press("button", "On this device");
  await unlock(asked, PASSPHRASE);
  await asked.sees(t("request.title"));
  notesTheEnd(asked);
  await asked.page.getByRole("switch").check();
  const offer = await makeOffer(stack, "identity");
  await locksSoon(adding);
  notesTheEnd(adding);
  await pasteLink(adding, stack, offer.link);
  await adding.sees(t("offer.title"));
  await locksSoon(reader);
  notesTheEnd(reader);
  await reader.press("link", t("nav.history"));
  await reader.sees(t("history.title"));

  await Promise.all(people.map(({ page }) => page.getByText(t("unlock.locked-by-itself")).waitFor({ timeout: 90_000 })));
  await until("the workers that held the keys to be gone", () => ended.length === 3);
  await asked.page.getByText(t("unlock.request-kept")).waitFor();
  await adding.page.getByText(t("unlock.offer-kept")).waitFor();
  await asked.looksAt("locked-with-request");
  await reader.looksAt("locked-by-itself");

  // The tests that follow may take longer.
  await unlock(reader, PASSPHRASE);
  await reader.sees(t("history.title"));
  await locksAfter(reader, 30);
  await unlock(adding, PASSPHRASE);
  await acceptOffer(adding);
  await unlock(asked, PASSPHRASE);
  await asked.sees(t("request.title"));
  assert.equal(await asked.page.getByRole("switch").isChecked(), false, "what was switched on must be chosen again");
  await share(asked);
  await asked.sees(t("result.shared"));
  await asked.press("link", t("result.back-to"));
  await asked.page.waitForURL(`${stack.libraryOrigin}/account`);
  await asked.page.goto(`${stack.base}/`);
  await unlock(asked, PASSPHRASE);
  await asked.sees(t("home.title"));
  await locksAfter(asked, 30);
  await asked.press("link", t("nav.home"));
  await asked.sees(t("home.title"));
});

test("a second tab says that the vault is open elsewhere, and takes it over when asked to", async () => {
  const [, asked] = people;
  const first = asked.page;
  const second = await asked.context.newPage();
  asked.use(second);
  await second.goto(`${stack.base}/`);
  await asked.sees(t("tabs.busy"));
  await asked.looksAt("tab-busy");
  await asked.press("button", t("tabs.use-here"));
  await unlock(asked, PASSPHRASE);
  await asked.sees(t("home.title"));
  await first.getByRole("heading", { name: t("tabs.moved") }).waitFor();
  asked.page = first;
  await asked.looksAt("tab-moved");
  await asked.press("button", t("tabs.use-here"));
  await unlock(asked, PASSPHRASE);
  await asked.sees(t("home.title"));
  await second.getByRole("heading", { name: t("tabs.moved") }).waitFor();
  await second.close();
});

test("what is under way when another tab takes over is finished first", async () => {
  const [reader] = people;
  const first = reader.page;
  const second = await reader.context.newPage();
  await second.goto(`${stack.base}/`);
  await second.getByRole("heading", { name: t("tabs.busy") }).waitFor();
  const { link } = await makeOffer(stack, "identity");
  await pasteLink(reader, stack, link);
  await reader.sees(t("offer.title"));
  // The card is on its way while the vault is taken.
  await first.getByRole("button", { name: t("offer.accept") }).click();
  await second.getByRole("button", { name: t("tabs.use-here") }).click();
  await first.getByRole("heading", { name: t("tabs.moved") }).waitFor();
  reader.page = second;
  await unlock(reader, PASSPHRASE);
  await reader.sees(t("home.title"));
  const cards = second.getByRole("link", { name: /Identity card/ });
  await cards.first().waitFor();
  assert.equal(await cards.count(), 1, "the card that was being added is there");
  await first.close();
  await second.reload();
  await unlock(reader, PASSPHRASE);
  await reader.sees(t("home.title"));
  await cards.first().waitFor();
  assert.equal(await cards.count(), 1);
});

test("a vault that was not finished is said to be gone, with the code that was written down for it", async () => {
  const gus = await Person.arrive(browser);
  await gus.page.goto(`${stack.base}/`);
  await gus.press("link", t("welcome.create"));
  const passphrase = async () => {
    await gus.type(t("passphrase.label"), PASSPHRASE);
    await gus.type(t("passphrase.repeat"), PASSPHRASE);
    await gus.press("button", t("create.next"));
    await gus.sees(t("recovery.title"));
  };
  await passphrase();
  const first = gus.page;
  const second = await gus.context.newPage();
  await second.goto(`${stack.base}/`);
  await second.getByRole("button", { name: t("tabs.use-here") }).click();
  await second.getByRole("heading", { name: t("welcome.title") }).waitFor();
  gus.page = first;
  await gus.sees(t("tabs.moved"));
  await gus.press("button", t("tabs.use-here"));
  await gus.sees(t("create.title"));
  await gus.page.getByText(t("create.again")).waitFor();
  await gus.looksAt("create-again");
  await second.close();
  await passphrase();
  codes.push((await typeCodeBack(gus)).join("-"));
  await gus.leave();
});

test("nothing of it is on the server", async () => {
  assert.equal(codes.length, 4);
  await insistOnNone(stack, { passphrase: PASSPHRASE, ...codes, ...cardValues() });
  assert.deepEqual(people.flatMap(({ complaints }) => complaints).filter((text) => !/Failed to load resource/.test(text)), []);
});
