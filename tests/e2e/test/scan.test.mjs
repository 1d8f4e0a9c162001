// By QR code: a picture, the camera, a camera that is refused; and a service on another screen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { insistOnNone } from "../src/canary.mjs";
import { cardValues } from "../src/persona.mjs";
import { film, picture } from "../src/qr.mjs";
import { startStack, until } from "../src/stack.mjs";
import { acceptOffer, addCard, makeOffer, makeVault, pasteLink, share, unlock } from "../src/vault.mjs";
import { words } from "../src/words.mjs";

const t = words("en");
const nl = words("nl");
const PASSPHRASE = "sleutelbloem ketel 29 oeverpad";

let stack;
let recovery;
let browser;
let cinema;
let offer;
let cas;
let desk;

before(async () => {
  stack = await startStack();
  browser = await launch();
  offer = await makeOffer(stack, "residence");
  cinema = await launch({ camera: await film(browser, offer.qr_svg, join(stack.data, "offer.y4m")) });
  cas = await Person.arrive(cinema);
  desk = await Person.arrive(browser, { viewport: { width: 1280, height: 860 } });
  recovery = await makeVault(cas, stack, PASSPHRASE);
});

after(async () => {
  await browser?.close();
  await cinema?.close();
  await stack?.stop();
});

const choosePicture = async (person, file) => {
  const chooser = person.page.waitForEvent("filechooser");
  await person.page.getByText(t("add.picture")).click();
  await (await chooser).setFiles(file);
};

/** Starts a request at the library for a wallet elsewhere, and leaves the QR code on the screen. */
async function askAtDesk(person) {
  await person.page.goto(`${stack.libraryOrigin}/`);
  await person.press("button", /16/);
  await person.press("button", "On another device");
  await person.page.getByRole("img", { name: /QR/ }).evaluate((image) => image.decode());
}

test("adds a card from a picture of its QR code, and says what is wrong with other pictures", async () => {
  await cas.press("link", t("home.add"));
  await cas.sees(t("add.title"));
  await choosePicture(cas, { name: "not.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await cas.page.getByText(t("add.not-a-picture")).waitFor();
  const blank = await cas.page.screenshot();
  await choosePicture(cas, { name: "blank.png", mimeType: "image/png", buffer: blank });
  await cas.page.getByText(t("add.no-code")).waitFor();
  await cas.looksAt("add-no-code");
  const { qr_svg } = await makeOffer(stack, "identity");
  await choosePicture(cas, { name: "code.png", mimeType: "image/png", buffer: await picture(browser, qr_svg) });
  await acceptOffer(cas);
});

test("adds a card with the camera, and stops the camera", async () => {
  await cas.press("link", t("home.add"));
  await cas.press("button", t("add.camera"));
  await acceptOffer(cas);
  await cas.page.getByRole("link", { name: /Residence card/ }).first().waitFor();
  assert.equal(await cas.page.evaluate(() => document.querySelector("video")), null);
});

test("a camera that is refused, and one that is not there, are said in words, with another way", async () => {
  const strict = await launch({ camera: join(stack.data, "offer.y4m"), allowed: false });
  try {
    for (const [where, problem] of [[strict, "camera.refused"], [browser, "camera.none"]]) {
      const dana = await Person.arrive(where);
      await makeVault(dana, stack, PASSPHRASE);
      await dana.press("link", t("home.add"));
      const start = dana.page.getByRole("button", { name: t("add.camera") });
      await start.click();
      await dana.page.getByText(t(problem)).waitFor();
      await dana.looksAt(problem.replace(".", "-"));
      await dana.press("button", t("camera.back"));
      assert.ok(await start.evaluate((button) => button === document.activeElement), "the focus is where it was");
      await dana.leave();
    }
  } finally {
    await strict.close();
  }
});

test("answers a service on another screen: scans, checks the site, shares, types the code there", async () => {
  await askAtDesk(desk);
  // What a telephone sees of the screen.
  const seen = await desk.page.screenshot();
  await desk.looksAt("library-qr");
  await cas.press("link", t("home.add"));
  await choosePicture(cas, { name: "screen.png", mimeType: "image/png", buffer: seen });
  await cas.sees(t("site.title"));
  await cas.page.getByText(new URL(stack.libraryOrigin).host).waitFor();
  await cas.page.getByText("City Library of Voorbeeld").first().waitFor();
  await cas.looksAt("site-check");
  await cas.press("button", "Nederlands");
  await cas.sees(nl("site.title"));
  await cas.looksAt("site-check-nl");
  await cas.press("button", "English");
  await cas.press("button", t("site.yes"));
  await cas.sees(t("request.title"));
  await share(cas);
  await cas.sees(t("result.shared"));
  await cas.looksAt("result-elsewhere");
  await desk.page.getByText("Type the code from your other device").waitFor();
  await desk.looksAt("library-type-code");
  await cas.press("link", t("result.finish-at"));
  await cas.page.getByRole("heading", { name: "Type this code where you started" }).waitFor();
  await cas.looksAt("library-code");
  const code = (await cas.page.locator(".type [aria-hidden]").innerText()).replace(/\D/g, "");
  assert.match(code, /^\d{6}$/);
  const wrong = code === "000000" ? "000001" : "000000";
  await desk.page.getByRole("textbox", { name: "Code" }).fill(wrong);
  await desk.press("button", "Go on");
  await desk.page.getByText("That is not the code.").waitFor();
  await desk.looksAt("library-wrong-code");
  // As it is shown, with its space.
  await desk.page.getByRole("textbox", { name: "Code" }).fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await desk.press("button", "Go on");
  await desk.page.waitForURL(`${stack.libraryOrigin}/account`);
  await desk.page.getByText("You may borrow films for 16 and over.").waitFor();
  const kept = readFileSync(join(stack.data, "library/register.json"), "utf8") + readFileSync(join(stack.data, "library.log"), "utf8");
  assert.doesNotMatch(kept, new RegExp(`"${code}"|responseCode`), "the code is forgotten once it was used");
});

test("refusing at the site check shares nothing, and the other screen says so", async () => {
  await askAtDesk(desk);
  const link = await desk.page.locator("request-consent").evaluate((element) => {
    const seen = {};
    element.shadowRoot.querySelectorAll("img").forEach((image) => (seen.svg = decodeURIComponent(image.src.slice(image.src.indexOf(",") + 1))));
    return seen.svg;
  });
  await cas.page.goto(`${stack.base}/#/add`);
  await unlock(cas, PASSPHRASE);
  await choosePicture(cas, { name: "code.png", mimeType: "image/png", buffer: await picture(browser, link) });
  await cas.sees(t("site.title"));
  await cas.press("button", t("site.no"));
  await cas.sees(t("result.declined"));
  await desk.page.getByText("You did not share anything.").waitFor();
});

test("who starts a request and gets somebody else to answer it receives nothing: with a QR code, with a link", async () => {
  const mallory = await Person.arrive(browser, { viewport: { width: 1280, height: 860 } });
  const account = async () => {
    const page = await mallory.context.newPage();
    await page.goto(`${stack.libraryOrigin}/account`);
    const text = await page.locator("main").innerText();
    await page.close();
    return text;
  };
  /** The link as Mallory sends it on, made at the library by hand: without the mark of another device. */
  const relayed = async (device) => {
    const made = await mallory.page.evaluate(async (to) => {
      const headers = { "content-type": "application/json", "x-request-consent": "1" };
      return (await fetch("/consent", { method: "POST", headers, body: JSON.stringify({ device: to }) })).json();
    }, device);
    const link = new URL(made.link);
    link.searchParams.delete("device");
    return { id: made.id, link: link.href };
  };
  const poll = (id) => mallory.page.evaluate(async (request) => (await fetch(`/consent/${request}`)).json(), id);

  await mallory.page.goto(`${stack.libraryOrigin}/`);
  for (const device of ["other", "same"]) {
    const { id, link } = await relayed(device);
    await pasteLink(cas, stack, link);
    await cas.sees(t("request.title"));
    await share(cas);
    await cas.sees(t("result.shared"));
    const answer = await until("the answer to be there", async () => {
      const seen = await poll(id);
      return seen.state !== "created" && seen;
    });
    assert.deepEqual(answer, device === "other" ? { state: "verified", confirm: true } : { state: "fetched" });
    if (device === "other") {
      const guess = (code) =>
        mallory.page.evaluate(
          async ([request, body]) => (await fetch(`/consent/${request}`, { method: "POST", headers: { "content-type": "application/json", "x-request-consent": "1" }, body })).json(),
          [id, JSON.stringify({ code })],
        );
      assert.deepEqual(await guess("123456"), { state: "verified", confirm: true });
    }
    assert.match(await account(), /You share nothing with us now/);
    // Cas is told what to think of it: a code to give to nobody, or a browser that did not start this.
    await cas.press("link", /Go on to|Back to/);
    const said = device === "other" ? "give this code to nobody" : "We do not know this browser";
    await cas.page.getByText(said).waitFor();
    if (device === "same") await cas.looksAt("library-other-browser");
    assert.match(await account(), /You share nothing with us now/);
    await cas.page.goto(`${stack.base}/`);
    await unlock(cas, PASSPHRASE);
    await cas.sees(t("home.title"));
  }
  const register = readFileSync(join(stack.data, "library/register.json"), "utf8");
  assert.equal((register.match(/"facts"/g) ?? []).length, 1, "only the desk's own visit has details");
  await mallory.leave();
});

test("nothing of it is on the server", async () => {
  await insistOnNone(stack, { passphrase: PASSPHRASE, recovery: recovery.join("-"), "recovery without dashes": recovery.join(""), ...cardValues() });
  const expected = /Failed to load resource/;
  assert.deepEqual([...cas.complaints, ...desk.complaints].filter((text) => !expected.test(text)), []);
});
