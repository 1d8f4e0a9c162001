// The engine proper: the wallet compiled to WebAssembly. JSON texts go in and come out (wasm/src/lib.rs).
import initialise, { AssentWallet } from "#wasm";
import moduleUrl from "#wasm-module";
import receivingUrl from "#wasm-receiving";
import restUrl from "#wasm-rest";
import { base64url } from "../engine/base64url";
import type { BytesAnswer, Engine, Exchange, FileMaker, HttpRequest, PieceEngine, Step } from "./engine-type";

type Answer = { type: "send"; request: HttpRequest } | { type: "done"; reply: unknown } | { type: "error"; error: unknown };

/** Loads the module and gives a function that makes an engine from what was kept on this device. */
export async function loadEngine(): Promise<(cache: Uint8Array | undefined) => Engine & PieceEngine> {
  const first = await initialise({ module_or_path: moduleUrl }).catch(missing);
  const rest = once(() => loadPart(first, restUrl));
  const receiving = once(() => loadPart(first, receivingUrl));
  return (cache) => new WasmEngine(open(cache), rest, receiving);
}

// What the first file of the module does alone: opening a vault, answering services, and stopping. For all other commands
// another one (xtask/src/split) is fetched first; a call into it before that would be a trap.
const alone = new Set([
  ...["status", "createVault", "confirmRecovery", "openVault", "unlock", "unlockQuestions", "passkeyChallenge", "lock", "forgetHere", "deleteVault"],
  ...["settings", "setSettings", "unlockMethods", "devices", "registerDevice", "sync", "refresh", "listen", "home", "cards", "card", "removeCard"],
  ...["requestOpen", "requestShare", "requestWeigh", "requestDecline"],
  ...["history", "entry", "deleteEntry", "receipt", "sharing", "stopSharing", "retryPending"],
]);

/** Receiving cards. */
const receives = new Set(["offerOpen", "offerAccept", "offerReturn", "offerCancel", "fetchAwaited", "forgetAwaited"]);

async function loadPart(first: WebAssembly.Exports, url: string): Promise<void> {
  const answer = fetch(url, { credentials: "same-origin" });
  await WebAssembly.instantiateStreaming(answer, { first: first as WebAssembly.ModuleImports });
}

/** Does something once; a failure is tried again the next time. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work().catch(() => {
      done = undefined;
      missing();
    });
    return done;
  };
}

function missing(): never {
  throw { code: "module-missing", blame: "network", wasAnythingShared: "no" };
}

/** Loads the module for files of a vault's contents, when somebody needs one. The service worker has it kept for offline. */
export const loadFiles = async (): Promise<FileMaker> => (await import("./files-wasm")).loadFiles();

// The wallet's own server is its vault service and registry. Served without TLS it can only be a sandbox on this
// machine: browsers give no worker, locks or WebAssembly streaming to other plain http pages.
const operator = self.location.origin;
const sandbox = self.location.protocol === "http:";

function open(cache: Uint8Array | undefined): AssentWallet {
  return cache ? AssentWallet.fromCache(operator, sandbox, cache) : new AssentWallet(operator, sandbox);
}

class WasmEngine implements Engine, PieceEngine {
  constructor(
    private readonly wallet: AssentWallet,
    private readonly rest: () => Promise<void>,
    private readonly receiving: () => Promise<void>,
  ) {}

  async ready(command: string): Promise<void> {
    if (receives.has(command)) await this.receiving();
    else if (!alone.has(command)) await this.rest();
  }

  start(command: unknown, now: number): Step {
    const secrets: Uint8Array[] = [];
    const plain = (_: string, value: unknown) => {
      if (!(value instanceof Uint8Array)) return value;
      secrets.push(value);
      return base64url(value);
    };
    try {
      return read(this.wallet.start(JSON.stringify(command, plain), now));
    } finally {
      for (const secret of secrets) secret.fill(0);
    }
  }

  resume(exchange: Exchange, now: number): Step {
    return read(this.wallet.resume("response" in exchange ? JSON.stringify(exchange.response) : undefined, now));
  }

  cache(): Uint8Array | undefined {
    const bytes = this.wallet.cache();
    return bytes.length > 0 ? bytes : undefined;
  }

  measurePiece(upload: string, number: number, content: Uint8Array): void {
    read(this.wallet.measurePiece(upload, number, content));
  }

  sendPiece(upload: string, number: number, content: Uint8Array): { request: HttpRequest; body: Uint8Array<ArrayBuffer> } {
    return { request: request(this.wallet.sendPiece(upload, number, content)), body: this.wallet.takeBytes() };
  }

  pieceSent(status: number | undefined): void {
    read(this.wallet.pieceSent(status));
  }

  readPiece(document: string, file: string, number: number): HttpRequest {
    return request(this.wallet.readPiece(document, file, number));
  }

  openPiece(document: string, file: string, number: number, answer: BytesAnswer | undefined): Uint8Array<ArrayBuffer> {
    read(this.wallet.openPiece(document, file, number, answer?.status, answer?.bytes ?? new Uint8Array()));
    return this.wallet.takeBytes();
  }
}

function read(text: string): Step {
  const answer = JSON.parse(text) as Answer;
  if (answer.type === "error") throw answer.error;
  return answer;
}

function request(text: string): HttpRequest {
  const step = read(text);
  if (step.type !== "send") throw { code: "unexpected" };
  return step.request;
}
