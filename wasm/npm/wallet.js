// Commands in, steps out. The shell sends what it is told to send; nothing here opens a connection.
import initialise, { AssentWallet } from "./assent_wasm.js";

/** Loads the module, which is three files; each is its URL or bytes, by default the file beside this one. Call it once. */
export async function load(
  source = new URL("./assent_wasm_bg.wasm", import.meta.url),
  rest = new URL("./assent_wasm_rest.wasm", import.meta.url),
  receiving = new URL("./assent_wasm_receiving.wasm", import.meta.url),
) {
  const code = (part) => (part instanceof URL || typeof part === "string" ? bytes(part) : part);
  const [first, ...others] = await Promise.all([initialise({ module_or_path: source }), code(rest), code(receiving)]);
  await Promise.all(others.map((other) => WebAssembly.instantiate(other, { first })));
}

async function bytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.arrayBuffer();
}

export class Wallet {
  #wallet;

  constructor({ operator, sandbox = false, cache } = {}) {
    try {
      this.#wallet = cache?.length
        ? AssentWallet.fromCache(operator, sandbox, cache)
        : new AssentWallet(operator, sandbox);
    } catch (error) {
      throw typeof error === "string" ? JSON.parse(error) : error;
    }
  }

  start(command, now = seconds()) {
    return read(this.#wallet.start(JSON.stringify(command), now));
  }

  resume(response, now = seconds()) {
    return read(this.#wallet.resume(response === undefined ? undefined : JSON.stringify(response), now));
  }

  cache() {
    return this.#wallet.cache();
  }

  /** Notes what piece `number` of an upload holds, in order from 0. */
  measurePiece(upload, number, content) {
    read(this.#wallet.measurePiece(upload, number, content));
  }

  /** The request that sends a piece, and its body. */
  sendPiece(upload, number, content) {
    const { request } = read(this.#wallet.sendPiece(upload, number, content));
    return { request, body: this.#wallet.takeBytes() };
  }

  /** What became of it; `undefined` when no answer came. */
  pieceSent(status) {
    read(this.#wallet.pieceSent(status));
  }

  /** The request that reads a piece of a document's file. */
  readPiece(document, file, number) {
    return read(this.#wallet.readPiece(document, file, number)).request;
  }

  /** The content in the answer to it. */
  openPiece(document, file, number, answer) {
    read(this.#wallet.openPiece(document, file, number, answer?.status, answer?.bytes ?? new Uint8Array()));
    return this.#wallet.takeBytes();
  }

  /** Runs a command to its end. `send` gets each request, and gives the response or undefined. */
  async run(command, host) {
    const reply = await this.#run(command, host);
    const due = command.type === "sync" ? reply.status.awaitedAt : null;
    if (due === null || due > seconds()) return reply;
    await this.#run({ type: "fetchAwaited" }, host);
    return this.#run({ type: "status" }, host);
  }

  async #run(command, { send, keep = async () => {} }) {
    try {
      let step = this.start(command);
      while (step.type === "send") {
        // Before anything leaves: a copy of a card marked as used must stay used if we stop now.
        await keep(this.cache());
        step = this.resume(await send(step.request));
      }
      return step.reply;
    } finally {
      await keep(this.cache());
    }
  }
}

function seconds() {
  return Math.floor(Date.now() / 1000);
}

function read(text) {
  const step = JSON.parse(text);
  if (step.type === "error") throw step.error;
  return step;
}
