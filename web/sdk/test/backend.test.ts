import { describe, expect, it } from "vitest";
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

  it("escapes the id and knows which failures may pass", async () => {
    const { backend, calls } = answering(200, { state: "created" });
    await backend.status("a/../b", signal);
    expect(calls[0]?.url).toBe("/consent/a%2F..%2Fb");
    await expect(answering(503, {}).backend.status("a", signal)).rejects.toMatchObject({ transient: true });
    await expect(answering(404, {}).backend.status("a", signal)).rejects.toMatchObject({ transient: false });
  });
});
