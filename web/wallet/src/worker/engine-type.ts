// The engine as the worker drives it: a flow that asks for one HTTP exchange at a time.

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  headers: [string, string][];
  body: string | null;
  /** Largest response body to accept, in bytes. */
  max_response: number;
}

export interface HttpResponse {
  status: number;
  headers: [string, string][];
  body: string;
}

export type Step = { type: "send"; request: HttpRequest } | { type: "done"; reply: unknown };

/** What reached the engine instead of a response. */
export type Exchange = { response: HttpResponse } | { failure: "unreachable" | "timeout" | "too-large" | "not-text" };

export interface Engine {
  /** Fetches what a type of command needs, if it is not here yet; throws an {@link EngineError}. */
  ready(command: string): Promise<void>;
  /** Begins a command; throws an {@link EngineError}. */
  start(command: unknown, now: number): Step;
  /** Goes on after an exchange; throws an {@link EngineError}. */
  resume(exchange: Exchange, now: number): Step;
  /** Sealed bytes to keep on this device; `undefined` when there is nothing to keep. */
  cache(): Uint8Array | undefined;
}

/** What the engine does with the content of documents, beside any command. Each throws an {@link EngineError}. */
export interface PieceEngine {
  /** Notes what piece `number` of an upload holds, in order from 0. */
  measurePiece(upload: string, number: number, content: Uint8Array): void;
  /** The request that sends a piece, with its body. */
  sendPiece(upload: string, number: number, content: Uint8Array): { request: HttpRequest; body: Uint8Array<ArrayBuffer> };
  /** What became of it; no status when no answer came. */
  pieceSent(status: number | undefined): void;
  /** The request that reads a piece of a document's file. */
  readPiece(document: string, file: string, number: number): HttpRequest;
  /** Opens the answer to it. */
  openPiece(document: string, file: string, number: number, answer: BytesAnswer | undefined): Uint8Array<ArrayBuffer>;
}

/** An answer of bytes. */
export interface BytesAnswer {
  status: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** A file from outside, opened. Contents are the engine's reply to `takeOut`, as JSON text. */
export interface OpenedFile {
  /** The reply to `importPlan`, as JSON text. */
  plan(contents: string, moved: boolean, history: boolean, language: string): string;
  /** The engine's next command, as JSON text; `undefined` when everything is in. */
  next(contents: string, moved: boolean, history: boolean): string | undefined;
  /** Id of a version of a document in its record, by its number in the plan. */
  fileId(file: number): string | undefined;
  /** From where to where one of them is in the file; empty when the file has no such piece. */
  piecePlace(file: number, number: number): Float64Array;
  /** Opens what is there: in order from 0, the last one only when all of them are what they were. */
  piece(file: number, number: number, bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  /** What the engine needs to make a document anew. */
  documentRecord(id: string): string | undefined;
  free(): void;
}

/** A file that is being opened: it says what of it is needed. */
export interface Opening {
  /** From where to where; empty when it is open. */
  wants(): Float64Array;
  take(bytes: Uint8Array): void;
  end(): OpenedFile;
  free(): void;
}

/** A backup with documents in the making. What its functions give is written in their order. */
export interface BackupMaker {
  start(): Uint8Array<ArrayBuffer>;
  /** `{document, file, pieces}` of the version whose content comes next, as JSON text. */
  next(): string | undefined;
  /** Takes its next piece. */
  content(content: Uint8Array): Uint8Array<ArrayBuffer>;
  /** The rest of it cannot be had: to be called until another one is the next. */
  missing(): Uint8Array<ArrayBuffer>;
  end(): Uint8Array<ArrayBuffer>;
  free(): void;
}

/** Makes and opens files of a vault's contents. Failures are thrown as JSON text. */
export interface FileMaker {
  make(contents: string, format: string, passphrase: string | undefined, language: string, now: number): Uint8Array<ArrayBuffer>;
  backup(contents: string, passphrase: string, now: number): BackupMaker;
  /** Begins with the first {@link beginning} bytes of a file, or all of it. */
  open(start: Uint8Array, length: number, passphrase: string | undefined): Opening;
}

/** As `BEGINNING` in wallet/src/transfer/opening.rs. */
export const beginning = 8192;
