// Runs commands on the engine, one after another: step, exchange, step, until done.
import type { Command as PageCommand, Proof } from "../engine/commands";
import { failure, type Failure } from "../engine/messages";
import type { Agreed } from "./device-key";
import type { Engine, Exchange, HttpRequest } from "./engine-type";

/**
 * What the worker itself may ask besides: how to listen for news, to fetch them, what carries an upload on, and what needs
 * this device's own key.
 */
export type Command =
  | PageCommand
  | { type: "listen" | "refresh" | "takeOut" }
  | { type: "documentDeclare" | "documentFinish"; upload: string }
  | { type: "registerDevice"; name: string; slot: string }
  | { type: "bringDocument"; record: string; file: string }
  | { type: "bringDocumentEnd"; record: string; files: string[] }
  | { type: "pairStart"; name: string; publicKey: string | undefined }
  | { type: "openVault"; address: string; device: Agreed; fresh: boolean }
  | { type: "changeMethods"; change: { kind: "addDevice"; publicKey: string; name: string }; confirm: Proof };

interface Parts {
  engine: Engine;
  exchange: (request: HttpRequest, giveUp?: AbortSignal) => Promise<Exchange>;
  save: (bytes: Uint8Array | undefined) => Promise<void>;
  now: () => number;
}

/** No flow needs more exchanges than this; reading the largest vault takes most. After it the engine hears that the network fails, so that it can end well. */
const mostSteps = 128;

/** One unlocked or locked vault in this worker. */
export class Session {
  #last: Promise<unknown> = Promise.resolve();
  #queued = 0;
  /** Ends the waiting for another device. */
  #giveWay = new AbortController();

  constructor(private readonly parts: Parts) {}

  /** Does a command after those before it, and resolves to its reply; rejects with a {@link Failure}. */
  run = (command: Command): Promise<unknown> => {
    this.#queued += 1;
    // Nobody waits behind a device that may not answer for minutes; it is asked again later.
    this.#giveWay.abort();
    const turn = this.#last.then(() => {
      this.#queued -= 1;
      return command.type === "sync" ? this.#sync() : this.#run(command);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  };

  /** Resolves when no command is under way. */
  async idle(): Promise<void> {
    this.#giveWay.abort();
    await this.#last;
  }

  /** Asks for cards that are due, too: that needs another file of the engine, which `sync` by itself does without. */
  async #sync(): Promise<unknown> {
    const reply = await this.#run({ type: "sync" });
    const due = (reply as { status?: { awaitedAt?: number | null } }).status?.awaitedAt ?? Infinity;
    if (due > this.parts.now()) return reply;
    // What was synchronised is: cards that cannot be asked for now are asked for later.
    await this.#run({ type: "fetchAwaited" }).catch(() => undefined);
    return this.#run({ type: "status" });
  }

  async #run(command: Command): Promise<unknown> {
    const { engine, exchange, save, now } = this.parts;
    const giveWay = (this.#giveWay = new AbortController());
    if (this.#queued > 0) giveWay.abort();
    const waits = command.type === "pairNext" ? giveWay.signal : undefined;
    let exchanged = false;
    try {
      try {
        await engine.ready(command.type);
        let step = engine.start(command, now());
        for (let steps = 0; step.type === "send"; steps += 1) {
          if (steps > 2 * mostSteps) throw { code: "too-many-exchanges", blame: "service", wasAnythingShared: "unknown" };
          // Before anything leaves: a copy of a card marked as used must stay used when the tab is closed now.
          await save(engine.cache());
          exchanged = true;
          const answer: Exchange = steps < mostSteps ? await exchange(step.request, waits) : { failure: "unreachable" };
          step = engine.resume(answer, now());
        }
        return step.reply;
      } finally {
        await save(engine.cache());
      }
    } catch (error) {
      // Where the engine did not say it, something that went out may have arrived.
      throw asFailure(error, exchanged ? "unknown" : "no");
    }
  }
}

/** Whatever was thrown, as a failure the page can show; `shared` where it does not say whether anything was. */
export function asFailure(thrown: unknown, shared: Failure["wasAnythingShared"] = "no"): Failure {
  const fields = typeof thrown === "object" && thrown !== null ? (thrown as Record<string, unknown>) : {};
  const known = { code: "unexpected", message: "", hint: "", blame: "wallet", wasAnythingShared: shared as string };
  for (const key of Object.keys(known) as (keyof typeof known)[]) {
    if (typeof fields[key] === "string") known[key] = fields[key];
  }
  try {
    return failure(known, "");
  } catch {
    return { ...known, blame: "wallet", wasAnythingShared: "unknown" };
  }
}
