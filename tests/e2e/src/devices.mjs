// Two devices of one person: pairing them, with what each of them shows.
import assert from "node:assert/strict";
import { words } from "./words.mjs";

const t = words("en");

/** On the new device: shows the code. Returns its text. */
export async function showCode(person, stack, name, { ownKey = false } = {}) {
  await person.page.goto(`${stack.base}/#/`);
  await person.press("link", t("welcome.join"));
  await person.sees(t("join.title"));
  if (name !== undefined) await person.type(t("devices.name"), name);
  if (ownKey) await person.page.getByRole("checkbox", { name: t("join.own-key") }).check();
  await person.press("button", t("join.start"));
  await person.sees(t("join.code-title"));
  await person.page.locator(".code svg").waitFor();
  return (await person.page.locator("details .text").textContent()).trim();
}

/** On the device that has the vault, at home or anywhere: pastes the code. */
export async function pasteCode(person, code) {
  await openAdd(person);
  await person.type(t("device-add.text"), code);
  await person.press("button", t("device-add.go"));
}

export async function openAdd(person) {
  await person.page.goto(new URL("/#/device-add", person.page.url()).href);
  await person.sees(t("device-add.title"));
}

/** The digits that the new device shows. */
export async function readDigits(person) {
  await person.sees(t("join.digits-title"));
  const digits = (await person.page.locator(".digits [aria-hidden]").innerText()).replace(/\D/g, "");
  assert.match(digits, /^\d{6}$/);
  // A screen reader says them one by one.
  assert.equal(await person.page.locator(".digits .hidden-visually").textContent(), [...digits].join(", "));
  return digits;
}

/** On the device that has the vault: types the digits and proves to be there. */
export async function typeDigits(person, digits, passphrase) {
  await person.sees(t("device-add.digits-title"));
  await person.type(t("device-add.digits"), digits);
  await person.type(t("passphrase.label"), passphrase);
  await person.press("button", t("device-add.give"));
}

/** The whole of it, by pasting. Both are at home afterwards. */
export async function pair(old, young, stack, passphrase, name, options) {
  await pasteCode(old, await showCode(young, stack, name, options));
  await typeDigits(old, await readDigits(young), passphrase);
  await old.sees(t("device-add.given-title"));
  await young.press("button", t("join.digits-yes"));
  await young.sees(t("home.title"));
}
