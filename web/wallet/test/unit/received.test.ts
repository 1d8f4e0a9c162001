import { describe, expect, it } from "vitest";
import type { Received } from "../../src/engine/replies";
import { replies } from "../../src/engine/replies";
import { together } from "../../src/app/received";

const failed = (name: string, again: boolean) => ({
  again,
  name, problem: { code: "x", message: "", hint: "", blame: "service" as const, wasAnythingShared: "no" as const },
});
const card = (id: string) => ({ id }) as Received["cards"][number];
const later = (id: string) => ({ id }) as Received["awaited"][number];

describe("an offer of which not all cards come", () => {
  it("says which do not, and why", () => {
    const reply = { type: "cards", cards: [], awaited: [], failed: [failed("Library card", false)] };
    expect(replies.offerReturn(reply, "")).toEqual(reply);
    expect(replies.offerAccept(reply, "")).toEqual(reply);
    expect(() => replies.offerReturn({ ...reply, failed: [{ name: "Library card" }] }, "")).toThrow();
  });

  it("brings the rest when it is asked for again, and keeps what was said of the others", () => {
    const before: Received = { type: "cards", cards: [card("a")], awaited: [later("b")], failed: [failed("c", false), failed("d", true), failed("e", true)] };
    const more: Received = { type: "cards", cards: [card("d")], awaited: [], failed: [failed("e", true)] };
    const all = together(before, more);
    expect(all.cards.map(({ id }) => id)).toEqual(["a", "d"]);
    expect(all.awaited.map(({ id }) => id)).toEqual(["b"]);
    expect(all.failed.map(({ name }) => name)).toEqual(["c", "e"]);
  });
});
