/** The Assent API over fetch: one method per call, errors as `AssentProblem`. */
import type { Consent, CreatedPresentation, NewPresentation, Presentation } from "./types";

export interface ApiOptions {
  /** The server's origin, e.g. `https://assent.example`. */
  url: string;
  /** The service's API key. It stays in the back end. */
  key: string;
  /** Milliseconds before a call is given up. */
  timeout?: number;
  fetch?: typeof fetch;
}

/** An RFC 9457 problem, or no answer at all (`status` 0, code `no-answer`). */
export class AssentProblem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "AssentProblem";
  }
}

export class AssentApi {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Makes a request. The same idempotency key with the same body makes it once, however often it is sent. */
  createPresentation(body: NewPresentation, idempotencyKey: string): Promise<CreatedPresentation> {
    return this.#json("POST", "/v1/presentations", body, { "idempotency-key": idempotencyKey });
  }

  /** How a request stands. `responseCode` proves that the same browser came back (OpenID4VP 1.0 §13.3). */
  presentation(transactionId: string, responseCode?: string): Promise<Presentation> {
    const query = responseCode === undefined ? "" : `?response_code=${encodeURIComponent(responseCode)}`;
    return this.#json("GET", `/v1/presentations/${encodeURIComponent(transactionId)}${query}`);
  }

  /** A consent's state: `active`, `withdrawn`, `expired`. */
  consent(consentId: string): Promise<Consent> {
    return this.#json("GET", `/v1/consents/${encodeURIComponent(consentId)}`);
  }

  /** The receipt: the same bytes that the citizen keeps. */
  async receipt(consentId: string): Promise<string> {
    return (await this.#call("GET", `/v1/consents/${encodeURIComponent(consentId)}/receipt`)).text();
  }

  async #json<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    const response = await this.#call(method, path, body, headers);
    return (await response.json()) as T;
  }

  async #call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const { url, key, timeout = 10_000 } = this.#options;
    const send = this.#options.fetch ?? fetch;
    let response: Response;
    try {
      response = await send(new URL(path, url), {
        method,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        redirect: "error",
        signal: AbortSignal.timeout(timeout),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new AssentProblem("no-answer", 0, `${method} ${path}: ${String(error)}`);
    }
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { code?: string; title?: string; detail?: string };
    throw new AssentProblem(
      problem.code ?? "unknown",
      response.status,
      problem.detail ?? problem.title ?? `${method} ${path}: ${response.status}`,
    );
  }
}
