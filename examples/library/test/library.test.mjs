// The library on its own: who may start, who may read, and that deleting deletes. The whole journey is in tests/e2e.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AssentApi, AssentProblem } from "@assent/sdk/server";
import { createApp } from "../src/app.mjs";
import { factsFrom } from "../src/consent-request.mjs";
import { html } from "../src/html.mjs";
import { readBody } from "../src/http.mjs";
import { Register } from "../src/register.mjs";
import { languageOf } from "../src/texts.mjs";
import { Withdrawals } from "../src/withdrawals.mjs";

const SECRET = "webhook-secret-of-this-test";
const CREDENTIALS = [
  { query_id: "a", vct: "urn:assent:residence:1", issuer: "x", claims: { age_equal_or_over: { 16: true }, email: "ada@example.org", extra: "not asked" } },
  { query_id: "b", vct: "urn:eudi:pid:1", issuer: "x", claims: { address: { locality: "<b>Voorbeeld" } } },
];

const folder = mkdtempSync(join(tmpdir(), "library-"));
const file = join(folder, "register.json");
const answers = { presentation: { state: "created" }, consent: { state: "active" }, down: false };
const asked = [];
let made;
let api;
let library;
let origin;

const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));

before(async () => {
  api = await listen(
    createServer((request, response) => {
      asked.push(request.url);
      if (answers.down) return request.socket.destroy();
      const url = new URL(request.url, "http://x");
      const json = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      if (request.method === "POST")
        return void readBody(request).then((body) => {
          made = JSON.parse(body);
          json(201, { transaction_id: "t1", expires_at: "2099-01-01T00:00:00Z", links: { same_device: "https://w.example/s", cross_device: "https://w.example/c" }, qr_svg: "<svg/>" });
        });
      if (url.pathname === "/v1/presentations/t1") {
        const withCode = url.searchParams.get("response_code") === "good" || answers.presentation.open;
        const { credentials, consent, ...rest } = answers.presentation;
        return json(200, withCode ? { ...rest, credentials, consent } : rest);
      }
      if (url.pathname === "/v1/consents/c1") return json(200, { consent_id: "c1", ...answers.consent });
      return json(404, { code: "not-found" });
    }),
  );
  const assentUrl = `http://127.0.0.1:${api.address().port}`;
  const register = new Register(file);
  const assent = new AssentApi({ url: assentUrl, key: "key", timeout: 2000 });
  const withdrawals = new Withdrawals(register, assent);
  const config = { origin: "", assentUrl, secure: false, webhookSecret: SECRET };
  library = await listen(createServer(createApp({ config, register, assent, withdrawals })));
  origin = `http://127.0.0.1:${library.address().port}`;
  config.origin = origin;
});

after(() => {
  api.close();
  library.close();
  rmSync(folder, { recursive: true });
});

const own = () => ({ origin, "x-request-consent": "1", "content-type": "application/json" });

async function start(device) {
  const response = await fetch(`${origin}/consent`, { method: "POST", headers: own(), body: JSON.stringify({ device }) });
  assert.equal(response.status, 201);
  const cookie = response.headers.getSetCookie()[0];
  assert.match(cookie, /HttpOnly; SameSite=Lax/);
  return { cookie: cookie.split(";")[0], body: await response.json() };
}

/** Types the code that the other device shows. */
async function finishElsewhere(cookie) {
  const page = await fetch(`${made.redirect_uri}?response_code=good`);
  assert.equal(page.status, 200);
  return type(cookie, (await page.text()).match(/aria-hidden="true">(\d{3} \d{3})</)[1].replace(" ", ""));
}

async function type(cookie, code) {
  const response = await fetch(`${origin}/consent/t1`, { method: "POST", headers: { ...own(), cookie }, body: JSON.stringify({ code }) });
  return response.json();
}

test("only its own pages can start a request", async () => {
  for (const headers of [{}, { ...own(), origin: "https://evil.example" }, { ...own(), "x-request-consent": "0" }, { ...own(), "sec-fetch-site": "cross-site" }]) {
    const response = await fetch(`${origin}/consent`, { method: "POST", headers, body: "{}" });
    assert.equal(response.status, 403);
  }
});

test("shares, shows, and deletes by webhook", async () => {
  const { cookie, body } = await start("same");
  assert.equal(body.link, "https://w.example/s");
  answers.presentation = { state: "verified", credentials: CREDENTIALS, consent: { consent_id: "c1", state: "active" } };

  // Another visitor, and this visitor without the code, get nothing.
  assert.equal((await fetch(`${origin}/consent/t1`)).status, 404);
  const early = await fetch(`${origin}/return`, { headers: { cookie }, redirect: "manual" });
  assert.equal(early.status, 200);
  assert.match(await early.text(), /We received nothing/);

  const back = await fetch(`${origin}/return?response_code=good`, { headers: { cookie }, redirect: "manual" });
  assert.equal(back.headers.get("location"), "/account");
  const shown = await (await fetch(`${origin}/account`, { headers: { cookie } })).text();
  assert.match(shown, /&lt;b&gt;Voorbeeld/);
  assert.match(shown, /ada@example\.org/);
  assert.doesNotMatch(shown, /not asked/);
  assert.match(readFileSync(file, "utf8"), /ada@example/);
  assert.ok(!readFileSync(file, "utf8").includes(cookie.split("=")[1]), "the file has no cookie in it");

  const event = JSON.stringify({ type: "consent.withdrawn", consent_id: "c1" });
  const now = String(Math.floor(Date.now() / 1000));
  const sign = (secret) => `v1,${createHmac("sha256", secret).update(`e1.${now}.${event}`).digest("base64")}`;
  const deliver = (secret) =>
    fetch(`${origin}/webhooks/assent`, { method: "POST", body: event, headers: { "webhook-id": "e1", "webhook-timestamp": now, "webhook-signature": sign(secret) } });
  assert.equal((await deliver("wrong")).status, 401);
  assert.match(readFileSync(file, "utf8"), /ada@example/);
  assert.equal((await deliver(SECRET)).status, 204);
  assert.doesNotMatch(readFileSync(file, "utf8"), /ada@example|Voorbeeld/);
  assert.match(await (await fetch(`${origin}/account`, { headers: { cookie } })).text(), /Your details are gone/);
});

test("a lost webhook does not matter, an absent server is said", async () => {
  const { cookie } = await start("other");
  answers.presentation = { state: "verified", credentials: CREDENTIALS, consent: { consent_id: "c1", state: "active" } };
  assert.deepEqual(await finishElsewhere(cookie), { state: "verified", next: "/account" });
  answers.down = true;
  assert.match(await (await fetch(`${origin}/account`, { headers: { cookie } })).text(), /could not check/);
  answers.down = false;
  answers.consent = { state: "withdrawn" };
  assert.match(await (await fetch(`${origin}/account`, { headers: { cookie } })).text(), /Your details are gone/);
  assert.doesNotMatch(readFileSync(file, "utf8"), /ada@example/);
});

test("who stops only the reminders stays a member, by webhook or when asked", async () => {
  for (const lost of [false, true]) {
    const { cookie } = await start("other");
    const consent = { consent_id: "c1", state: "active" };
    answers.presentation = { state: "verified", credentials: CREDENTIALS, consent };
    answers.consent = { state: "active" };
    await finishElsewhere(cookie);
    const account = async () => (await fetch(`${origin}/account`, { headers: { cookie } })).text();
    assert.match(await account(), /ada@example/);
    const end = async (purpose) => {
      if (lost) {
        answers.consent = { state: "active", withdrawn_purposes: [purpose] };
        return;
      }
      const event = JSON.stringify({ type: "consent.withdrawn", consent_id: consent.consent_id, purposes: [purpose], consent_state: "active" });
      const [id, now] = [`part-${purpose}`, String(Math.floor(Date.now() / 1000))];
      const signature = `v1,${createHmac("sha256", SECRET).update(`${id}.${now}.${event}`).digest("base64")}`;
      const headers = { "webhook-id": id, "webhook-timestamp": now, "webhook-signature": signature };
      assert.equal((await fetch(`${origin}/webhooks/assent`, { method: "POST", body: event, headers })).status, 204);
    };
    await end("optional-1");
    const shown = await account();
    assert.match(shown, /Voorbeeld/);
    assert.doesNotMatch(shown, /ada@example/);
    assert.doesNotMatch(readFileSync(file, "utf8"), /ada@example/);
    await end("required");
    assert.match(await account(), /Your details are gone/);
  }
});

test("what was withdrawn before it was read is not kept", async () => {
  const { cookie } = await start("other");
  answers.presentation = { state: "verified", credentials: CREDENTIALS, consent: { consent_id: "c1", state: "withdrawn" } };
  await finishElsewhere(cookie);
  assert.doesNotMatch(readFileSync(file, "utf8"), /ada@example/);
});

test("who started a request that somebody else answered gets nothing without the code", async () => {
  const { cookie } = await start("other");
  answers.presentation = { state: "verified", credentials: CREDENTIALS, consent: { consent_id: "c1", state: "active" } };
  const waiting = { state: "verified", confirm: true };
  assert.deepEqual(await (await fetch(`${origin}/consent/t1`, { headers: { cookie } })).json(), waiting);
  // Nothing can be guessed before the code exists, and little after.
  for (let guess = 0; guess < 5; guess += 1) assert.deepEqual(await type(cookie, "000000"), waiting);
  const address = made.redirect_uri;
  assert.equal((await fetch(address)).status, 403, "the address alone shows no code");
  const page = await (await fetch(`${address}?response_code=good`)).text();
  assert.equal(await (await fetch(`${address}?response_code=good`)).text(), page, "loading it again shows the same");
  assert.equal((await fetch(`${address}?response_code=other`)).status, 403);
  const code = page.match(/aria-hidden="true">(\d{3} \d{3})</)[1].replace(" ", "");
  const wrong = code === "111111" ? "222222" : "111111";
  assert.deepEqual(await type(cookie, wrong), waiting);
  assert.deepEqual(await type(cookie, { toString: code }), { error: 400 });
  assert.deepEqual(await type(cookie, wrong), waiting);
  assert.deepEqual(await type(cookie, wrong), { state: "failed" });
  assert.deepEqual(await type(cookie, code), { state: "failed" }, "too late");
  assert.doesNotMatch(readFileSync(file, "utf8"), /ada@example/);
  // The same on one device: the state alone never looks like success.
  const { cookie: other } = await start("same");
  assert.deepEqual(await (await fetch(`${origin}/consent/t1`, { headers: { cookie: other } })).json(), { state: "fetched" });
});

test("addresses that are none do not stop it", async () => {
  const { port } = library.address();
  const status = (path) => new Promise((resolve, fail) => get({ port, path }, (response) => resolve(response.resume().statusCode)).on("error", fail));
  assert.equal(await status("//"), 400);
  assert.equal(await status("/consent/%zz"), 400);
  assert.equal(await status("/healthz"), 200);
});

test("a cancelled request is not read", async () => {
  const { cookie } = await start("other");
  await fetch(`${origin}/consent/t1`, { method: "DELETE", headers: { ...own(), cookie } });
  assert.equal((await fetch(`${origin}/consent/t1`, { headers: { cookie } })).status, 404);
});

test("keeps only the facts it asked for, and only of the right kind", () => {
  assert.deepEqual(factsFrom(CREDENTIALS), { over16: true, email: "ada@example.org", city: "<b>Voorbeeld" });
  assert.deepEqual(factsFrom([{ vct: "urn:assent:residence:1", claims: { age_equal_or_over: { 16: "yes" }, email: 7 } }]), {});
  assert.deepEqual(factsFrom([{ vct: "urn:other", claims: { email: "x" } }]), {});
});

test("deletes after the time it promised", () => {
  const register = new Register(join(folder, "old.json"));
  const { visit } = register.open(0);
  register.keep(visit, { consentId: "c9", since: 0, keepUntil: 10, facts: { city: "X" } });
  register.eraseOld(9);
  assert.ok(visit.account);
  register.eraseOld(10);
  assert.equal(visit.account, undefined);
  assert.equal(visit.ended.why, "time");
});

test("escapes, and does not leave its own site", async () => {
  assert.equal(html`<p title="${`"'<&`}">${[html`<i>`, "<"]}${undefined}</p>`.text, `<p title="&quot;&#39;&lt;&amp;"><i>&lt;</p>`);
  for (const back of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
    const response = await fetch(`${origin}/language?to=nl&back=${encodeURIComponent(back)}`, { redirect: "manual" });
    assert.equal(response.headers.get("location"), "/");
  }
  assert.equal(languageOf(undefined, "fr, nl;q=0.8"), "nl");
  assert.equal(languageOf("en", "nl"), "en");
  const page = await fetch(`${origin}/nowhere`, { headers: { accept: "text/html" } });
  assert.equal(page.status, 404);
  assert.match(page.headers.get("content-security-policy"), /default-src 'none'/);
});

test("problems keep their code", async () => {
  const call = new AssentApi({ url: `http://127.0.0.1:${api.address().port}`, key: "k" }).presentation("unknown");
  await assert.rejects(call, (error) => error instanceof AssentProblem && error.code === "not-found" && error.status === 404);
});
