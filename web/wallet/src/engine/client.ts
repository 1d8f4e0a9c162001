// The page's end of the worker: typed calls in, checked views out.
import type { Command, CommandType } from "./commands";
import { type Failure, toPage, type ToWorker } from "./messages";
import { replies, type Reply } from "./replies";

/** How the worker itself is doing, apart from any command. */
export type WorkerNews = { type: "ready" | "busy" | "moved" | "locked" | "changed" | "sending" } | { type: "broken" | "alarm"; failure: Failure };

/** A command that could not be done. */
export class EngineError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}

interface Waiting {
  type: CommandType;
  resolve: (reply: never) => void;
  reject: (error: EngineError) => void;
}

/** One worker, from start to lock. */
export class EngineClient {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(
    private readonly worker: Worker,
    private readonly news: (news: WorkerNews) => void,
  ) {
    worker.addEventListener("message", (event) => this.#receive(event.data));
    worker.addEventListener("error", () => this.#broken("engine-crashed"));
    worker.addEventListener("messageerror", () => this.#broken("engine-crashed"));
  }

  begin(takeOver: boolean): void {
    this.#send({ type: "begin", takeOver });
  }

  active(): void {
    this.#send({ type: "active" });
  }

  autoLock(minutes: number): void {
    this.#send({ type: "autoLock", minutes });
  }

  /** Asks the engine for something. */
  call<C extends Command>(command: C): Promise<Reply<C["type"]>> {
    const id = this.#nextId++;
    const answer = new Promise<Reply<C["type"]>>((resolve, reject) => {
      this.#waiting.set(id, { type: command.type, resolve, reject });
    });
    this.#send({ type: "command", id, command });
    return answer;
  }

  /** Ends the worker and with it every key in its memory. */
  terminate(): void {
    this.worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new EngineError(ourFault("engine-ended")));
    this.#waiting.clear();
  }

  #send(message: ToWorker): void {
    // What a passkey answered goes over whole: the page keeps no bytes of it.
    this.worker.postMessage(message, [...new Set(buffersIn(message))]);
  }

  #receive(data: unknown): void {
    const message = toPage(data, "");
    if (message.type !== "reply" && message.type !== "failed") return this.news(message);
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    this.#waiting.delete(message.id);
    if (message.type === "failed") return waiting.reject(new EngineError(message.failure));
    try {
      waiting.resolve(replies[waiting.type](message.reply, "") as never);
    } catch (error) {
      console.error(`reply to ${waiting.type}: ${error instanceof Error ? error.message : ""}`);
      waiting.reject(new EngineError(ourFault("engine-reply-unexpected")));
    }
  }

  #broken(code: string): void {
    this.terminate();
    this.news({ type: "broken", failure: ourFault(code) });
  }
}

function buffersIn(value: unknown): ArrayBuffer[] {
  if (value instanceof Uint8Array) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(buffersIn) : [];
}

function ourFault(code: string): Failure {
  return { code, message: "", hint: "", blame: "wallet", wasAnythingShared: "unknown" };
}
