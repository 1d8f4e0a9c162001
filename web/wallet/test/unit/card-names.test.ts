import { loadTranslator } from "@assent/ui/i18n";
import { expect, it } from "vitest";
import { distinctNames } from "../../src/app/card-names";

const card = (id: string, issuer: string, validUntil: number | undefined) => ({ id, issuer, validUntil });
const DAY = 86_400;

it("tells cards of one name apart by what differs", async () => {
  const translator = await loadTranslator("en");
  const names = (choices: [string, string][], cards: ReturnType<typeof card>[]) => [
    ...distinctNames(choices.map(([id, name]) => ({ id, name })), cards, translator).values(),
  ];
  expect(names([["a", "ID card"], ["b", "Library card"]], [])).toEqual(["ID card", "Library card"]);
  const twins: [string, string][] = [["a", "ID card"], ["b", "ID card"], ["c", "Library card"]];
  expect(names(twins, [card("a", "Voorbeeld", DAY), card("b", "Elders", DAY)])).toEqual(["ID card (Voorbeeld)", "ID card (Elders)", "Library card"]);
  const [first, second] = names(twins, [card("a", "Voorbeeld", DAY), card("b", "Voorbeeld", 400 * DAY)]);
  expect(first).toMatch(/1970/);
  expect(second).toMatch(/1971/);
  expect(names(twins, [card("a", "Voorbeeld", DAY), card("b", "Voorbeeld", DAY)])).toEqual(["ID card (1 of 2)", "ID card (2 of 2)", "Library card"]);
  expect(names(twins, [])).toEqual(["ID card (1 of 2)", "ID card (2 of 2)", "Library card"]);
});
