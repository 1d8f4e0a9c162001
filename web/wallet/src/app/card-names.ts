// Two cards can have one name: the same card issued again. On a list of choices each must be told from the others.
import type { Translator } from "@assent/ui/i18n";
import type { CardSummary } from "../engine/views";

type Choice = { id: string; name: string };
type About = Pick<CardSummary, "id" | "issuer" | "validUntil">;

/** A name for each choice: its own, and what tells it from others of that name: issuer, end date, else a number. */
export function distinctNames(choices: Choice[], cards: About[], translator: Translator): Map<string, string> {
  const about = new Map(cards.map((card) => [card.id, card]));
  const issuer = (id: string) => about.get(id)?.issuer;
  const until = (id: string) => {
    const end = about.get(id)?.validUntil;
    return end === undefined ? undefined : translator.t("card.valid-until", { date: translator.date(end) });
  };
  const names = new Map<string, string>();
  for (const group of grouped(choices)) {
    const differ = (of: (id: string) => string | undefined) => new Set(group.map(({ id }) => of(id))).size === group.length;
    const telling = group.length === 1 ? undefined : [issuer, until].find((of) => differ(of));
    group.forEach(({ id, name }, index) => {
      const more = telling?.(id) ?? (group.length > 1 ? translator.t("request.card-number", { number: index + 1, count: group.length }) : undefined);
      names.set(id, more ? `${name} (${more})` : name);
    });
  }
  return names;
}

function grouped(choices: Choice[]): Choice[][] {
  const groups = new Map<string, Choice[]>();
  for (const choice of choices) groups.set(choice.name, [...(groups.get(choice.name) ?? []), choice]);
  return [...groups.values()];
}
