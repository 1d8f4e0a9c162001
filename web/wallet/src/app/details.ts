// Words and order for details: the person's own, and those on cards.
import type { FullAutoFill } from "svelte/elements";
import type { Translator } from "@assent/ui/i18n";
import type { CardDetail, OwnDetail, Parts } from "../engine/views";
import { cardText } from "./card-text";
import { type DetailKind, groups, kindOf, placeOf } from "./catalogue";

/** The name of a kind; the stable one when a newer app made it. */
export const kindName = (kind: string, translator: Translator): string => translator.find(`kind.${kind}`) ?? kind;

/** The name of a part of a kind; a kind of one part has that name itself. */
export const partName = (kind: string, part: string, translator: Translator): string =>
  part === "value" ? kindName(kind, translator) : (translator.find(`part.${part}`) ?? part);

/** What a detail is called: its kind, and what the person calls it. */
export function detailName(detail: Pick<OwnDetail, "kind" | "ownName">, translator: Translator): string {
  if (detail.ownName && (detail.kind === "other" || detail.kind === "note")) return detail.ownName;
  const name = kindName(detail.kind, translator);
  return detail.ownName ? `${name} (${detail.ownName})` : name;
}

/** One part in words: codes become names, numbers become readable. */
export function partText(kind: string, part: string, text: string, translator: Translator): string {
  if (kind === "gender") return translator.find(`option.gender-${text}`) ?? text;
  if (part === "country" || kind === "nationality") return translator.country(text);
  if (kind === "language") return languageName(text, translator.language);
  if (part === "iban") return text.replace(/(.{4})(?=.)/g, "$1 ");
  if (kind === "birthdate" && /^\d{4}-\d{2}-\d{2}$/.test(text)) return translator.day(text);
  return text;
}

/** A detail as lines to read; the parts of an address stand as on an envelope. */
export function lines(kind: string, parts: Parts, translator: Translator): string[] {
  const of = new Map(parts.map(([part, text]) => [part, partText(kind, part, text, translator)]));
  const together = (...names: string[]) => names.map((name) => of.get(name)).filter(Boolean).join(" ");
  if (of.has("street_address")) {
    const all = [together("street_address", "house_number"), together("postal_code", "locality"), together("region"), together("country")];
    return all.filter(Boolean);
  }
  if (of.has("country")) return [[together("locality"), together("region"), together("country")].filter(Boolean).join(", ")];
  return [...of.values()];
}

/** The name of a language by ISO 639-1 code; the code itself when it is not one. */
export function languageName(code: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** A list entry: an own detail, or one on a card, with what it is found by. */
export type Item =
  | { type: "own"; id: string; name: string; text: string[]; detail: OwnDetail }
  | { type: "card"; id: string; name: string; text: string[]; detail: CardDetail; index: number };

/** All details as entries, by group; empty groups are left out. */
export function byGroup(own: OwnDetail[], onCards: CardDetail[], translator: Translator): [string, Item[]][] {
  const found = new Map<string, Item[]>([...groups, "other"].map((group) => [group, []]));
  const put = (kind: string | undefined, item: Item) => found.get(kindOf(kind)?.group ?? "other")?.push(item);
  const first = (a: OwnDetail, b: OwnDetail) => placeOf(a.kind) - placeOf(b.kind) || a.enteredAt - b.enteredAt;
  for (const detail of own.toSorted(first)) {
    if (detail.deletedAt !== undefined) continue;
    put(detail.kind, { type: "own", id: detail.id, name: detailName(detail, translator), text: lines(detail.kind, detail.parts, translator), detail });
  }
  const counted = new Map<string, number>();
  for (const detail of onCards) {
    const index = counted.get(detail.cardId) ?? 0;
    counted.set(detail.cardId, index + 1);
    put(detail.kind, { type: "card", id: `${detail.cardId}/${index}`, name: detail.detail.label, text: [cardText(detail.detail, translator)], detail, index });
  }
  return [...found].filter(([, items]) => items.length > 0);
}

/** No detail is searched further than this, and no question is longer. */
const deepest = 4000;
export const longestQuestion = 100;

/** Text without accents and case, so that a search finds "José" by "jose" (Unicode NFKD without marks). */
export const fold = (text: string): string => text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase().replaceAll("ß", "ss");

/** True when every word of the question is in the entry: in its name, value, card or services. */
export function matches(item: Item, question: string, translator: Translator): boolean {
  const { detail } = item;
  const from = item.type === "own" ? [item.detail.origin?.card, item.detail.origin?.issuer] : [item.detail.card, item.detail.issuer];
  // A portrait is no text.
  const values = item.text.filter((text) => !text.startsWith("data:"));
  const raw = item.type === "own" ? item.detail.parts.map(([, text]) => text) : [item.detail.detail.value].filter((text) => !text.startsWith("data:"));
  const group = translator.find(`group.${kindOf(detail.kind)?.group ?? "other"}`);
  const all = [item.name, group, ...values, ...raw, ...from, ...detail.holders.map((holder) => holder.service)];
  const text = fold(all.map((part) => part?.slice(0, deepest) ?? "").join("\n"));
  return fold(question.slice(0, longestQuestion)).split(/\s+/).filter(Boolean).every((word) => text.includes(word));
}

/** What a card says of a kind. */
export interface Offer {
  cardId: string;
  card: string;
  parts: Parts;
}

/** What the cards say of a kind, as its parts: members of a claim by name, of a list the first. */
export function offers(kind: DetailKind, onCards: CardDetail[]): Offer[] {
  const found = new Map<string, Offer>();
  for (const { cardId, card, kind: of, detail } of onCards) {
    if (of !== kind.id) continue;
    const path = JSON.parse(detail.path) as unknown[];
    const part = path.length > 1 ? path[1] : "value";
    if (!kind.parts.some(({ name }) => name === part)) continue;
    const offer = found.get(cardId) ?? { cardId, card, parts: [] };
    offer.parts.push([String(part), kind.many && path.length === 1 ? (detail.value.split(", ")[0] ?? "") : detail.value]);
    found.set(cardId, offer);
  }
  return [...found.values()];
}

/** What browsers may fill a field with (HTML, autofill). Nothing for what is sensitive: a browser would keep it in the clear. */
export function autocomplete(kind: string, part: string): FullAutoFill {
  const known: Record<string, FullAutoFill> = {
    "email.value": "email", "phone.value": "tel", "website.value": "url", "given_name.value": "given-name",
    "family_name.value": "family-name", "middle_name.value": "additional-name", "nickname.value": "nickname",
    "title.value": "honorific-prefix", "birthdate.value": "bday", "language.value": "language",
    "address.street_address": "address-line1", "address.postal_code": "postal-code", "address.locality": "address-level2",
    "address.region": "address-level1", "address.country": "country", "occupation.value": "organization-title",
    "employer.value": "organization",
  };
  return known[`${kind}.${part}`] ?? "off";
}
