// When several cards fit, the person chooses; when one is missing, the screen says so and how to go on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, ask, makeOffer, makeVault, pasteLink, share } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const nl = words("nl");
const PASSPHRASE = "molensteen 34 fluitketel hagedis";
const [PID, RESIDENCE] = ["urn:eudi:pid:1", "urn:assent:residence:1"];

let stack;
let recovery;
let browser;
let hal;

before(async () => {
  stack = await startStack();
  browser = await launch();
  hal = await Person.arrive(browser);
  recovery = await makeVault(hal, stack, PASSPHRASE);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const wants = (vct_values, ...paths) =>
  ask(stack, { dcql_query: { credentials: [{ id: "a", format: "dc+sd-jwt", meta: { vct_values }, claims: paths.map((path) => ({ path })) }] } });

const result = async ({ transaction_id: id }) =>
  (await fetch(`${stack.base}/v1/presentations/${id}`, { headers: { authorization: `Bearer ${stack.serviceKey()}` } })).json();

test("a missing card is named, with what to do; it can be added, and the request goes on", async () => {
  const made = await wants([RESIDENCE], ["email"]);
  await pasteLink(hal, stack, made.links.same_device);
  await hal.sees(t("request.title"));
  await hal.page.getByText(t("missing.title")).waitFor();
  await hal.page.getByText("Residence card").first().waitFor();
  assert.equal(await hal.page.getByRole("button", { name: t("request.share") }).count(), 0);
  await hal.looksAt("request-missing");
  await hal.press("button", "Nederlands");
  await hal.page.getByText(nl("missing.title")).waitFor();
  await hal.looksAt("request-missing-nl");
  await hal.press("button", "English");
  await hal.press("link", t("missing.add"));
  await hal.sees(t("add.title"));
  const { link } = await makeOffer(stack, "residence");
  await hal.type(t("add.link"), link);
  await hal.press("button", t("add.open"));
  await hal.sees(t("offer.title"));
  await hal.press("button", t("offer.accept"));
  await hal.sees(t("offer.done"));
  await hal.looksAt("offer-done-request-waits");
  await hal.press("button", t("offer.to-request"));
  await hal.sees(t("request.title"));
  await share(hal);
  await hal.sees(t("result.shared"));
  assert.equal((await result(made)).credentials[0].claims.email, cardValues()["card e-mail"]);
});

test("a card that is missing can also be left missing: the service learns no more than from a refusal", async () => {
  const made = await wants([PID], ["given_name"]);
  await pasteLink(hal, stack, made.links.same_device);
  await hal.page.getByText(t("missing.title")).waitFor();
  await hal.press("button", t("request.refuse"));
  await hal.sees(t("result.declined"));
  assert.deepEqual(await result(made), { state: "declined", error: "access_denied" });
});

test("of several cards that fit, another can be chosen, and what it would show is on the screen", async () => {
  await addCard(hal, stack, "identity");
  const made = await wants([RESIDENCE, PID], ["email"]);
  await pasteLink(hal, stack, made.links.same_device);
  await hal.sees(t("request.title"));
  const choice = hal.page.getByLabel(t("request.which-card"));
  await choice.waitFor();
  const names = await choice.locator("option").allInnerTexts();
  assert.deepEqual(names.map((name) => name.split(" ")[0]).toSorted(), ["Identity", "Residence"]);
  await hal.looksAt("request-choose-card");
  await choice.selectOption(names[1]);
  await share(hal);
  await hal.sees(t("result.shared"));
  const { credentials } = await result(made);
  assert.equal(credentials[0].vct, names[1].startsWith("Identity") ? PID : RESIDENCE);
});

test("in another language a request is read again; nothing can be decided before, or be lost", async () => {
  const made = await wants([RESIDENCE], ["email"]);
  await pasteLink(hal, stack, made.links.same_device);
  await hal.sees(t("request.title"));
  // The service takes its time.
  let goOn;
  const held = new Promise((done) => (goOn = done));
  const address = new URL(made.links.same_device).searchParams.get("request_uri");
  await hal.context.route(address, (route) => held.then(() => route.continue()));
  await hal.press("button", "Nederlands");
  await hal.sees(nl("request.opening"));
  assert.equal(await hal.page.getByRole("button", { name: nl("request.share") }).count(), 0);
  goOn();
  await hal.sees(nl("request.title"));
  await hal.page.getByText("E-mail", { exact: true }).first().waitFor();
  await hal.context.unrouteAll({ behavior: "wait" });
  await hal.press("button", "English");
  await hal.page.getByText("Email", { exact: true }).first().waitFor();
  await share(hal);
  await hal.sees(t("result.shared"));
});

test("the same card again is one card, with fresh copies", async () => {
  const cards = hal.page.getByRole("link", { name: /Identity card/ });
  await addCard(hal, stack, "identity");
  await cards.first().waitFor();
  assert.equal(await cards.count(), 1);
  const made = await wants([PID], ["address", "locality"]);
  await pasteLink(hal, stack, made.links.same_device);
  await hal.sees(t("request.title"));
  assert.equal(await hal.page.getByLabel(t("request.which-card")).count(), 0, "there is nothing to choose");
  await hal.press("button", t("request.refuse"));
  await hal.sees(t("result.declined"));
});

test("nothing of it is on the server", async () => {
  await insistOnNone(stack, { passphrase: PASSPHRASE, recovery: recovery.join("-"), "recovery without dashes": recovery.join(""), ...cardValues() });
  assert.deepEqual(hal.complaints.filter((text) => !/Failed to load resource/.test(text)), []);
});
