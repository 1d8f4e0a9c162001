// Locking ends the worker and its memory. What was typed stays nowhere: not in the page, not in the worker that comes next.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { Memory } from "../src/memory.mjs";
import { cardValues } from "../src/persona.mjs";
import { startStack, until } from "../src/stack.mjs";
import { addCard, makeVaultAt } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "grutto 85 veerpont kersen lampion";

let stack;
let browser;
let uma;
let memory;
let canaries;

before(async () => {
  stack = await startStack();
  browser = await launch();
  const maker = await Person.arrive(browser);
  const tokens = new Set();
  const { code, address } = await makeVaultAt(maker, stack, PASSPHRASE);
  await addCard(maker, stack, "identity");
  await maker.leave();

  // Another browser, in which the passphrase is typed key by key: nothing else puts it into its memory.
  uma = await Person.arrive(browser, { serviceWorkers: "block" });
  memory = await Memory.of(uma.page);
  uma.context.on("request", async (request) => {
    const { authorization } = await request.allHeaders().catch(() => ({}));
    if (authorization) tokens.add(authorization.replace("Bearer ", ""));
  });
  await uma.page.goto(`${stack.base}/#/open`);
  await uma.type(t("open.address"), address);
  await uma.page.getByLabel(t("passphrase.label")).focus();
  await uma.page.keyboard.type(PASSPHRASE);
  await uma.page.keyboard.press("Enter");
  await uma.sees(t("home.title"));
  await uma.page.getByRole("link", { name: /Identity card/ }).first().click();
  await uma.press("button", t("card.show"));
  await uma.page.getByText(cardValues()["family name at birth"]).waitFor();
  await until("a request with the vault's token", () => tokens.size > 0);
  const [token] = tokens;
  // The token is made from the root key, as every other key is.
  canaries = { passphrase: PASSPHRASE, code: code.join("-"), "code without dashes": code.join(""), token, ...cardValues() };
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

test("while the vault is open, the worker has what it needs: the search can find it", async () => {
  const { found, memories } = await memory.inWorker(canaries);
  assert.equal(memories, 1);
  assert.ok(found.some((what) => /WebAssembly: (family name|given name|birth)/i.test(what)), found.join("\n"));
  assert.ok(found.some((what) => /heap: token/.test(what)), found.join("\n"));
  const shown = await memory.inPage(canaries);
  assert.ok(shown.some((what) => /family name/.test(what)), shown.join("\n"));
  assert.ok(!shown.some((what) => /heap: (passphrase|code|token)/.test(what)), shown.join("\n"));
});

test("after locking: another worker, and nothing in it, in the page", async () => {
  const [before] = memory.workers.slice(-1);
  await uma.press("button", t("nav.lock"));
  await uma.sees(t("unlock.title"));
  // The screen comes when the worker was told to end and the next one is ready; the browser tells of both beside it.
  await until("the worker that had the keys to be gone", () => !memory.workers.includes(before));
  assert.equal(memory.workers.length, 1);
  const worker = await memory.inWorker(canaries);
  assert.deepEqual(worker.found, []);
  assert.equal(worker.memories, 1);
  assert.deepEqual(await memory.inPage(canaries), []);
});
