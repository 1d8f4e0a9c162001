// A document of 100 MB goes through page, worker and engine without any of them holding it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { Bare } from "../src/bare.mjs";
import { Person } from "../src/browser.mjs";
import { startStack, until } from "../src/stack.mjs";
import { makeVault } from "../src/vault.mjs";

const PASSPHRASE = "polderwind 73 lantaarn egel boog";
/**
 * Megabytes that may be needed more than before: some pieces, and what the browser has not collected yet. If each piece stayed
 * as it is read, sealed and handed over, there were 400.
 */
const MOST = 170;

let stack;
let bare;

before(async () => {
  stack = await startStack();
});

after(async () => {
  await bare?.close();
  await stack?.stop();
});

test("100 MB: the memory of the page's process stays bounded", { skip: process.platform !== "linux" }, async (context) => {
  const profile = join(stack.data, "profile");
  const playwright = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    locale: "en-GB",
  });
  const person = new Person();
  person.use(await playwright.newPage());
  await makeVault(person, stack, PASSPHRASE);
  await playwright.close();

  bare = new Bare(profile);
  await bare.open(`${stack.base}/#/documents`);
  await bare.sees("input[type=password]");
  await bare.value(`(() => {
    const input = document.querySelector("input[type=password]");
    input.value = ${JSON.stringify(PASSPHRASE)};
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.form.requestSubmit();
  })()`);
  await bare.sees("input[type=file]", 60);
  const documents = () => bare.value(`document.querySelectorAll('a[href^="#/document/"]').length`);
  const add = async (name, bytes) => {
    const path = join(stack.data, name);
    writeFileSync(path, bytes);
    const known = await documents();
    await bare.choose("input[type=file]", path);
    await until(`${name} to be there`, async () => (await documents()) > known, 300);
  };
  await add("small", randomBytes(5 << 20));
  const start = await bare.memory(true);
  const began = Date.now();
  await add("large", Buffer.alloc(100 << 20, randomBytes(1_000_003)));
  const seconds = (Date.now() - began) / 1000;
  const end = await bare.memory();
  context.diagnostic(`100 MiB in ${seconds.toFixed(1)} s: ${start.now} MB before, at most ${end.most} MB, ${end.now} MB after`);
  assert.ok(end.most - start.now < MOST, `${end.most - start.now} MB more`);
});
