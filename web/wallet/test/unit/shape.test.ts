import { describe, expect, it } from "vitest";
import { toPage, toWorker } from "../../src/engine/messages";
import { list, object, oneOf, optional, path, shown, text, variants } from "../../src/engine/shape";
import { replies } from "../../src/engine/replies";
import { requests, sharings, cards } from "../fixture/samples";

describe("shapes", () => {
  it("copies only named fields", () => {
    expect(object({ a: text })({ a: "x", secret: "y" }, "")).toEqual({ a: "x" });
  });

  it("does not take fields from a prototype for a variant", () => {
    expect(() => variants({ a: {} })({ type: "constructor" }, "")).toThrow();
    expect(() => variants({ a: {} })({ type: "__proto__" }, "")).toThrow();
  });

  it("says where something is wrong, never what it was", () => {
    const shape = object({ people: list(object({ name: text })) });
    expect(() => shape({ people: [{ name: 5551234 }] }, "")).toThrow(/people\[0\]\.name: expected string/);
    try {
      shape({ people: [{ name: 5551234 }] }, "");
    } catch (error) {
      expect(String(error)).not.toContain("5551234");
    }
  });

  it.each([null, undefined, 1, "x", [], true])("refuses %j where an object belongs", (value) => {
    expect(() => object({ a: optional(text) })(value, "")).toThrow();
  });

  it("refuses endless lists", () => {
    expect(() => list(text, 2)(["a", "b", "c"], "")).toThrow();
  });

  it("reads null as absent", () => {
    expect(object({ a: optional(text) })({ a: null }, "")).toEqual({ a: undefined });
  });

  it("knows only its own words", () => {
    expect(() => oneOf("a", "b")("c", "")).toThrow();
  });

  it("takes characters out of names that turn or hide text", () => {
    expect(shown("Bank\u202egro.live\u202c\u200b\u0000", "")).toBe("Bankgro.live");
    expect(shown("Li\u00adbra\u3164ry\u2028\u{e0041}\u206a", "")).toBe("Library");
    expect(shown("Zoë\nŁódź 日本", "")).toBe("Zoë\nŁódź 日本");
  });

  it("reads claims paths of names, indexes and null only", () => {
    expect(path(["address", null, 0], "")).toBe('["address",null,0]');
    expect(() => path([{}], "")).toThrow();
    expect(() => path("address", "")).toThrow();
  });
});

describe("conversation between page and worker", () => {
  it("lets known commands through, without extra fields", () => {
    const message = { type: "command", id: 1, command: { type: "unlock", passphrase: "p", evil: 1 }, more: 2 };
    expect(toWorker(message, "")).toEqual({
      type: "command", id: 1, command: { type: "unlock", passphrase: "p", recoveryCode: undefined },
    });
  });

  it("does not change what somebody typed", () => {
    const passphrase = " a\u200bb ";
    const message = toWorker({ type: "command", id: 1, command: { type: "unlock", passphrase } }, "");
    expect(message).toMatchObject({ command: { passphrase } });
  });

  it.each([
    { type: "command", id: 1, command: { type: "exportKeys" } },
    { type: "command", id: "1", command: { type: "home" } },
    { type: "eval", code: "1" },
    "command",
    null,
  ])("refuses %j", (message) => {
    expect(() => toWorker(message, "")).toThrow();
  });

  it("refuses a worker message of no known kind", () => {
    expect(() => toPage({ type: "keys", keys: [] }, "")).toThrow();
  });

  it("refuses the reply of another command", () => {
    expect(() => replies.home({ type: "done" }, "")).toThrow();
  });

  it("reads the views", () => {
    for (const request of Object.values(requests)) expect(replies.requestOpen({ type: "request", request }, "")).toBeTruthy();
    expect(replies.sharing({ type: "sharing", sharing: sharings }, "").sharing).toHaveLength(sharings.length);
    expect(replies.card({ type: "card", card: cards[0] }, "").card.summary.id).toBe("c1");
  });
});
