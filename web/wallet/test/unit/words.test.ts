import { loadTranslator } from "@assent/ui/i18n";
import { describe, expect, it } from "vitest";
import { durationInWords, parseDuration } from "../../src/app/duration";
import { strengthOf } from "../../src/app/passphrase";
import { explain } from "../../src/app/problems";
import { shorten } from "../../src/app/shorten";
import type { Failure } from "../../src/engine/messages";

describe("durations", () => {
  it.each([
    ["P30D", "en", "30 days"],
    ["P1Y6M", "en", "1 year and 6 months"],
    ["P2W", "nl", "2 weken"],
    ["PT12H", "nl", "12 uur"],
  ])("%s in %s is %s", (text, language, words) => {
    expect(durationInWords(text, language)).toBe(words);
  });

  it("knows no time at all", () => {
    expect(parseDuration("P0D")).toEqual([]);
  });

  it.each(["", "P", "PT", "30 days", "P-1D", "P1.5D"])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(durationInWords(text, "en")).toBe(text);
  });
});

describe("passphrase hint", () => {
  it.each([
    ["", "short"],
    ["otter", "short"],
    ["aaaaaaaaaaaaaaaa", "weak"],
    ["1234567890", "weak"],
    ["wachtwoord1", "weak"],
    ["PasswordPassword", "weak"],
    ["purple otter", "weak"],
    ["purple otter tea", "fair"],
    ["purple otter tea kettle", "strong"],
    ["x9!Kq2#Lm7$Zp", "strong"],
  ])("%s is %s", (passphrase, strength) => {
    expect(strengthOf(passphrase)).toBe(strength);
  });
});

describe("failures", () => {
  const failure: Failure = { code: "never-heard-of", message: "m", hint: "h", blame: "network", wasAnythingShared: "unknown" };

  it("are explained by whose turn it is when the code has no words", async () => {
    const words = explain(failure, await loadTranslator("nl"));
    expect(words.title).toBe("Er kwam geen antwoord");
    expect(words.shared).toBe("We weten niet of er iets is gedeeld.");
  });

  it("use the words of their code", async () => {
    const words = explain({ ...failure, code: "engine-crashed" }, await loadTranslator("en"));
    expect(words.title).toBe("Assent stopped unexpectedly");
  });
});

describe("names in headings", () => {
  it("are cut by characters, not bytes", () => {
    expect(shorten("日".repeat(61))).toBe("日".repeat(59) + "…");
    expect(shorten("City library")).toBe("City library");
  });
});
