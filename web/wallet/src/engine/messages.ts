// The whole conversation between page and worker. Anything else is dropped.
import { command } from "./commands";
import { blob, flag, list, number, object, type Of, oneOf, optional, text, variants, type Shape, ShapeError } from "./shape";
import { awaitedCard, cardSummary, file, upload } from "./views";

/** Why a command could not be done. Texts are looked up by `code`. */
export const failure = object({
  code: text,
  message: text,
  hint: text,
  blame: oneOf("service", "you", "network", "wallet"),
  wasAnythingShared: oneOf("no", "unknown", "yes"),
});
export type Failure = Of<typeof failure>;

/** Where the person wants a document written; the browser let them choose. */
const handle: Shape<FileSystemFileHandle> = (value, path) => {
  if (typeof FileSystemFileHandle === "undefined" || !(value instanceof FileSystemFileHandle)) throw new ShapeError(path, "file handle");
  return value;
};

/** What a page may say to its worker. */
export const toWorker = variants({
  /** Take the vault; with `takeOver`, ask the tab that has it to let go. */
  begin: { takeOver: flag },
  command: { id: number, command },
  /** Sends the content of an upload that was begun; answered by `reply` with the document, or `failed`. */
  upload: { id: number, upload, content: blob },
  /** Reads the content of a document, into a file or else into the reply, which then is a Blob. */
  download: { id: number, document: text, file, into: optional(handle) },
  /** Makes a backup with the content of documents, `total` bytes; into a file, or else into the reply. */
  takeOut: { id: number, passphrase: text, total: number, into: optional(handle) },
  /** Brings in the documents of the open file. */
  bringIn: { id: number },
  /** Ends one of these. */
  stop: { id: number },
  /** The person did something: postpone the automatic lock. */
  active: {},
  /** Lock by itself after so many minutes without activity. */
  autoLock: { minutes: number },
});
export type ToWorker = Of<typeof toWorker>;

const anything: Shape<unknown> = (value) => value;

/** What a worker may say to its page. `reply` is read by the shape of the command it answers. */
export const toPage = variants({
  ready: {},
  /** Another tab has the vault. */
  busy: {},
  /** Another tab took the vault; this worker has ended. */
  moved: {},
  /** Locked after inactivity; this worker has ended. */
  locked: {},
  /** Another device changed the vault; what is shown may be old. */
  changed: {},
  /** News came, and they are bad: the service shows something that cannot be true. */
  alarm: { failure },
  /** Somebody asked for emergency access, in seconds since 1970; 0: nobody waits for it any more. */
  asked: { at: number },
  /** The issuers of awaited cards were asked: what came, and what still does not. */
  awaited: { cards: list(cardSummary), awaited: list(awaitedCard) },
  /** The command that is under way sends something out. */
  sending: {},
  /** The engine could not start. */
  broken: { failure },
  /** How far an upload or download is, in bytes. */
  progress: { id: number, phase: oneOf("preparing", "sending", "reading"), done: number, total: number },
  reply: { id: number, reply: anything },
  failed: { id: number, failure },
});
export type ToPage = Of<typeof toPage>;
