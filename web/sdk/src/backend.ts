/** Talking to the service's own back end, which holds the API key. The element never sees that key. */
import { walletLink } from "./link";

/** On which device the person's wallet is. */
export type Device = "same" | "other";

/** A request that was made. */
export interface StartedRequest {
  /** The back end's name for it, in the address of later calls. */
  id: string;
  /** Opens the wallet. */
  link: string;
  /** An SVG picture of a QR code for the same link. */
  qrSvg: string | undefined;
  /** When it ends, in milliseconds since 1970 by the clock of this device. */
  expiresAt: number | undefined;
}

/** How a request stands. */
export interface RequestStatus {
  /** A word of the Assent API: `created`, `fetched`, `verified`, … */
  state: string;
  /** Where to go next, when the back end says so. */
  next: string | undefined;
  /** True when the person must type here what their other device shows. */
  confirm: boolean;
}

/** The back end answered, but not as it should; or did not answer. */
export class BackendError extends Error {
  /** True when trying again may help. */
  readonly transient: boolean;

  constructor(message: string, transient: boolean) {
    super(message);
    this.name = "BackendError";
    this.transient = transient;
  }
}

/** What the element needs from a back end. */
export interface Backend {
  start(device: Device, template: string | undefined, signal: AbortSignal): Promise<StartedRequest>;
  status(id: string, signal: AbortSignal): Promise<RequestStatus>;
  /** Sends what the person typed. */
  confirm(id: string, code: string, signal: AbortSignal): Promise<RequestStatus>;
  cancel(id: string): Promise<void>;
}

const MAX_QR = 200_000;
/** A connection that was lost on the way may hang much longer; in milliseconds. */
const TIME_LIMIT = 20_000;

/** A back end at an address of the same site: `POST address`, `GET`, `POST` and `DELETE address/ID`. */
export function httpBackend(address: string, fetcher: typeof fetch = fetch.bind(globalThis)): Backend {
  const call = async (method: string, path: string, signal?: AbortSignal, body?: unknown): Promise<Response> => {
    let response: Response;
    const end = new AbortController();
    const abort = () => end.abort();
    const timer = setTimeout(abort, TIME_LIMIT);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    try {
      const answer = await fetcher(address + path, {
        method,
        // A header that a foreign page cannot send without permission: the back end should insist on it.
        headers: { accept: "application/json", "content-type": "application/json", "x-request-consent": "1" },
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: end.signal,
      });
      // Whole, within the time.
      response = new Response(answer.body && (await answer.arrayBuffer()), answer);
    } catch {
      throw new BackendError("no answer", true);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
    if (!response.ok) throw new BackendError(`answer ${response.status}`, response.status >= 500 || response.status === 429);
    return response;
  };
  return {
    async start(device, template, signal) {
      const response = await call("POST", "", signal, template === undefined ? { device } : { device, template });
      return readStarted(await json(response), clockError(response));
    },
    async status(id, signal) {
      return readStatus(await json(await call("GET", `/${encodeURIComponent(id)}`, signal)));
    },
    async confirm(id, code, signal) {
      return readStatus(await json(await call("POST", `/${encodeURIComponent(id)}`, signal, { code })));
    },
    async cancel(id) {
      await call("DELETE", `/${encodeURIComponent(id)}`);
    },
  };
}

async function json(response: Response): Promise<Record<string, unknown>> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new BackendError("not JSON", false);
  return body as Record<string, unknown>;
}

function readStatus(body: Record<string, unknown>): RequestStatus {
  if (typeof body.state !== "string") throw new BackendError("no state", false);
  return { state: body.state, next: typeof body.next === "string" ? body.next : undefined, confirm: body.confirm === true };
}

/** How far the clock of this device is ahead of the back end's, in milliseconds; 0 where the back end does not say its time. */
function clockError(response: Response): number {
  const theirs = Date.parse(response.headers.get("date") ?? "");
  return Number.isNaN(theirs) ? 0 : Date.now() - theirs;
}

function readStarted(body: Record<string, unknown>, clockError: number): StartedRequest {
  const link = typeof body.link === "string" ? walletLink(body.link) : undefined;
  if (typeof body.id !== "string" || body.id === "" || link === undefined) throw new BackendError("no id or link", false);
  const qr = typeof body.qr_svg === "string" && body.qr_svg.length <= MAX_QR ? body.qr_svg : undefined;
  const expires = typeof body.expires_at === "string" ? Date.parse(body.expires_at) : Number.NaN;
  return { id: body.id, link, qrSvg: qr, expiresAt: Number.isNaN(expires) ? undefined : expires + clockError };
}
