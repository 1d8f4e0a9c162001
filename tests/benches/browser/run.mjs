// `cargo xtask bench wasm`: a real server process, the real npm package, in Chromium (or, without one, in Node, which has the
// same engine).
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { measure } from "./work.mjs";

const ROOT = resolve(fileURLToPath(new URL("../../..", import.meta.url)));
const PACKAGE = join(ROOT, "wasm/pkg");
const HERE = fileURLToPath(new URL(".", import.meta.url));

const { values } = parseArgs({
  options: {
    server: { type: "string" },
    chromium: { type: "string", default: "" },
    runs: { type: "string", default: "200" },
    json: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const WARM_UP = 20;

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** A server of its own, without limits on how often one caller may ask. */
async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"));
  const base = `http://localhost:${await freePort()}`;
  const settings = join(folder, "assent.toml");
  writeFileSync(
    settings,
    [
      `listen = "127.0.0.1:${new URL(base).port}"`,
      `public_url = "${base}"`,
      `data_dir = ${JSON.stringify(join(folder, "data"))}`,
      "roles.issuer = true",
      'log.filter = "error"',
      "[limits]",
      ...["address", "service", "vault"].map((who) => `per_${who}_per_minute = 1000000`),
    ].join("\n"),
  );
  const child = spawn(values.server, ["serve", "--sandbox", "--config", settings], { stdio: ["ignore", "ignore", "inherit"] });
  const stop = () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", stop);
  for (let tries = 0; ; tries++) {
    if (await fetch(`${base}/readyz`).then((r) => r.ok, () => false)) break;
    if (tries > 200 || child.exitCode !== null) throw new Error("the server did not start");
    await new Promise((next) => setTimeout(next, 50));
  }
  return { base, key: readFileSync(join(folder, "data/library.key"), "utf8").trim() };
}

async function post(url, body, headers = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Two cards, and enough requests of both kinds. */
async function prepare({ base, key }) {
  const { consentRequest } = await import(pathToFileURL(join(ROOT, "examples/library/src/consent-request.mjs")));
  const offers = [];
  for (const card of ["identity", "residence"]) {
    offers.push((await post(`${base}/v1/sandbox/offers`, { card, tx_code: false, by_reference: true })).link);
  }
  const paths = [["given_name"], ["address", "locality"], ["birthdate"]];
  const asked = {
    "three details of one card, plain DCQL": {
      dcql_query: {
        credentials: [
          {
            id: "card",
            format: "dc+sd-jwt",
            meta: { vct_values: ["urn:eudi:pid:1"] },
            claims: paths.map((path) => ({ path })),
          },
        ],
      },
    },
    "two cards and a signed receipt, consent request": {
      consent_request: consentRequest({ origin: "http://localhost:8471" }, "en"),
    },
  };
  const kinds = [];
  for (const [name, body] of Object.entries(asked)) {
    const links = [];
    for (let i = 0; i < runs + WARM_UP; i++) {
      const made = await post(`${base}/v1/presentations`, body, { authorization: `Bearer ${key}` });
      links.push(made.links.same_device);
    }
    kinds.push({ name, links });
  }
  return { base, offers, kinds, warmUp: WARM_UP };
}

async function inChromium(job) {
  const require = createRequire(join(ROOT, "tests/e2e/package.json"));
  const { chromium } = require("playwright-core");
  const types = { html: "text/html", js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
  // Isolated from other sites, so that the browser's clock is exact to 5 µs.
  const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
  const files = createServer((request, response) => {
    const name = request.url === "/" ? "page.html" : request.url.slice(1);
    const folder = ["page.html", "work.mjs"].includes(name) ? HERE : PACKAGE;
    let content;
    try {
      content = readFileSync(join(folder, name));
    } catch {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": types[name.split(".").pop()] ?? "text/plain", ...isolated });
    response.end(content);
  });
  const port = await freePort();
  await new Promise((done) => files.listen(port, "127.0.0.1", done));
  const browser = await chromium.launch({
    executablePath: values.chromium,
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(() => window.ready);
    return { where: `Chromium ${browser.version()}`, ...(await page.evaluate((job) => window.measure(job), job)) };
  } finally {
    await browser.close();
    files.close();
  }
}

async function inNode(job) {
  const { load, Wallet } = await import(pathToFileURL(join(PACKAGE, "wallet.js")));
  await load(...["bg", "rest", "receiving"].map((part) => readFileSync(join(PACKAGE, `assent_wasm_${part}.wasm`))));
  return { where: `Node ${process.versions.node} (V8 ${process.versions.v8})`, ...(await measure(job, { Wallet })) };
}

function summary(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { runs: sorted.length, median: at(0.5), p95: at(0.95), min: sorted[0], max: sorted.at(-1) };
}

const job = await prepare(await startServer());
const result = values.chromium ? await inChromium(job) : await inNode(job);
const rows = result.kinds.flatMap(({ name, read, build, bytes }) => [
  { name: `read and check the request: ${name}`, ...summary(read) },
  { name: `approval to encrypted response: ${name}`, ...summary(build), bytes: Math.round(summary(bytes).median) },
]);
rows.push({ name: "unlock with the passphrase (Argon2id)", ...summary(result.unlock) });
const { documents } = result;
// Of the piece in the middle: a machine that is busy with something else stretches some of them.
const speed = (times) => Math.round(documents.pieceBytes / 1e6 / (summary(times).median / 1000));
const speeds = [
  { name: "document of 32 MiB: first reading (seal and hash)", value: speed(documents.measure) },
  { name: "document of 32 MiB: second reading (seal, hash, hand over)", value: speed(documents.seal) },
  { name: "document of 32 MiB: open and check", value: speed(documents.open) },
  { name: "AES-256-GCM of the engine itself (WebCrypto), pieces of 1 MiB", value: speed(documents.raw) },
];
if (values.json) {
  for (const row of speeds) console.log(JSON.stringify({ bench: "wasm", engine: result.where, cores: cpus().length, unit: "MB/s", ...row }));
  for (const row of rows) {
    console.log(JSON.stringify({ bench: "wasm", engine: result.where, cores: cpus().length, unit: "ms", ...row }));
  }
} else {
  console.log(`${result.where}, one thread of ${cpus().length} cores; milliseconds inside WebAssembly\n`);
  console.log(`${"".padEnd(84)}${"median".padStart(9)}${"p95".padStart(9)}${"runs".padStart(6)}`);
  for (const { name, median, p95, runs, bytes } of rows) {
    const size = bytes ? `  ${bytes} bytes` : "";
    console.log(`${name.padEnd(84)}${median.toFixed(2).padStart(9)}${p95.toFixed(2).padStart(9)}${String(runs).padStart(6)}${size}`);
  }
  console.log();
  for (const { name, value } of speeds) console.log(`${name.padEnd(84)}${String(value).padStart(9)} MB/s`);
}
process.exit(0);
