// Carries out every exchange the engine asks for; besides it, only news.ts opens a connection. No cookies, no redirects, no referrer; bounded in time and size.
import { Deadline } from "./deadline";
import type { BytesAnswer, Exchange, HttpRequest } from "./engine-type";

/** Carries out one exchange for the engine, unless it is given up before. Never throws. */
export async function exchange(request: HttpRequest, giveUp?: AbortSignal): Promise<Exchange> {
  const deadline = new Deadline(request.body?.length ?? 0);
  const abort = giveUp ? AbortSignal.any([deadline.signal, giveUp]) : deadline.signal;
  try {
    const response = await send(request, request.body, abort);
    const bytes = await readBounded(response, request.max_response, deadline);
    if (!bytes) return { failure: "too-large" };
    const body = asText(bytes);
    if (body === undefined) return { failure: "not-text" };
    return { response: { status: response.status, headers: [...response.headers], body } };
  } catch {
    return { failure: deadline.signal.aborted ? "timeout" : "unreachable" };
  } finally {
    deadline.end();
  }
}

/** Carries out one exchange of bytes; `undefined` when no usable answer came. Never throws. */
export async function exchangeBytes(
  request: HttpRequest, body: Uint8Array<ArrayBuffer> | undefined, stop: AbortSignal,
): Promise<BytesAnswer | undefined> {
  const deadline = new Deadline(body?.length ?? 0);
  try {
    const response = await send(request, body ?? null, AbortSignal.any([deadline.signal, stop]));
    const bytes = await readBounded(response, request.max_response, deadline);
    return bytes && { status: response.status, bytes };
  } catch {
    return undefined;
  } finally {
    deadline.end();
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

async function readBounded(response: Response, most: number, deadline: Deadline): Promise<Uint8Array<ArrayBuffer> | undefined> {
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
    deadline.arrived(next.value.length);
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
