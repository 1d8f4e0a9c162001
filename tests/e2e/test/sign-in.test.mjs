// Signing in at a real login provider (`oidc-provider`, in a process of its own) finds a vault, and does not open it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startLoginProvider } from "../../peers/support/login.mjs";
import { freePort } from "../../peers/support/ports.mjs";
import { launch, Person } from "../src/browser.mjs";
import { startStack } from "../src/stack.mjs";
import { makeVault, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const PASSPHRASE = "kompas 31 berkenhout lantaarn bever";
const SECRET = "secret of the client";
/** Accounts at the login provider. Their names must not be found anywhere else. */
const ANNA = "anna-at-the-city";

let stack;
let browser;
let provider;

before(async () => {
  const port = await freePort();
  stack = await startStack({
    settings: [
      "[[sign_in.providers]]",
      'id = "city"',
      'name = "City account"',
      `issuer = "http://127.0.0.1:${port}"`,
      'client_id = "assent"',
      `client_secret = "${SECRET}"`,
    ],
  });
  const redirect_uris = [`${stack.base}/v1/sign-in/openid/city/callback`];
  provider = await startLoginProvider(port, [{ client_id: "assent", client_secret: SECRET, redirect_uris, alg: "ES256" }]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await provider?.stop();
  await stack?.stop();
});

/** At the login provider's own pages. */
async function signIn({ page }, name) {
  await page.waitForURL(`${provider.issuer}/**`);
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(`${stack.base}/**`);
}

test("a vault is linked, found on a new browser, opened as always, and unlinked", async () => {
  const person = await Person.arrive(browser);
  await makeVault(person, stack, PASSPHRASE);
  await person.press("link", t("nav.settings"));
  await person.press("link", t("sign-in.open"));
  await person.sees(t("sign-in.title"));
  await person.looksAt("sign-ins-none");
  await person.press("button", "Link City account");
  await signIn(person, ANNA);
  // The way led away from the page, and the keys went with it.
  await person.sees(t("unlock.title"));
  await person.page.getByText(t("sign-in.finish")).waitFor();
  assert.ok(!person.page.url().includes("code="), "the code is out of the address bar");
  await unlock(person, PASSPHRASE);
  await person.sees(t("sign-in.title"));
  await person.page.getByText(t("sign-in.done")).first().waitFor();
  await person.looksAt("sign-ins-linked");

  const again = await Person.arrive(browser);
  await again.page.goto(`${stack.base}/`);
  await again.press("link", t("welcome.open"));
  await again.page.getByRole("button", { name: "Sign in with City account" }).waitFor();
  await again.looksAt("open-with-sign-in");
  await again.press("button", "Sign in with City account");
  await signIn(again, ANNA);
  await again.sees(t("sign-in.found-title"));
  await again.looksAt("sign-in-found");
  // Found is not open.
  await again.type(t("passphrase.label"), "not the passphrase at all");
  await again.press("button", t("open.go"));
  await again.page.getByText(t("problem.vault-wrong-secret.title")).waitFor();
  await again.type(t("passphrase.label"), PASSPHRASE);
  await again.press("button", t("open.go"));
  await again.sees(t("home.title"));

  await person.press("button", t("sign-in.unlink"));
  await person.press("button", t("sign-in.unlink"));
  await person.page.getByText(t("sign-in.nothing")).waitFor();
  const third = await Person.arrive(browser);
  await third.page.goto(`${stack.base}/#/open`);
  await third.press("button", "Sign in with City account");
  await signIn(third, ANNA);
  await third.sees(t("sign-in.none-title"));
  await third.looksAt("sign-in-none");
  for (const one of [person, again, third]) {
    // The login provider's own pages ask for a font and an icon that are not here.
    assert.deepEqual(one.complaints.filter((text) => !text.startsWith(provider.issuer)), []);
    await one.leave();
  }
});

test("a way back that this browser did not begin is refused in words", async () => {
  const person = await Person.arrive(browser);
  for (const query of ["code=somebody-elses-code", "problem=sign-in-refused", "problem=<b>", "code=&problem="]) {
    await person.page.goto(`${stack.base}/#/find?${query}`);
    await person.page.reload();
    await person.page.getByText(t("problem.sign-in-over.title")).waitFor();
    assert.ok(!person.page.url().includes("?"));
    await person.page.goto("about:blank");
  }
  // Refused at the provider. Chromium loses what a tab kept now and then; here always.
  await person.page.addInitScript(() => sessionStorage.clear());
  await person.page.goto(`${stack.base}/#/open`);
  await person.press("button", "Sign in with City account");
  await person.page.waitForURL(`${provider.issuer}/**`);
  await person.page.getByRole("link", { name: /cancel/i }).click();
  await person.sees(t("sign-in.find-title"));
  await person.page.getByText(t("problem.sign-in-refused.title")).waitFor();
  await person.looksAt("sign-in-refused");
  await person.leave();
});
