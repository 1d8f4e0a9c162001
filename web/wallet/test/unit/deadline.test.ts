import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadline, patience, slowest } from "../../src/worker/deadline";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("how long the network may take", () => {
  it("is a while", () => {
    const { signal } = new Deadline(0);
    vi.advanceTimersByTime(patience - 1);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.aborted).toBe(true);
  });

  it("is longer by what the bytes sent and received need on a slow line", () => {
    const deadline = new Deadline(500_000);
    vi.advanceTimersByTime(60_000);
    deadline.arrived(80_000);
    vi.advanceTimersByTime(patience + 580_000 / slowest - 60_001);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(2);
    expect(deadline.signal.aborted).toBe(true);
  });

  it("is not put off by a trickle", () => {
    const deadline = new Deadline(0);
    for (let second = 0; second <= patience / 1000; second += 1) {
      vi.advanceTimersByTime(1000);
      deadline.arrived(1);
    }
    expect(deadline.signal.aborted).toBe(true);
  });

  it("does not come any more once all is there", () => {
    const deadline = new Deadline(10);
    deadline.end();
    vi.advanceTimersByTime(patience * 10);
    expect(deadline.signal.aborted).toBe(false);
  });
});
