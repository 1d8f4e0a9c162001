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
  free(): void;
}

/** Makes and opens files of a vault's contents. Failures are thrown as JSON text. */
export interface FileMaker {
  make(contents: string, format: string, passphrase: string | undefined, language: string, now: number): Uint8Array<ArrayBuffer>;
  open(file: Uint8Array, passphrase: string | undefined): OpenedFile;
}
