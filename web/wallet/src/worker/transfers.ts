// Carries the content of documents, a piece of a megabyte at a time, beside the commands: neither this worker nor the
// engine ever holds more than one piece. What goes out is sealed and what comes in is checked by the engine.
import type { ToPage } from "../engine/messages";
import { list, number, object, oneOf } from "../engine/shape";
import type { FileView, UploadView } from "../engine/views";
import type { BytesAnswer, HttpRequest, PieceEngine } from "./engine-type";
import { asFailure, type Command } from "./session";

interface Parts {
  engine: PieceEngine;
  run: (command: Command) => Promise<unknown>;
  exchange: (request: HttpRequest, body: Uint8Array<ArrayBuffer> | undefined, stop: AbortSignal) => Promise<BytesAnswer | undefined>;
  post: (message: ToPage) => void;
  wait: (milliseconds: number) => Promise<void>;
}

const missing = object({ type: oneOf("missing"), missing: list(number) });

/** Tries of one piece before the person is told that the connection is gone; the pauses double from a second on. */
const tries = 6;
/** A service that forgets what it was sent is not sent it for ever. */
const rounds = 3;

/** Why all of them were stopped at once. */
const ended = { code: "engine-ended" };

type Phase = "preparing" | "sending" | "reading";

/** Piece `at` of some content; empty beyond its end. It is wiped when it was used. */
type Piece = (at: number) => Promise<Uint8Array<ArrayBuffer>>;

/** What somebody who carries pieces can do until they are stopped. */
export interface Carrying {
  tell(phase: Phase, done: number, total: number): void;
  read(document: string, file: string, at: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Sends an upload, after all of it was measured once. */
  send(upload: UploadView, piece: Piece, tell: (phase: Phase, done: number) => void): Promise<void>;
}

/** All content on its way. */
export class Transfers {
  readonly #running = new Map<number, AbortController>();

  constructor(private readonly parts: Parts) {}

  stop(id: number): void {
    this.#running.get(id)?.abort();
  }

  stopAll(): void {
    for (const running of this.#running.values()) running.abort(ended);
  }

  /** Sends an upload. Never throws: what became of it is posted. */
  upload(id: number, upload: UploadView, content: Blob): Promise<void> {
    return this.carry(id, async (carrying) => {
      if (content.size !== upload.size) throw { code: "document-file-differs", blame: "you" };
      const piece = (at: number) => slice(content, at * upload.pieceBytes, upload.pieceBytes);
      await carrying.send(upload, piece, (phase, done) => carrying.tell(phase, done, upload.size));
      return this.parts.run({ type: "documentFinish", upload: upload.id });
    });
  }

  /** Reads the content of a document into a file, or into a Blob, which the browser keeps outside this worker. */
  download(id: number, document: string, file: FileView, into: FileSystemFileHandle | undefined): Promise<void> {
    return this.carry(id, async (carrying) => {
      const out = await into?.createWritable();
      const parts: Blob[] = [];
      try {
        for (let at = 0; at * file.pieceBytes < file.size; at += 1) {
          carrying.tell("reading", at * file.pieceBytes, file.size);
          const content = await carrying.read(document, file.id, at);
          if (out) await out.write(content);
          else parts.push(new Blob([content]));
          wipe(content);
        }
        await out?.close();
      } catch (error) {
        // Nothing that is not whole stays in the person's folder.
        await out?.abort();
        throw error;
      }
      return out ? undefined : new Blob(parts, { type: "application/octet-stream" });
    });
  }

  /** Does something that carries pieces. Never throws: what became of it is posted. */
  carry(id: number, work: (carrying: Carrying) => Promise<unknown>): Promise<void> {
    return this.#run(id, (stop) =>
      work({
        tell: (phase, done, total) => this.#tell(id, phase, done, total),
        read: (document, file, at) => this.#read(stop, document, file, at),
        send: (upload, piece, told) => this.#send(stop, upload, piece, told),
      }),
    );
  }

  #read(stop: AbortSignal, document: string, file: string, at: number): Promise<Uint8Array<ArrayBuffer>> {
    const { engine } = this.parts;
    return this.#patiently(stop, async () => {
      const answer = await this.parts.exchange(engine.readPiece(document, file, at), undefined, stop);
      try {
        return engine.openPiece(document, file, at, answer);
      } finally {
        if (answer) wipe(answer.bytes);
      }
    });
  }

  /** Measures what was not measured, and sends what is not there. */
  async #send(stop: AbortSignal, upload: UploadView, piece: Piece, tell: (phase: Phase, done: number) => void): Promise<void> {
    const { engine, run } = this.parts;
    const told = (phase: Phase, at: number) => tell(phase, Math.min(at * upload.pieceBytes, upload.size));
    if (upload.measured < upload.pieces) {
      for (let at = 0; at < upload.pieces; at += 1) {
        told("preparing", at);
        const content = await piece(at);
        engine.measurePiece(upload.id, at, content);
        wipe(content);
        stop.throwIfAborted();
      }
    }
    for (let round = 1; ; round += 1) {
      const rest = missing(await run({ type: "documentDeclare", upload: upload.id }), "").missing;
      try {
        for (const at of rest) {
          told("sending", at);
          await this.#patiently(stop, async () => {
            const content = await piece(at);
            const { request, body } = engine.sendPiece(upload.id, at, content);
            wipe(content);
            const answer = await this.parts.exchange(request, body, stop);
            wipe(body);
            engine.pieceSent(answer?.status);
          });
        }
        told("sending", upload.pieces);
        return stop.throwIfAborted();
      } catch (error) {
        // Away for more than a day: what was sent is gone and is sent again.
        if (asFailure(error).code !== "document-not-at-service" || round === rounds) throw error;
      }
    }
  }

  async #run(id: number, work: (stop: AbortSignal) => Promise<unknown>): Promise<void> {
    const control = new AbortController();
    this.#running.set(id, control);
    try {
      this.parts.post({ type: "reply", id, reply: await work(control.signal) });
    } catch (error) {
      const { aborted, reason } = control.signal;
      const failure = !aborted ? error : reason === ended ? ended : { code: "document-stopped", blame: "you" };
      this.parts.post({ type: "failed", id, failure: asFailure(failure) });
    } finally {
      this.#running.delete(id);
    }
  }

  /** Does something with the network again and again, with longer and longer pauses, as long as that can help. */
  async #patiently<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let failed = 1; ; failed += 1) {
      stop.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        const { code, blame } = asFailure(error);
        if (stop.aborted || failed === tries) throw error;
        // Another device gave the vault new keys, and this one a new token to fetch.
        if (code === "vault-access-refused" && failed === 1) await this.parts.run({ type: "refresh" });
        else if (blame === "network") await Promise.race([this.parts.wait(500 * 2 ** failed), stopped(stop)]);
        else throw error;
      }
    }
  }

  #tell(id: number, phase: Phase, done: number, total: number): void {
    this.parts.post({ type: "progress", id, phase, done: Math.min(done, total), total });
  }
}

/**
 * Wipes bytes that are no longer needed. Their memory is the collector's: it runs after some tens of megabytes, as long as
 * it knows of them, which it no longer does of a buffer that was transferred away.
 */
function wipe(bytes: Uint8Array): void {
  bytes.fill(0);
}

const stopped = (stop: AbortSignal) => new Promise<void>((done) => stop.addEventListener("abort", () => done(), { once: true }));

async function slice(content: Blob, from: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await content.slice(from, from + length).arrayBuffer());
  } catch {
    // Moved, deleted or changed on the disk since it was chosen.
    throw { code: "document-file-unreadable", blame: "you" };
  }
}
