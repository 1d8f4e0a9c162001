import { describe, expect, it } from "vitest";
import { Selection } from "../../src/app/selection.svelte";
import { requests } from "../fixture/samples";

describe("choices on a request", () => {
  it("begin with what is needed and nothing else", () => {
    const selection = new Selection(requests["plain"]!);
    expect(selection.count).toBe(2);
    expect(selection.command).toEqual({ type: "requestShare", shown: "s1", optional: [], cards: {}, understood: [] });
  });

  it("count an optional set and its effect on recognisability", () => {
    const selection = new Selection(requests["plain"]!);
    expect(selection.level).toBe("not_at_all");
    selection.optional["o1"] = true;
    expect(selection.count).toBe(3);
    expect(selection.level).toBe("as_you");
    expect(selection.command.optional).toEqual(["o1"]);
  });

  it("are as recognisable as the engine says for just these cards and switches", () => {
    const selection = new Selection(requests["plain"]!);
    expect(selection.isWeighed).toBe(true);
    selection.choose(["q2"], "c9");
    expect(selection.isWeighed).toBe(false);
    const asked = selection.choice;
    selection.weigh(asked, { level: "same_visitor", reasons: ["copy_reused_here"], withOptional: [] });
    expect([selection.isWeighed, selection.level, selection.reasons]).toEqual([true, "same_visitor", ["copy_reused_here"]]);
    // An answer about an earlier choice says nothing about the one now.
    selection.optional["o1"] = true;
    expect([selection.isWeighed, selection.level, selection.reasons]).toEqual([false, "as_you", []]);
    selection.weigh(asked, { level: "not_at_all", reasons: [], withOptional: [] });
    expect(selection.isWeighed).toBe(false);
    selection.optional["o1"] = false;
    selection.choose(["q2"], undefined);
    expect([selection.isWeighed, selection.level]).toEqual([true, "not_at_all"]);
  });

  it("want no tick for a used-up card behind a switch that is off, and name the card when it is on", () => {
    const selection = new Selection(requests["plain"]!);
    expect([selection.warnings, selection.missingTicks]).toEqual([[], []]);
    selection.optional["o1"] = true;
    expect(selection.warnings.map(({ code, cards }) => [code, cards])).toEqual([["card-copy-reused", ["Residence card"]]]);
    selection.choose(["q2"], "c9");
    expect(selection.warnings[0]?.cards).toEqual(["Identity card (2)", "Residence card"]);
    selection.understood["card-copy-reused"] = true;
    expect(selection.command.understood).toEqual(["card-copy-reused"]);
    selection.optional["o1"] = false;
    selection.choose(["q2"], undefined);
    expect(selection.command.understood).toEqual([]);
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
