import { describe, expect, it, vi } from "vitest";
import { httpBackend } from "../src/backend";

const signal = new AbortController().signal;

function answering(status: number, body: unknown) {
  const calls: { url: string; init: RequestInit }[] = [];
  const fetcher = (async (url: string, init: RequestInit) => {
    calls.push({ url, init });
    return new Response(JSON.stringify(body), { status });
  }) as unknown as typeof fetch;
  return { backend: httpBackend("/consent", fetcher), calls };
}

describe("httpBackend", () => {
  it("asks for a request and reads it", async () => {
    const { backend, calls } = answering(201, { id: "x", link: "https://w.example/", qr_svg: "<svg/>", expires_at: "2030-01-01T00:00:00Z" });
    const request = await backend.start("other", "films", signal);
    expect(request.qrSvg).toBe("<svg/>");
    expect(request.expiresAt).toBe(Date.parse("2030-01-01T00:00:00Z"));
    expect(calls[0]?.url).toBe("/consent");
    expect(calls[0]?.init.credentials).toBe("same-origin");
    expect(new Headers(calls[0]?.init.headers).get("x-request-consent")).toBe("1");
    expect(JSON.parse(String(calls[0]?.init.body))).toEqual({ device: "other", template: "films" });
  });

  it.each([{ id: "x", link: "javascript:alert(1)" }, { link: "https://w.example/" }, { id: 1, link: "https://w.example/" }, [], "x", null])(
    "refuses the answer %j",
    async (body) => {
      await expect(answering(200, body).backend.start("same", undefined, signal)).rejects.toThrow();
    },
  );

  it("reads when it ends by the clock of this device, which may be wrong", async () => {
    const fetcher = (async () =>
      new Response(JSON.stringify({ id: "x", link: "https://w.example/", expires_at: "2020-01-01T00:05:00Z" }), {
        headers: { date: "Wed, 01 Jan 2020 00:00:00 GMT" },
      })) as unknown as typeof fetch;
    const before = Date.now();
    const { expiresAt = 0 } = await httpBackend("/consent", fetcher).start("other", undefined, signal);
    expect(expiresAt).toBeGreaterThanOrEqual(before + 300_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 300_000);
  });

  it("does not wait for ever for an answer, nor for the rest of one", async () => {
    vi.useFakeTimers();
    try {
      const gone = (init: RequestInit) => new Promise<never>((_, fail) => init.signal?.addEventListener("abort", () => fail(new DOMException("", "AbortError"))));
      const silent = ((_: string, init: RequestInit) => gone(init)) as unknown as typeof fetch;
      const halfway = (async (_: string, init: RequestInit) => Object.assign(new Response("{"), { arrayBuffer: () => gone(init) })) as unknown as typeof fetch;
      for (const fetcher of [silent, halfway]) {
        const asked = expect(httpBackend("/consent", fetcher).status("a", signal)).rejects.toMatchObject({ transient: true });
        await vi.advanceTimersByTimeAsync(20_000);
        await asked;
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it("escapes the id and knows which failures may pass", async () => {
    const { backend, calls } = answering(200, { state: "created" });
    await backend.status("a/../b", signal);
    expect(calls[0]?.url).toBe("/consent/a%2F..%2Fb");
    await expect(answering(503, {}).backend.status("a", signal)).rejects.toMatchObject({ transient: true });
    await expect(answering(404, {}).backend.status("a", signal)).rejects.toMatchObject({ transient: false });
  });
});
