// The page's end of the worker: typed calls in, checked views out.
import type { Command, CommandType } from "./commands";
import { type Failure, toPage, type ToWorker } from "./messages";
import { type Backup, backup, type BroughtIn, broughtIn, document, replies, type Reply } from "./replies";
import type { AwaitedCard, CardSummary, DocumentView, FileView, UploadView } from "./views";

/** How the worker itself is doing, apart from any command. */
export type WorkerNews = { type: "ready" | "busy" | "moved" | "locked" | "changed" | "sending" } | { type: "asked"; at: number } | { type: "awaited"; cards: CardSummary[]; awaited: AwaitedCard[] } | { type: "broken" | "alarm"; failure: Failure };

/** A command that could not be done. */
export class EngineError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}

/** How far content is on its way, in bytes. */
export interface Progress {
  phase: "preparing" | "sending" | "reading";
  done: number;
  total: number;
}

/** Content on its way. */
export interface Transfer<T> {
  done: Promise<T>;
  stop: () => void;
}

interface Waiting {
  what: string;
  read: (reply: unknown) => unknown;
  resolve: (reply: never) => void;
  reject: (error: EngineError) => void;
  progress?: ((progress: Progress) => void) | undefined;
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
    const read: (reply: unknown) => unknown = (reply) => replies[command.type as CommandType](reply, "");
    return this.#ask<Reply<C["type"]>>(command.type, read, (id) => ({ type: "command", id, command })).done;
  }

  /** Sends the content of an upload that was begun. */
  upload(upload: UploadView, content: Blob, progress: (progress: Progress) => void): Transfer<DocumentView> {
    return this.#ask("upload", (reply) => document(reply, "").document, (id) => ({ type: "upload", id, upload, content }), progress);
  }

  /** Reads the content of a document, into a file of the person or else into a Blob. */
  download(
    document: string, file: FileView, into: FileSystemFileHandle | undefined, progress: (progress: Progress) => void,
  ): Transfer<Blob | undefined> {
    const read = (reply: unknown) => (reply instanceof Blob ? reply : undefined);
    return this.#ask("download", read, (id) => ({ type: "download", id, document, file, into }), progress);
  }

  /** Makes a backup with the content of documents, `total` bytes, in a file of the person or else in a Blob. */
  takeOut(
    passphrase: string, total: number, into: FileSystemFileHandle | undefined, progress: (progress: Progress) => void,
  ): Transfer<Backup> {
    return this.#ask("takeOut", (reply) => backup(reply, ""), (id) => ({ type: "takeOut", id, passphrase, total, into }), progress);
  }

  /** Brings in the documents of the open file. */
  bringIn(progress: (progress: Progress) => void): Transfer<BroughtIn> {
    return this.#ask("bringIn", (reply) => broughtIn(reply, ""), (id) => ({ type: "bringIn", id }), progress);
  }

  /** Ends the worker and with it every key in its memory. */
  terminate(): void {
    this.worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new EngineError(ourFault("engine-ended")));
    this.#waiting.clear();
  }

  #ask<T>(what: string, read: (reply: unknown) => unknown, message: (id: number) => ToWorker, progress?: (progress: Progress) => void): Transfer<T> {
    const id = this.#nextId++;
    const done = new Promise<T>((resolve, reject) => this.#waiting.set(id, { what, read, resolve, reject, progress }));
    this.#send(message(id));
    return { done, stop: () => this.#send({ type: "stop", id }) };
  }

  #send(message: ToWorker): void {
    // What a passkey answered goes over whole: the page keeps no bytes of it.
    this.worker.postMessage(message, [...new Set(buffersIn(message))]);
  }

  #receive(data: unknown): void {
    const message = toPage(data, "");
    if (message.type !== "reply" && message.type !== "failed" && message.type !== "progress") return this.news(message);
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if (message.type === "progress") return waiting.progress?.(message);
    this.#waiting.delete(message.id);
    if (message.type === "failed") return waiting.reject(new EngineError(message.failure));
    try {
      waiting.resolve(waiting.read(message.reply) as never);
    } catch (error) {
      console.error(`reply to ${waiting.what}: ${error instanceof Error ? error.message : ""}`);
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
