// What a person does with the wallet on the way to what a test is about.
import assert from "node:assert/strict";
import { until } from "./stack.mjs";
import { words } from "./words.mjs";

const t = words("en");

/** Makes a vault. Returns its recovery code, in groups. */
export async function makeVault(person, stack, passphrase) {
  await person.page.goto(`${stack.base}/`);
  await person.press("link", t("welcome.create"));
  await person.sees(t("create.title"));
  await person.type(t("passphrase.label"), passphrase);
  await person.type(t("passphrase.repeat"), passphrase);
  await person.press("button", t("create.next"));
  return typeCodeBack(person);
}

/** As {@link makeVault}; also gives the address by which other browsers find it. */
export async function makeVaultAt(person, stack, passphrase) {
  const stored = person.page.waitForRequest((request) => request.method() === "POST" && request.url() === `${stack.base}/v1/vaults`, { timeout: 60_000 });
  const code = await makeVault(person, stack, passphrase);
  return { code, address: `${stack.base}/v1/vaults/${(await stored).postDataJSON().vault_id}` };
}

/** Reads the recovery code on the screen, and types back what is asked of it. */
export async function typeCodeBack(person) {
  await person.sees(t("recovery.title"));
  const items = await person.page.locator("ol.code li").allInnerTexts();
  const groups = items.map((text) => text.replace(/^\s*\d+\s*\n?/, "").trim());
  await person.press("button", t("recovery.written"));
  await person.sees(t("confirm.title"));
  for (const field of await person.page.getByLabel(t("confirm.group")).all()) {
    const label = await field.evaluate((input) => input.labels[0].textContent);
    await field.fill(groups[Number(label.match(/\d+/)[0]) - 1]);
  }
  await person.press("button", t("confirm.done"));
  await person.sees(t("home.title"));
  return groups;
}

/** Opens the locked vault. */
export async function unlock(person, passphrase) {
  await person.sees(t("unlock.title"));
  await person.type(t("passphrase.label"), passphrase);
  await person.press("button", t("unlock.go"));
}

/** An offer of the sandbox's issuer: links, QR code, transaction code. With a sign-in, and a card that comes `later`, in seconds. */
export async function makeOffer(stack, card, { code = false, byReference = true, signIn = false, later } = {}) {
  const response = await fetch(`${stack.base}/v1/sandbox/offers`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ card, tx_code: code, by_reference: byReference, ...(signIn && { sign_in: true }), ...(later && { later_seconds: later }) }),
  });
  assert.equal(response.status, 201);
  return response.json();
}

/** Adds a card by pasting its link. The vault is open; afterwards the person is at home. */
export async function addCard(person, stack, card) {
  const { link } = await makeOffer(stack, card);
  await pasteLink(person, stack, link);
  await acceptOffer(person);
}

/** Accepts the offer on the screen. */
export async function acceptOffer(person) {
  await person.sees(t("offer.title"));
  await person.press("button", t("offer.accept"));
  await person.sees(t("offer.done"));
  await person.press("link", t("offer.to-home"));
  await person.sees(t("home.title"));
}

/** Opens a link of an offer or a request by pasting it. The vault is open. */
export async function pasteLink(person, stack, link) {
  await person.page.goto(`${stack.base}/#/add`);
  await person.sees(t("add.title"));
  await person.type(t("add.link"), link);
  await person.press("button", t("add.open"));
}

/** Waits until the button that shares was in sight for a moment: before, it does nothing. */
export async function readyToShare(person) {
  const button = person.page.getByRole("button", { name: t("request.share") });
  const awake = person.page.locator(".decide button[data-armed=true]");
  // The screen may be drawn anew just then, with another button further down: look for it again, as a person does.
  const seen = async () => {
    await button.scrollIntoViewIfNeeded({ timeout: 5_000 });
    await awake.waitFor({ timeout: 2_000 });
    return true;
  };
  await until("the button that shares to be awake", () => seen().catch(() => false));
}

/** Shares what the open request needs. */
export async function share(person) {
  await readyToShare(person);
  await person.press("button", t("request.share"));
}

/** Asks for details as a service of the server would. */
export async function ask(stack, body) {
  const response = await fetch(`${stack.base}/v1/presentations`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${stack.serviceKey()}` },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 201, await response.clone().text());
  return response.json();
}
