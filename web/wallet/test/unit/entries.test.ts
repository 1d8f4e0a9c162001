import { describe, expect, it } from "vitest";
import { sharedDetails } from "../../src/app/entries";

const detail = (...path: (string | number | null)[]) => ({ vct: "t", path: JSON.stringify(path), label: String(path[0]) });

describe("what a history entry says was shared", () => {
  it("counts elements of a list, parts and wholes as the detail that was asked", () => {
    const requested = [detail("nationalities", null), detail("address", "locality"), detail("email")];
    const presented = [detail("nationalities", 0), detail("address")];
    expect(sharedDetails({ requested, presented }).map(({ shared }) => shared)).toEqual([true, true, false]);
  });

  it("names what was shared without being asked by name", () => {
    expect(sharedDetails({ requested: [detail("a")], presented: [detail("a"), detail("b")] })).toMatchObject([
      { detail: { label: "a" }, shared: true },
      { detail: { label: "b" }, shared: true },
    ]);
  });
});
