// The real programs: the server with its own SQLite in a temporary folder, and the library in its own process.
import { spawn } from "node:child_process";
import { cpSync, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../peers/support/ports.mjs";

export const ROOT = resolve(fileURLToPath(new URL("../../..", import.meta.url)));
const SERVER = process.env.ASSENT_SERVER ?? join(ROOT, "target/debug/assent-server");

/** Waits until `probe` returns something true; says what it waited for when it does not. */
export async function until(what, probe, seconds = 40) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((next) => setTimeout(next, 100));
  }
}

class Program {
  #child;

  constructor(name, command, args, options, readyUrl, log) {
    Object.assign(this, { name, command, args, options, readyUrl, log });
  }

  async start() {
    const log = createWriteStream(this.log, { flags: "a" });
    const child = spawn(this.command, this.args, { ...this.options, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    this.#child = child;
    let ended;
    child.once("exit", (code, signal) => (ended = code ?? signal));
    child.once("error", (error) => (ended = error.message));
    await until(`${this.name} at ${this.readyUrl}`, async () => {
      if (ended !== undefined) throw new Error(`${this.name} ended (${ended}):\n${readFileSync(this.log, "utf8").slice(-4000)}`);
      return fetch(this.readyUrl).then(
        (response) => response.ok,
        () => false,
      );
    }, 60);
  }

  async stop(signal = "SIGTERM") {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(hard);
  }
}

/**
 * Starts server and library. `stop` ends both and removes what they stored. With `ownApp` the wallet app is served from a
 * copy, at `app`, that a test may change. `settings` are more lines of the server's settings.
 * With `trusting`, another stack, both have the same authorities.
 */
export async function startStack({ ownApp = false, settings: more = [], trusting } = {}) {
  const data = mkdtempSync(join(tmpdir(), "assent-e2e-"));
  const built = process.env.ASSENT_WALLET_DIR ?? join(ROOT, "web/wallet/dist");
  const app = ownApp ? join(data, "app") : built;
  // Without what the build compressed: the server would send that instead of what the test changed.
  if (ownApp) cpSync(built, app, { recursive: true, filter: (file) => !/\.(br|gz)$/.test(file) });
  if (trusting) cpSync(join(trusting.data, "server/sandbox"), join(data, "server/sandbox"), { recursive: true });
  const [port, libraryPort] = [await freePort(), await freePort()];
  const base = `http://localhost:${port}`;
  const libraryOrigin = `http://localhost:${libraryPort}`;
  const settings = join(data, "assent.toml");
  // Logs are as talkative as they can be: the search for plaintext must have something to search.
  writeFileSync(
    settings,
    [
      `listen = "127.0.0.1:${port}"`,
      `public_url = "${base}"`,
      `data_dir = ${JSON.stringify(join(data, "server"))}`,
      `wallet.dir = ${JSON.stringify(app)}`,
      `roles.issuer = true`,
      `log.filter = "trace"`,
      ...more,
    ].join("\n"),
  );
  const server = new Program(
    "the server",
    SERVER,
    ["serve", "--sandbox", "--config", settings],
    { cwd: data, env: process.env },
    `${base}/readyz`,
    join(data, "server.log"),
  );
  const library = new Program(
    "the library",
    process.execPath,
    ["src/main.mjs"],
    {
      cwd: join(ROOT, "examples/library"),
      env: {
        ...process.env,
        ASSENT_URL: base,
        ASSENT_KEY_FILE: join(data, "server/library.key"),
        ASSENT_WEBHOOK_SECRET_FILE: join(data, "server/library.webhook"),
        LIBRARY_ORIGIN: libraryOrigin,
        LIBRARY_PORT: String(libraryPort),
        LIBRARY_DATA: join(data, "library"),
        LIBRARY_CHECK_EVERY: "2",
      },
    },
    `${libraryOrigin}/healthz`,
    join(data, "library.log"),
  );
  await server.start();
  await library.start();
  return {
    base,
    libraryOrigin,
    data,
    app,
    server,
    library,
    /** The API key of the sandbox's service. */
    serviceKey: () => readFileSync(join(data, "server/library.key"), "utf8").trim(),
    async stop() {
      await Promise.all([library.stop(), server.stop()]);
      if (!process.env.KEEP) rmSync(data, { recursive: true, force: true });
    },
  };
}
