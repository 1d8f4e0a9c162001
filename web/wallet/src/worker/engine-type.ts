// The engine as the worker drives it: a flow that asks for one HTTP exchange at a time.

export interface HttpRequest {
  method: "GET" | "POST" | "DELETE";
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
  /** Begins a command; throws an {@link EngineError}. */
  start(command: unknown, now: number): Step;
  /** Goes on after an exchange; throws an {@link EngineError}. */
  resume(exchange: Exchange, now: number): Step;
  /** Sealed bytes to keep on this device; `undefined` when there is nothing to keep. */
  cache(): Uint8Array | undefined;
}
