import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IdleLock } from "../../src/worker/idle-lock";
import { justLooks } from "../../src/worker/looks";

const minute = 60_000;

describe("the automatic lock", () => {
  let locked: number;
  let idle: IdleLock;

  beforeEach(() => {
    vi.useFakeTimers();
    locked = 0;
    idle = new IdleLock(() => (locked += 1));
  });
  afterEach(() => vi.useRealTimers());

  it("comes after the time without activity, once", () => {
    vi.advanceTimersByTime(4 * minute);
    idle.touch();
    vi.advanceTimersByTime(4 * minute);
    expect(locked).toBe(0);
    vi.advanceTimersByTime(5 * minute);
    expect(locked).toBe(1);
    idle.touch();
    vi.advanceTimersByTime(10 * minute);
    expect(locked).toBe(1);
  });

  it("comes when somebody wakes the device up, and does not count that as activity", () => {
    // No timer ran meanwhile.
    vi.setSystemTime(Date.now() + 8 * 60 * minute);
    idle.touch();
    expect(locked).toBe(1);
  });

  it("comes in time when the clock is set back", () => {
    vi.setSystemTime(Date.now() - 60 * minute);
    vi.advanceTimersByTime(5 * minute);
    expect(locked).toBe(1);
  });
});

describe("what a screen asks by itself when another device changed the vault", () => {
  it("is no activity", () => {
    for (const type of ["home", "details", "detail", "card", "cards", "history", "entry", "sharing", "documents", "settings", "devices", "unlockMethods", "thisDevice"]) {
      expect(justLooks(type)).toBe(true);
    }
  });

  it("is told from what a person does", () => {
    for (const type of ["requestOpen", "requestShare", "offerOpen", "saveDetail", "unlock", "pairNext", "importStep"]) expect(justLooks(type)).toBe(false);
  });
});
