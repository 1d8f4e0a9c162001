import { describe, expect, it } from "vitest";
import { PickUp } from "../../src/worker/pick-up";

/** An engine whose next card is due at `due`; asking for it makes it what `next` gives. */
function setUp(next: (now: number) => number | null, { unreachable = false } = {}) {
  const log: string[] = [];
  let clock = 1_000;
  let due: number | null = null;
  let timer: { at: number; work: () => void } | undefined;
  const pickUp = new PickUp({
    run: async ({ type }) => {
      log.push(`${type} ${clock}`);
      if (unreachable) throw { code: "module-missing" };
      if (type === "status") return { type, status: { awaitedAt: due } };
      due = next(clock);
      return { type: "cards", cards: [], awaited: due === null ? [] : [{ nextTryAt: due }] };
    },
    told: (reply) => void log.push(`told ${(reply as { awaited: unknown[] }).awaited.length}`),
    now: () => clock,
    after: (milliseconds, work) => {
      const mine = (timer = { at: clock + milliseconds / 1_000, work });
      return () => void (timer === mine && (timer = undefined));
    },
  });
  /** Lets time pass, with every timer in it. */
  const until = async (time: number) => {
    while (timer && timer.at <= time) {
      const { at, work } = timer;
      timer = undefined;
      clock = at;
      work();
      await new Promise((done) => setTimeout(done));
    }
    clock = time;
  };
  return { pickUp, log, until, planned: () => timer?.at };
}

describe("cards that come later", () => {
  it("are asked for when they are due, until none is awaited", async () => {
    const { pickUp, log, until, planned } = setUp((now) => (now < 1_600 ? now + 300 : null));
    pickUp.heard({ type: "status", status: { state: "open", awaitedAt: 1_100 } });
    await until(1_099);
    expect(log).toEqual([]);
    await until(9_999);
    expect(log).toEqual(["fetchAwaited 1100", "told 1", "status 1100", "fetchAwaited 1400", "told 1", "status 1400", "fetchAwaited 1700", "told 0", "status 1700"]);
    expect(planned()).toBeUndefined();
  });

  it("are heard of in every reply that says so", () => {
    const { pickUp, planned } = setUp(() => null);
    pickUp.heard({ type: "home", home: { status: { awaitedAt: 5_000 } } });
    expect(planned()).toBe(5_000);
    pickUp.heard({ type: "cards", cards: [], awaited: [{ nextTryAt: 4_000 }, { nextTryAt: null }] });
    expect(planned()).toBe(4_000);
    pickUp.heard({ type: "done" });
    pickUp.heard(undefined);
    expect(planned()).toBe(4_000);
    pickUp.heard({ type: "status", status: { state: "locked", awaitedAt: null } });
    expect(planned()).toBeUndefined();
  });

  it("are asked for at once when they are overdue, and then not more than once a minute", async () => {
    const { pickUp, log, until } = setUp(() => 900);
    pickUp.heard({ type: "status", status: { awaitedAt: 900 } });
    await until(1_119);
    expect(log.filter((line) => line.startsWith("fetch"))).toEqual(["fetchAwaited 1000", "fetchAwaited 1060"]);
  });

  it("are not asked for every second, whatever an issuer says", async () => {
    const { pickUp, log, until } = setUp((now) => now + 1);
    pickUp.heard({ type: "status", status: { awaitedAt: 1_000 } });
    await until(1_060);
    expect(log.filter((line) => line.startsWith("fetch")).length).toBe(13);
  });

  it("are tried again when the engine could not ask", async () => {
    const { pickUp, log, until } = setUp(() => null, { unreachable: true });
    pickUp.heard({ type: "status", status: { awaitedAt: 1_000 } });
    await until(1_060);
    expect(log).toEqual(["fetchAwaited 1000", "fetchAwaited 1060"]);
  });

  it("are waited for longer than a timer can", async () => {
    const { pickUp, log, until, planned } = setUp(() => null);
    pickUp.heard({ type: "status", status: { awaitedAt: 2_592_000 } });
    expect(planned()).toBe(1_000 + 86_400);
    await until(2_591_999);
    expect(log).toEqual([]);
    await until(2_592_000);
    expect(log[0]).toBe("fetchAwaited 2592000");
  });
});
