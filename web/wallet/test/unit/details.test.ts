// Words, order and search of details.
import { loadTranslator } from "@assent/ui/i18n";
import { describe, expect, it } from "vitest";
import { cardText } from "../../src/app/card-text";
import { groups, kindOf, kinds, options } from "../../src/app/catalogue";
import { autocomplete, byGroup, detailName, fold, type Item, kindName, lines, longestQuestion, matches, offers, partName } from "../../src/app/details";
import type { CardDetail, OwnDetail } from "../../src/engine/views";

const en = await loadTranslator("en");
const nl = await loadTranslator("nl");

const own = (kind: string, parts: [string, string][], more: Partial<OwnDetail> = {}): OwnDetail => ({
  id: `${kind}-${parts[0]?.[1]}`, kind, ownName: "", parts, enteredAt: 0, changedAt: 0, imported: false, others: 0, waiting: false, holders: [], ...more,
});
const onCard = (path: unknown[], value: string, kind?: string): CardDetail => ({
  cardId: "c", card: "Identity card", issuer: "Gemeente Súdwest-Fryslân", receivedAt: 0, state: "valid", kind,
  detail: { path: JSON.stringify(path), label: "Label", value, sensitive: false }, holders: [],
});
const only = (detail: OwnDetail): Item => byGroup([detail], [], en)[0]![1][0]!;

describe("words", () => {
  it.each([en, nl])("are there for every kind, part, group and choice", (translator) => {
    for (const group of groups) expect(translator.find(`group.${group}`), group).toBeTruthy();
    for (const kind of kinds) {
      expect(translator.find(`kind.${kind.id}`), kind.id).toBeTruthy();
      for (const part of kind.parts) {
        expect(partName(kind.id, part.name, translator), part.name).not.toBe(part.name);
        if (kind.id === "gender") for (const code of options(part)) expect(translator.find(`option.gender-${code}`), code).toBeTruthy();
      }
    }
  });

  it("make values readable in the person's language", () => {
    expect(lines("bank_account", [["iban", "NL91ABNA0417164300"]], en)).toEqual(["NL91 ABNA 0417 1643 00"]);
    expect(lines("nationality", [["value", "NL"]], nl)).toEqual(["Nederland"]);
    expect(lines("language", [["value", "fy"]], en)).toEqual(["Western Frisian"]);
    expect(lines("gender", [["value", "2"]], nl)).toEqual(["Vrouw"]);
    expect(lines("birthdate", [["value", "1984-02-29"]], nl)).toEqual(["29 februari 1984"]);
    const address: [string, string][] = [["country", "NL"], ["house_number", "1 a"], ["locality", "Utrecht"], ["postal_code", "1234 AB"], ["street_address", "Weg"]];
    expect(lines("address", address, en)).toEqual(["Weg 1 a", "1234 AB Utrecht", "Netherlands"]);
    // Codes that are none stay as they are.
    expect(lines("nationality", [["value", "??"]], nl)).toEqual(["??"]);
    expect(lines("language", [["value", "not a code"]], nl)).toEqual(["not a code"]);
    expect(lines("birthdate", [["value", "soon"]], nl)).toEqual(["soon"]);
  });

  it("make what cards say readable, and nothing else", () => {
    const say = (path: unknown[], value: string, translator = nl) => cardText({ path: JSON.stringify(path), value }, translator);
    expect(say(["birthdate"], "1984-02-29")).toBe("29 februari 1984");
    expect(say(["nationalities"], "NL, BE", en)).toBe("Netherlands, Belgium");
    expect(say(["nationalities", 1], "BE")).toBe("België");
    expect(say(["address", "country"], "NL", en)).toBe("Netherlands");
    expect(say(["sex"], "2")).toBe("Vrouw");
    // Not a day, not a code, not a country: as the card says it.
    for (const [path, value] of [[["expiry"], "2026-13-45"], [["sex"], "17"], [["country"], "??"], [["initials"], "NL"], [["grade"], "2"]] as const) {
      expect(say([...path], value)).toBe(value);
    }
  });

  it("name what the person named", () => {
    expect(detailName(own("email", [["value", "a"]], { ownName: "work" }), nl)).toBe("E-mailadres (work)");
    expect(detailName(own("other", [["value", "41"]], { ownName: "Shoe size" }), en)).toBe("Shoe size");
    expect(kindName("made_by_a_newer_app", en)).toBe("made_by_a_newer_app");
  });
});

describe("the list", () => {
  it("is in the order of the catalogue, without what was deleted", () => {
    const list = byGroup(
      [own("other", [["value", "x"]]), own("phone", [["value", "2"]], { enteredAt: 2 }), own("phone", [["value", "1"]], { enteredAt: 1 }), own("email", [["value", "gone"]], { deletedAt: 3 }), own("hover_board", [["value", "?"]])],
      [onCard(["address", "locality"], "Sneek", "address"), onCard(["library_number"], "7")],
      en,
    );
    expect(list.map(([group, items]) => [group, items.map((item) => item.text[0])])).toEqual([
      ["contact", ["1", "2"]], ["address", ["Sneek"]], ["other", ["x", "?", "7"]],
    ]);
  });

  it("numbers the details of each card by their place on it", () => {
    const [[, items]] = byGroup([], [onCard(["a"], "1"), { ...onCard(["b"], "2"), cardId: "d" }, onCard(["c"], "3")], en) as [[string, Item[]]];
    expect(items.map((item) => item.id)).toEqual(["c/0", "d/0", "c/1"]);
  });
});

describe("search", () => {
  const holders = [{ service: "Bibliothèque Voorbeeld", at: 0, state: "active" as const, entryId: "e", card: "x" }];
  const item = only(own("email", [["value", "Zoë@mail.example"]], { ownName: "work", holders, origin: { card: "Identity card", issuer: "Staat" } }));

  it.each(["zoe@", "ZOË", "work", "e-mail", "bibliotheque", "identity staat", "contact", "mail WORK zoë"])("finds %s", (question) => {
    expect(matches(item, question, en)).toBe(true);
  });

  it.each(["zoe work nothing", "x@", "voorbeeldig"])("does not find %s", (question) => {
    expect(matches(item, question, en)).toBe(false);
  });

  it("finds codes as they are written and as they are shown", () => {
    const account = only(own("bank_account", [["iban", "NL91ABNA0417164300"]]));
    for (const question of ["NL91ABNA", "0417 1643"]) expect(matches(account, question, en)).toBe(true);
    expect(matches(only(own("nationality", [["value", "DE"]])), "germany", en)).toBe(true);
  });

  it("is bounded, and no picture is text", () => {
    const long = only(own("note", [["value", `${"a ".repeat(5000)}needle`]]));
    expect(matches(long, "needle", en)).toBe(false);
    expect(matches(item, `zoe ${" ".repeat(longestQuestion)} nothing`, en)).toBe(true);
    const [[, [picture]]] = byGroup([], [onCard(["picture"], "data:image/png;base64,AAAAneedle")], en) as [[string, [Item]]];
    expect(matches(picture, "needle", en)).toBe(false);
  });

  it("folds accents and case of many scripts", () => {
    expect(["ÀÉÎÕÜ", "Straße", "ŁÓDŹ", "Ελλάδα", "ﬁ"].map(fold)).toEqual(["aeiou", "strasse", "łodz", "ελλαδα", "fi"]);
  });
});

describe("what a card says", () => {
  it("becomes the parts of a kind", () => {
    const cards = [
      onCard(["address", "street_address"], "Weg", "address"), onCard(["address", "country"], "NL", "address"), onCard(["address", "formatted"], "Weg, NL", "address"),
      onCard(["nationalities"], "NL, BE", "nationality"), onCard(["family_name"], "Voorbeeld, van", "family_name"),
    ];
    expect(offers(kindOf("address")!, cards)).toEqual([{ cardId: "c", card: "Identity card", parts: [["street_address", "Weg"], ["country", "NL"]] }]);
    expect(offers(kindOf("nationality")!, cards)[0]?.parts).toEqual([["value", "NL"]]);
    expect(offers(kindOf("family_name")!, cards)[0]?.parts).toEqual([["value", "Voorbeeld, van"]]);
    expect(offers(kindOf("email")!, cards)).toEqual([]);
  });
});

it("lets no browser keep what is sensitive", () => {
  for (const kind of kinds.filter((kind) => kind.sensitive)) {
    for (const part of kind.parts) expect(autocomplete(kind.id, part.name), kind.id).toBe("off");
  }
  expect(autocomplete("email", "value")).toBe("email");
});
