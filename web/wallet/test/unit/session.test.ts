import { describe, expect, it } from "vitest";
import type { Engine, Exchange, HttpRequest, Step } from "../../src/worker/engine-type";
import { asFailure, Session } from "../../src/worker/session";

const request: HttpRequest = { method: "GET", url: "https://x.example/", headers: [], body: null, max_response: 10 };
const send: Step = { type: "send", request };

/** An engine that plays the given steps and notes what it is told. */
function engineOf(steps: Step[], log: string[]): Engine {
  const next = () => steps.shift() ?? send;
  return {
    ready: async () => undefined,
    start: (command) => (log.push(`start ${(command as { type: string }).type}`), next()),
    resume: (exchange: Exchange) => (log.push("failure" in exchange ? exchange.failure : "answer"), next()),
    cache: () => new Uint8Array([log.length]),
  };
}

function sessionOf(engine: Engine, log: string[]) {
  return new Session({
    engine,
    exchange: async () => (log.push("network"), { response: { status: 200, headers: [], body: "" } }),
    save: async () => void log.push("save"),
    now: () => 1,
  });
}

describe("session", () => {
  it("saves before anything leaves and at the end", async () => {
    const log: string[] = [];
    const session = sessionOf(engineOf([send, { type: "done", reply: "ok" }], log), log);
    expect(await session.run({ type: "home" })).toBe("ok");
    expect(log).toEqual(["start home", "save", "network", "answer", "save"]);
  });

  it("begins nothing before what it needs is here, and goes on after a failure to get it", async () => {
    const log: string[] = [];
    const engine = engineOf([{ type: "done", reply: "ok" }], log);
    engine.ready = async (command) => {
      log.push(`ready ${command}`);
      if (log.length === 1) throw { code: "module-missing", blame: "network", wasAnythingShared: "no" };
    };
    const session = sessionOf(engine, log);
    await expect(session.run({ type: "documents" })).rejects.toMatchObject({ code: "module-missing", wasAnythingShared: "no" });
    expect(await session.run({ type: "documents" })).toBe("ok");
    expect(log.filter((line) => line !== "save")).toEqual(["ready documents", "ready documents", "start documents"]);
  });

  it("runs one command after another", async () => {
    const log: string[] = [];
    const session = sessionOf(engineOf([send, { type: "done", reply: 1 }, { type: "done", reply: 2 }], log), log);
    expect(await Promise.all([session.run({ type: "home" }), session.run({ type: "cards" })])).toEqual([1, 2]);
    expect(log.indexOf("start cards")).toBeGreaterThan(log.lastIndexOf("network"));
  });

  it("waits for another device only until something else is to be done", async () => {
    const log: string[] = [];
    const engine = engineOf([send, { type: "done", reply: 1 }, { type: "done", reply: 2 }, send, { type: "done", reply: 3 }, { type: "done", reply: 4 }], log);
    const exchange = (_: HttpRequest, giveUp?: AbortSignal) =>
      new Promise<Exchange>((done) => {
        const gone = () => done({ failure: "unreachable" });
        if (giveUp?.aborted) gone();
        giveUp?.addEventListener("abort", gone);
      });
    const session = new Session({ engine, exchange, save: async () => undefined, now: () => 1 });
    const waiting = session.run({ type: "pairNext" });
    await new Promise((done) => setTimeout(done, 10));
    expect(log).toEqual(["start pairNext"]);
    expect(await Promise.all([waiting, session.run({ type: "cards" })])).toEqual([1, 2]);
    expect(log).toEqual(["start pairNext", "unreachable", "start cards"]);
    // Also when the other one was there first.
    expect(await Promise.all([session.run({ type: "pairNext" }), session.run({ type: "cards" })])).toEqual([3, 4]);
  });

  it("asks for cards that are due when it synchronises, and has synchronised also when that fails", async () => {
    const log: string[] = [];
    const due: Step = { type: "done", reply: { type: "status", status: { awaitedAt: 1 } } };
    const status = { type: "done", reply: { type: "status", status: { awaitedAt: 9 } } } as const;
    const engine = engineOf([due, { type: "done", reply: {} }, status, due, status], log);
    const session = sessionOf(engine, log);
    expect(await session.run({ type: "sync" })).toEqual(status.reply);
    expect(log.filter((line) => line.startsWith("start"))).toEqual(["start sync", "start fetchAwaited", "start status"]);
    engine.ready = async (command) => {
      if (command === "fetchAwaited") throw { code: "module-missing", blame: "network", wasAnythingShared: "no" };
    };
    expect(await session.run({ type: "sync" })).toEqual(status.reply);
  });

  it("tells an engine that never ends that the network is gone, then gives up", async () => {
    const log: string[] = [];
    const session = sessionOf(engineOf([], log), log);
    await expect(session.run({ type: "sync" })).rejects.toMatchObject({ code: "too-many-exchanges" });
    expect(log).toContain("unreachable");
    expect(log.filter((entry) => entry === "network")).toHaveLength(128);
  });

  it("does not say that nothing was shared when keeping fails after something left", async () => {
    const log: string[] = [];
    let saves = 0;
    const parts = { engine: engineOf([send, { type: "done", reply: "ok" }], log), now: () => 1 };
    const save = async () => { if (++saves > 1) throw new DOMException("full", "QuotaExceededError"); };
    const session = new Session({ ...parts, save, exchange: async () => ({ failure: "timeout" }) });
    await expect(session.run({ type: "requestDecline" })).rejects.toMatchObject({ wasAnythingShared: "unknown" });
  });

  it("goes on after a command that failed, and saves what it left", async () => {
    const log: string[] = [];
    const engine = engineOf([{ type: "done", reply: "ok" }], log);
    const broken = { ...engine, start: () => { throw { code: "card-revoked", blame: "service", wasAnythingShared: "no" }; } };
    await expect(sessionOf(broken, log).run({ type: "home" })).rejects.toMatchObject({ code: "card-revoked", blame: "service" });
    expect(log).toEqual(["save"]);
  });
});

describe("whatever was thrown", () => {
  it.each([new Error("x"), null, "text", { code: 5 }, { code: "a", blame: "nobody" }])("%j becomes a failure of ours", (thrown) => {
    expect(asFailure(thrown).blame).toBe("wallet");
  });
});
