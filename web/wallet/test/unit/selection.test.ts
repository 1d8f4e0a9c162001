import { describe, expect, it } from "vitest";
import { Selection } from "../../src/app/selection.svelte";
import { requests } from "../fixture/samples";

describe("choices on a request", () => {
  it("begin with what is needed and nothing else", () => {
    const selection = new Selection(requests["plain"]!);
    expect(selection.count).toBe(2);
    expect(selection.command).toEqual({ type: "requestShare", optional: [], cards: {}, understood: [] });
  });

  it("count an optional set and its effect on recognisability", () => {
    const selection = new Selection(requests["plain"]!);
    expect(selection.level).toBe("not_at_all");
    selection.optional["o1"] = true;
    expect(selection.count).toBe(3);
    expect(selection.level).toBe("as_you");
    expect(selection.command.optional).toEqual(["o1"]);
  });

  it("show and count what another card would share, with its warnings", () => {
    const selection = new Selection(requests["plain"]!);
    selection.choose(["q2"], "c9");
    expect(selection.details.map((detail) => detail.value)).toEqual(["Yes", "Elders", "NL"]);
    expect(selection.missingTicks).toEqual(["card-copy-reused"]);
    expect(selection.command.cards).toEqual({ q2: "c9" });
    selection.choose(["q2"], undefined);
    expect(selection.count).toBe(2);
    expect(selection.command.cards).toEqual({});
  });

  it("cannot contain a set that no card has", () => {
    const selection = new Selection(requests["plain"]!);
    selection.optional["o2"] = true;
    expect(selection.command.optional).toEqual([]);
  });

  it("want a tick for each warning and each sensitive detail", () => {
    const selection = new Selection(requests["sensitive"]!);
    expect(selection.missingTicks).toHaveLength(3);
    for (const key of selection.missingTicks) selection.understood[key] = true;
    expect(selection.missingTicks).toEqual([]);
    expect(selection.command.understood).toEqual(["asks-for-more"]);
  });
});
