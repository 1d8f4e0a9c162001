// The engine is three files. Opening a vault, answering a service, looking back and stopping need the first alone; receiving
// cards waits for one of the others, anything else for the other one, and says so when it cannot come.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { startStack } from "../src/stack.mjs";
import { addCard, makeVault, readyToShare, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "dakpan zwaluw 19 kermis lantaarn";

let stack;
let browser;
let pim;
/** Requests for the other files. */
let asked = [];
let missing = true;

before(async () => {
  stack = await startStack();
  browser = await launch();
  pim = await Person.arrive(browser, { serviceWorkers: "block" });
  await pim.context.route(/assent_wasm_(rest|receiving)/, (route) => {
    asked.push(/assent_wasm_([a-z]+)/.exec(route.request().url())[1]);
    return missing ? route.abort() : route.continue();
  });
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

test("a vault is made without the other files, and cards fetch one", async () => {
  await makeVault(pim, stack, PASSPHRASE);
  missing = false;
  for (const card of ["identity", "residence"]) await addCard(pim, stack, card);
  assert.deepEqual([...new Set(asked)], ["receiving"]);
});

test("unlocking, sharing, looking back and stopping do without it", async () => {
  const { page } = pim;
  missing = true;
  asked = [];
  await page.goto(`${stack.libraryOrigin}/`);
  await pim.press("button", /16/);
  await pim.press("button", "On this device");
  await unlock(pim, PASSPHRASE);
  await pim.sees(t("request.title"));
  await readyToShare(pim);
  await pim.press("button", t("request.share"));
  await pim.sees(t("result.shared"));
  await page.goto(`${stack.base}/`);
  await unlock(pim, PASSPHRASE);
  await pim.sees(t("home.title"));
  await pim.press("link", t("nav.history"));
  await pim.press("link", /You shared/);
  await pim.press("link", t("result.receipt"));
  await pim.sees(t("receipt.title"));
  await page.getByText(t("receipt.checked-now")).waitFor();
  await pim.press("link", t("nav.home"));
  await pim.press("link", new RegExp("Stop sharing"), { first: true });
  await pim.sees(t("stop.title"));
  await pim.press("button", t("sharing.stop"));
  await page.getByText(t("stop.confirmed")).first().waitFor();
  assert.deepEqual(asked, [], "nothing of this asked for another file");
});

test("what needs it says that it could not come, and works once it can", async () => {
  await pim.press("link", t("nav.details"));
  await pim.page.getByText(t("problem.module-missing.title")).waitFor();
  await pim.looksAt("part-missing");
  missing = false;
  await pim.press("button", t("common.retry"));
  await pim.sees(t("details.title"));
  await pim.page.getByRole("link", { name: t("details.add") }).first().waitFor();
});
