// A backup with its documents on its way out, and the documents of a file on their way in: piece by piece, as other content.
// Between the two modules a piece is in this worker's memory, and nowhere else.
import { list, number, object, oneOf, text } from "../engine/shape";
import { upload } from "../engine/views";
import type { BackupMaker, OpenedFile } from "./engine-type";
import { asFailure, type Command } from "./session";
import type { Carrying, Transfers } from "./transfers";
import { type Sink, sinkFor } from "./sink";

interface Parts {
  run: (command: Command) => Promise<unknown>;
  transfers: Transfers;
  /** Somebody is waiting for something long that they asked for: no reason to lock. */
  busy: () => void;
}

const plan = object({
  documents: list(object({ id: text, name: text, fate: text, bytes: number, files: list(number) }), 200_000),
});
const begun = object({ type: oneOf("upload"), upload });
const next = object({ document: text, file: text, pieces: number });
const names = object({ documents: list(object({ id: text, name: text })) });

const parse = <T>(shape: (value: unknown, path: string) => T, json: string) => shape(JSON.parse(json), "");
const codes = (...known: string[]) => (error: unknown) => known.includes(asFailure(error).code);
/** The service lost it, or gives something else: a backup is made without it. */
const isLost = codes("document-not-at-service", "document-not-authentic");
const isDamaged = codes("transfer-document-damaged", "document-record-unreadable");
const hasNoRoom = codes("vault-quota-exceeded", "document-too-large-for-service");

/** Both directions. Neither throws: what became of it is posted. */
export class Moving {
  constructor(private readonly parts: Parts) {}

  /** Writes a backup into a file of the person, or else into a Blob in the reply, with the names of what it lacks. */
  takeOut(id: number, make: () => Promise<BackupMaker>, total: number, into: FileSystemFileHandle | undefined): Promise<void> {
    return this.parts.transfers.carry(id, async (carrying) => {
      const sink = await sinkFor(into);
      let backup: BackupMaker | undefined;
      try {
        backup = await make();
        await write(sink, backup.start());
        const missing = await this.#documents(backup, sink, carrying, total);
        await write(sink, backup.end());
        return { type: "file", content: await sink.close(), missing };
      } catch (error) {
        // Nothing that is not whole stays in the person's folder.
        await sink.abort();
        throw known(error);
      } finally {
        backup?.free();
      }
    });
  }

  async #documents(backup: BackupMaker, sink: Sink, carrying: Carrying, total: number): Promise<string[]> {
    const { run, busy } = this.parts;
    const missing: string[] = [];
    let done = 0;
    for (let json = backup.next(); json !== undefined; json = backup.next()) {
      const file = parse(next, json);
      try {
        for (let at = 0; at < file.pieces; at += 1) {
          busy();
          carrying.tell("reading", done, total);
          const content = await carrying.read(file.document, file.file, at);
          done += content.length;
          await write(sink, backup.content(content));
          content.fill(0);
        }
      } catch (error) {
        if (!isLost(error)) throw error;
        missing.push(file.document);
        while (backup.next() === json) await write(sink, backup.missing());
      }
    }
    if (missing.length === 0) return missing;
    const known = names(await run({ type: "documents" }), "").documents;
    return [...new Set(missing)].map((id) => known.find((document) => document.id === id)?.name ?? "");
  }

  /** Brings the documents of an open file in, each whole or not at all; tells which could not come in. */
  bringIn(id: number, opened: () => { file: OpenedFile; content: Blob }, contents: () => Promise<string>): Promise<void> {
    return this.parts.transfers.carry(id, async (carrying) => {
      const { file, content } = opened();
      const wanted = parse(plan, file.plan(await contents(), false, true, "en")).documents.filter(({ fate }) => fate === "new");
      const total = 2 * wanted.reduce((sum, { bytes }) => sum + bytes, 0);
      const outcome = { type: "broughtIn", whole: 0, damaged: [] as string[], versions: [] as string[], noRoom: [] as string[] };
      let done = 0;
      for (const document of wanted) {
        const tell = (bytes: number) => (this.parts.busy(), carrying.tell("sending", done + bytes, total));
        try {
          outcome.versions.push(...(await this.#document(document, file, content, carrying, tell)));
          outcome.whole += 1;
        } catch (error) {
          if (hasNoRoom(error)) outcome.noRoom.push(document.name);
          else if (isDamaged(known(error))) outcome.damaged.push(document.name);
          else throw known(error);
        }
        done += 2 * document.bytes;
      }
      return outcome;
    });
  }

  /** One document. Gives its name when an earlier version of it is damaged and stays out. */
  async #document(
    document: { id: string; name: string; files: number[] }, file: OpenedFile, content: Blob, carrying: Carrying, tell: (bytes: number) => void,
  ): Promise<string[]> {
    const record = file.documentRecord(document.id) ?? "";
    const [whole, damaged]: [string[], string[]] = [[], []];
    let done = 0;
    for (const at of document.files) {
      const version = file.fileId(at) ?? "";
      const reply = await this.parts.run({ type: "bringDocument", record, file: version });
      // Another device was faster.
      if ((reply as { type?: unknown }).type === "done") return [];
      const { upload } = begun(reply, "");
      const piece = async (number: number) => {
        // What is beyond its end is padding. An empty one has a piece, too, to be checked.
        if (number > 0 && number * upload.pieceBytes >= upload.size) return new Uint8Array();
        const [from, to] = file.piecePlace(at, number);
        if (from === undefined || to === undefined) throw { code: "transfer-document-damaged", blame: "you" };
        return file.piece(at, number, new Uint8Array(await content.slice(from, to).arrayBuffer()));
      };
      try {
        await carrying.send(upload, piece, (phase, sent) => tell(done + sent + (phase === "sending" ? upload.size : 0)));
        whole.push(version);
      } catch (error) {
        // Without its present version a document would come back as what it was.
        if (!isDamaged(known(error)) || whole.length === 0) throw error;
        damaged.push(document.name);
      }
      done += 2 * upload.size;
    }
    await this.parts.run({ type: "bringDocumentEnd", record, files: whole });
    return damaged.slice(0, 1);
  }
}

async function write(sink: Sink, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    await sink.write(bytes);
  } catch {
    throw { code: "backup-no-space", blame: "you" };
  }
}

/** The module for files throws what it has to say as text. */
const known = (error: unknown) => (typeof error === "string" ? (JSON.parse(error) as unknown) : error);
