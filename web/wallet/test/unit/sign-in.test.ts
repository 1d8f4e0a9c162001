// What waits in a tab while the person signs in somewhere else.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const tab = new Map<string, string>();
const database = new Map<string, string>();
let gone: string[] = [];
vi.stubGlobal("sessionStorage", {
  getItem: (key: string) => tab.get(key) ?? null,
  setItem: (key: string, value: string) => void tab.set(key, value),
  removeItem: (key: string) => void tab.delete(key),
});
const here = { origin: "https://wallet.example", protocol: "https:", assign: (url: string) => void gone.push(url) };
vi.stubGlobal("location", here);
/** What the database had, and where the page had gone, whenever a change of it was done. */
let done: number[][] = [];
let broken = false;
const store = {
  get: async (key: string) => database.get(key),
  getAllKeys: async () => [...database.keys()],
  put: async (value: string, key: string) => void database.set(key, value),
  delete: async (key: string) => void database.delete(key),
};
vi.mock("idb", () => ({
  openDB: async () => {
    if (broken) throw new Error("no database");
    return {
      transaction: () => ({ store, done: new Promise<void>((over) => setTimeout(() => over(void done.push([database.size, gone.length])), 5)) }),
      close: () => undefined,
    };
  },
}));

const { dropOld } = await import("../../src/host/left-behind");
const { arrive, leave, leaveForCard, leftForCard, told, waitForCard } = await import("../../src/host/sign-in");

beforeEach(() => {
  tab.clear();
  database.clear();
  gone = [];
  done = [];
  broken = false;
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
    expect(done).toEqual([[1, 0]]);
    expect(await leftForCard()).toEqual({ offer, resume });
    expect(await leftForCard()).toBeUndefined();
    expect(tab.size + database.size).toBe(0);
  });

  it("goes on after the page was loaded again on the way back, with the answer", async () => {
    await leaveForCard("https://issuer.example/authorize?x", { offer, resume });
    await waitForCard({ ...(await leftForCard())!, answer: "?code=c&state=s" });
    expect(await leftForCard()).toEqual({ offer, resume, answer: "?code=c&state=s" });
    expect(await leftForCard()).toBeUndefined();
    tab.set("assent.issuer", JSON.stringify({ offer, at: Date.now(), answer: {} }));
    expect(await leftForCard()).toEqual({ offer });
  });

  it("is over after an hour", async () => {
    vi.useFakeTimers({ now: 0, toFake: ["Date"] });
    await leaveForCard("https://issuer.example/", { offer });
    vi.setSystemTime(3_599_999);
    await dropOld();
    expect(database.size).toBe(1);
    vi.setSystemTime(3_600_000);
    await dropOld();
    expect(database.size).toBe(0);
    expect(await leftForCard()).toBeUndefined();
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

  it.each(["", "null", "[]", "{", '"x"', '{"offer":1,"at":0}', '{"offer":"x"}', '{"offer":"x","at":"now"}'])("makes nothing of %s", async (kept) => {
    for (const place of [tab, database]) {
      place.set("assent.issuer", kept);
      expect(await leftForCard()).toBeUndefined();
      expect(place.size).toBe(0);
    }
  });

  it("takes up no request that is none", async () => {
    tab.set("assent.issuer", JSON.stringify({ offer, at: Date.now(), resume: { kind: "offer", link: "x" } }));
    expect(await leftForCard()).toEqual({ offer, resume: undefined });
  });
});

describe("coming back from a login provider", () => {
  const code = { code: "c" };

  it("needs what was left in this browser, once", async () => {
    await leave("https://login.example/", { purpose: "link", verifier: "v" });
    expect(await arrive(code)).toEqual({ purpose: "link", verifier: "v", code: "c" });
    expect(await arrive(code)).toEqual({ purpose: "find", problem: "sign-in-over" });
  });

  it("has a reason when it went wrong", async () => {
    await leave("https://login.example/", { purpose: "find", verifier: "v" });
    expect(await arrive({ problem: "sign-in-refused" })).toEqual({ purpose: "find", problem: "sign-in-refused" });
  });

  it("works when the browser lost what waited in the tab, and when it has no database", async () => {
    await leave("https://login.example/", { purpose: "find", verifier: "v" });
    tab.clear();
    expect(await arrive(code)).toMatchObject({ verifier: "v" });
    broken = true;
    await leave("https://login.example/", { purpose: "find", verifier: "w" });
    expect(await arrive(code)).toMatchObject({ verifier: "w" });
  });

  it("leaves what another tab waits for where it is", async () => {
    await leave("https://login.example/", { purpose: "find", verifier: "first" });
    const first = new Map(tab);
    await leave("https://login.example/", { purpose: "link", verifier: "second" });
    tab.clear();
    for (const [key, value] of first) tab.set(key, value);
    expect(await arrive(code)).toMatchObject({ purpose: "find", verifier: "first" });
    expect(await arrive(code)).toMatchObject({ purpose: "link", verifier: "second" });
  });

  it.each([
    ["#/find?code=c", code],
    ["#/find?code=&problem=", { code: "" }],
    ["#/find?problem=sign-in-refused", { problem: "sign-in-refused" }],
    ["#/find", undefined],
    ["#/find?other=x", undefined],
    ["#/open?code=c", undefined],
    ["", undefined],
  ])("reads %s", (hash, said) => expect(told(hash)).toEqual(said));
});
