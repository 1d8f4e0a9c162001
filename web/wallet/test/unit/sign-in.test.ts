// What waits in a tab while the person signs in somewhere else.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const store = new Map<string, string>();
let gone: string[] = [];
vi.stubGlobal("sessionStorage", {
  getItem: (key: string) => store.get(key) ?? null,
  setItem: (key: string, value: string) => void store.set(key, value),
  removeItem: (key: string) => void store.delete(key),
});
const here = { origin: "https://wallet.example", protocol: "https:", assign: (url: string) => void gone.push(url) };
vi.stubGlobal("location", here);
/** How much was kept, and where the page had gone, when the browser was asked something. */
let asked: number[][] = [];
vi.stubGlobal("navigator", { locks: { query: async () => void asked.push([store.size, gone.length]) } });

const { arrive, leave, leaveForCard, leftForCard } = await import("../../src/host/sign-in");

beforeEach(() => {
  store.clear();
  gone = [];
  asked = [];
  here.protocol = "https:";
});
afterEach(() => vi.useRealTimers());

const offer = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fx";
const resume = { kind: "request", link: "openid4vp://authorize?request_uri=https%3A%2F%2Fy", scanned: false } as const;

describe("leaving for an issuer", () => {
  it("keeps the offer and the request that waits, once", async () => {
    await leaveForCard("https://issuer.example/authorize?x", { offer, resume });
    expect(gone).toEqual(["https://issuer.example/authorize?x"]);
    // A write that the browser did not get before the page ends is lost.
    expect(asked).toEqual([[1, 0]]);
    expect(leftForCard()).toEqual({ offer, resume });
    expect(leftForCard()).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it("is over after an hour", async () => {
    vi.useFakeTimers({ now: 0 });
    await leaveForCard("https://issuer.example/", { offer });
    vi.setSystemTime(3_600_000);
    expect(leftForCard()).toBeUndefined();
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "blob:https://wallet.example/1", "http://issuer.example/", "openid4vp://x", "not an address"])(
    "does not go to %s",
    async (url) => {
      await expect(leaveForCard(url, { offer })).rejects.toThrow();
      await expect(leave(url, { purpose: "find", verifier: "v" })).rejects.toThrow();
      expect(gone).toEqual([]);
    },
  );

  it("goes without encryption only from a page without", async () => {
    here.protocol = "http:";
    await leaveForCard("http://localhost:8470/issuer/authorize", { offer });
    expect(gone).toHaveLength(1);
  });

  it.each(["", "null", "[]", "{", '"x"', '{"offer":1,"at":0}', '{"offer":"x"}', '{"offer":"x","at":"now"}'])("makes nothing of %s", (kept) => {
    store.set("assent.issuer", kept);
    expect(leftForCard()).toBeUndefined();
  });

  it("takes up no request that is none", () => {
    store.set("assent.issuer", JSON.stringify({ offer, at: Date.now(), resume: { kind: "offer", link: "x" } }));
    expect(leftForCard()).toEqual({ offer, resume: undefined });
  });
});

describe("coming back from a login provider", () => {
  it("needs what was left in this tab, once", async () => {
    await leave("https://login.example/", { purpose: "link", verifier: "v" });
    expect(arrive("#/find?code=c")).toEqual({ purpose: "link", verifier: "v", code: "c" });
    expect(arrive("#/find?code=c")).toEqual({ purpose: "find", problem: "sign-in-over" });
    expect(arrive("#/find")).toBeUndefined();
  });

  it("has a reason when it went wrong", async () => {
    await leave("https://login.example/", { purpose: "find", verifier: "v" });
    expect(arrive("#/find?problem=sign-in-refused")).toEqual({ purpose: "find", problem: "sign-in-refused" });
  });
});
