// Carries out every exchange the engine asks for; besides it, only news.ts opens a connection. No cookies, no redirects, no referrer; bounded in time and size.
import type { BytesAnswer, Exchange, HttpRequest } from "./engine-type";

const timeLimit = 10_000;
/** For a piece of a document, a megabyte: what a slow telephone needs. */
const pieceTimeLimit = 120_000;

/** Carries out one exchange for the engine, unless it is given up before. Never throws. */
export async function exchange(request: HttpRequest, giveUp?: AbortSignal): Promise<Exchange> {
  const timeout = AbortSignal.timeout(timeLimit);
  const abort = giveUp ? AbortSignal.any([timeout, giveUp]) : timeout;
  try {
    const response = await send(request, request.body, abort);
    const bytes = await readBounded(response, request.max_response);
    if (!bytes) return { failure: "too-large" };
    const body = asText(bytes);
    if (body === undefined) return { failure: "not-text" };
    return { response: { status: response.status, headers: [...response.headers], body } };
  } catch {
    return { failure: timeout.aborted ? "timeout" : "unreachable" };
  }
}

/** Carries out one exchange of bytes; `undefined` when no usable answer came. Never throws. */
export async function exchangeBytes(
  request: HttpRequest, body: Uint8Array<ArrayBuffer> | undefined, stop: AbortSignal,
): Promise<BytesAnswer | undefined> {
  try {
    const response = await send(request, body ?? null, AbortSignal.any([AbortSignal.timeout(pieceTimeLimit), stop]));
    const bytes = await readBounded(response, request.max_response);
    return bytes && { status: response.status, bytes };
  } catch {
    return undefined;
  }
}

function send(request: HttpRequest, body: BodyInit | null, signal: AbortSignal): Promise<Response> {
  return fetch(request.url, {
    method: request.method,
    headers: request.headers,
    body,
    cache: "no-store",
    credentials: "omit",
    redirect: "error", // OpenID4VP 1.0 errata §14.8: following one could hand the answer to somebody else
    referrerPolicy: "no-referrer",
    signal,
  });
}

async function readBounded(response: Response, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(response.headers.get("content-length")) > most) {
    await response.body?.cancel();
    return undefined;
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    size += next.value.length;
    if (size > most) {
      await reader?.cancel();
      return undefined;
    }
    parts.push(next.value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
