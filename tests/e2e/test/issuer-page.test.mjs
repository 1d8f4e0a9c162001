// The page where a person signs in at the issuer: readable by everybody, without script, and it leads only where it says.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, Person } from "../src/browser.mjs";
import { startStack } from "../src/stack.mjs";

const LONG = `https://${"a-wallet-provider-with-a-very-long-name.".repeat(5)}ministry-of-the-interior.example`;

let stack;
let browser;
let back;
/** Addresses that browsers came back to. */
const arrived = [];

before(async () => {
  stack = await startStack({ settings: ["[[issuer.clients]]", `id = "${LONG}"`, `redirect_uris = ["${LONG}/callback"]`] });
  browser = await launch();
  back = createServer((request, response) => {
    if (request.url.startsWith("/?")) arrived.push(new URLSearchParams(request.url.slice(2)));
    response.end("<!doctype html><title>Back</title><h1>Back</h1>");
  });
  await new Promise((ready) => back.listen(0, "127.0.0.1", ready));
});

after(async () => {
  await browser?.close();
  back?.close();
  await stack?.stop();
});

const cli = () => ["assent-cli", `http://127.0.0.1:${back.address().port}/`];

/** Pushes a request as a wallet does; gives the address of the page. */
async function signIn([clientId, redirectUri], scope = "identity") {
  const body = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state: "of this wallet",
    scope,
    code_challenge: createHash("sha256").update(randomBytes(32)).digest("base64url"),
    code_challenge_method: "S256",
  });
  const response = await fetch(`${stack.base}/issuer/par`, { method: "POST", body });
  assert.equal(response.status, 201, await response.clone().text());
  const { request_uri } = await response.json();
  return `${stack.base}/issuer/authorize?${new URLSearchParams({ client_id: clientId, request_uri })}`;
}

test("is readable in both languages and themes, on any screen, without script", async () => {
  for (const [locale, title, refused] of [
    ["en-GB", "Sign in to get a card", "You cannot sign in this way"],
    ["nl-NL", "Inloggen voor een kaart", "Zo kun je niet inloggen"],
  ]) {
    const reader = await Person.arrive(browser, { locale });
    const language = locale.slice(0, 2);
    await reader.page.goto(await signIn(cli(), "identity residence"));
    await reader.sees(title);
    await reader.looksAt(`issuer-page-${language}`);
    await reader.page.goto(await signIn([LONG, `${LONG}/callback`]));
    await reader.sees(title);
    await reader.looksAt(`issuer-page-long-${language}`);
    await reader.page.goto(`${stack.base}/issuer/authorize?client_id=a&request_uri=b`);
    await reader.sees(refused);
    await reader.looksAt(`issuer-page-refused-${language}`);
    await reader.leave();
  }
  const plain = await Person.arrive(browser, { javaScriptEnabled: false, forcedColors: "active" });
  await plain.page.goto(await signIn(cli()));
  await plain.shot("issuer-page-forced");
  await plain.press("button", /^Continue as/);
  await plain.sees("Back");
  await plain.leave();
});

test("leads to another origin with the code, or with a no, by keyboard alone", async () => {
  const reader = await Person.arrive(browser);
  arrived.length = 0;
  for (const [tabs, member] of [
    [1, "code"],
    [2, "error"],
  ]) {
    await reader.page.goto(await signIn(cli()));
    for (let i = 0; i < tabs; i += 1) await reader.page.keyboard.press("Tab");
    await reader.page.keyboard.press("Enter");
    await reader.sees("Back");
    const answer = arrived.pop();
    assert.deepEqual([...answer.keys()].sort(), [member, "iss", "state"].sort());
    assert.equal(answer.get("state"), "of this wallet");
    assert.equal(answer.get("iss"), `${stack.base}/issuer`);
  }
  // Going back does not ask again.
  await reader.page.goBack();
  await reader.sees("You cannot sign in this way");
  await reader.leave();
});

test("is answered by the person, not by another site", async () => {
  const reader = await Person.arrive(browser);
  const page = new URL(await signIn(cli()));
  const fields = ["client_id", "request_uri"].map((name) => `<input name="${name}" value="${page.searchParams.get(name)}">`);
  const form = `<form method="post" action="${stack.base}/issuer/authorize">${fields.join("")}<input name="answer" value="continue"><button>Win</button></form>`;
  arrived.length = 0;
  await reader.page.goto(`http://127.0.0.1:${back.address().port}/`);
  await reader.page.evaluate((form) => (document.body.innerHTML = form), form);
  await reader.press("button", "Win");
  await reader.sees("You cannot sign in this way");
  assert.match(await reader.page.locator("body").innerText(), /authorize-not-our-page/);
  assert.equal(arrived.length, 0);
  // It is still the person's to answer, and no other site may show the page inside its own.
  await reader.page.goto(`http://127.0.0.1:${back.address().port}/`);
  await reader.page.evaluate((address) => {
    const frame = document.createElement("iframe");
    frame.src = address;
    document.body.append(frame);
  }, page.href);
  await reader.page.waitForTimeout(500);
  const framed = reader.page.frames().find((frame) => frame !== reader.page.mainFrame());
  assert.equal(await framed.locator("button").count(), 0);
  await reader.page.goto(page.href);
  await reader.press("button", /^Continue as/);
  await reader.sees("Back");
  await reader.leave();
});
