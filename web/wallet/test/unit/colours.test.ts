import { describe, expect, it } from "vitest";
import { cardColours } from "../../src/app/colours";

describe("an issuer's colours", () => {
  it("are taken when the text can be read on them", () => {
    expect(cardColours("#003366", "#ffffff")).toEqual({ background: "#003366", ink: "#ffffff" });
    expect(cardColours("#FFCC00", "#000000")).toEqual({ background: "#FFCC00", ink: "#000000" });
  });

  it("get our ink when theirs cannot be read, or is missing", () => {
    expect(cardColours("#003366", "#004477")).toEqual({ background: "#003366", ink: "#ffffff" });
    expect(cardColours("#ffff88", undefined)).toEqual({ background: "#ffff88", ink: "#1b2022" });
  });

  it("are left aside when no ink can be read on them", () => {
    // 4.2 to 1 with white, 4.0 to 1 with our dark ink.
    expect(cardColours("#7a7d80", undefined)).toBeUndefined();
    expect(cardColours("#7a7d80", "#808080")).toBeUndefined();
  });

  it.each([undefined, "", "red", "#fff", "#12345g", "#1234567", "url(https://x.example)", "#003366;color:red"])("are no colours: %s", (text) => {
    expect(cardColours(text, "#ffffff")).toBeUndefined();
    expect(cardColours("#003366", text)?.ink).toBe("#ffffff");
  });

  it("hold the line at 4.5 to 1", () => {
    // #767676 on white is the well-known last grey that passes, #777777 the first that does not.
    expect(cardColours("#ffffff", "#767676")?.ink).toBe("#767676");
    expect(cardColours("#ffffff", "#777777")?.ink).toBe("#1b2022");
  });
});
