// The kinds of details. The table is the wallet's (wallet/src/details/catalogue.rs), written here by its test.
import table from "./catalogue.json";

export interface DetailPart {
  name: string;
  /** What is accepted; the wallet checks it. */
  check: string;
  needed: boolean;
  /** Most characters. */
  most: number;
  choice: string[];
}

export interface DetailKind {
  id: string;
  group: string;
  /** Whether there can be several. */
  many: boolean;
  /** Shown on tap only. */
  sensitive: boolean;
  ownName: string;
  /** What it is called in OpenID Connect, in the person identification data, and in the Data Privacy Vocabulary. */
  oidc: string;
  pid: string;
  dpv: string;
  parts: DetailPart[];
}

export const kinds: DetailKind[] = table.kinds;
const byId = new Map(kinds.map((kind, place) => [kind.id, { kind, place }]));

/** The groups, in the order of the table. */
export const groups = [...new Set(kinds.map((kind) => kind.group))];

/** The kind of this name; nothing when a newer app made it. */
export const kindOf = (id: string | undefined): DetailKind | undefined => byId.get(id ?? "")?.kind;

/** Where a kind stands in the table; unknown ones come last. */
export const placeOf = (id: string | undefined): number => byId.get(id ?? "")?.place ?? kinds.length;

/** What is of no known kind is shown on tap only: nobody knows what it is. */
export const isSensitive = (id: string): boolean => kindOf(id)?.sensitive ?? true;

const pairs = (packed: string): string[] => packed.match(/../g) ?? [];

/** The codes that can be chosen for a part; none where anything can be written. */
export function options(part: DetailPart): string[] {
  if (part.check === "country") return pairs(table.countries);
  if (part.check === "language") return pairs(table.languages);
  return part.choice;
}
