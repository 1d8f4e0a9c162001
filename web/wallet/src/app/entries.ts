// Words for history entries.
import type { IconName } from "@assent/ui";
import type { Translator } from "@assent/ui/i18n";
import type { EntrySummary, EntryView, SharedDetail } from "../engine/views";

/** What happened, in a few words. */
export function entryWords(entry: EntrySummary, translator: Translator): string {
  if (entry.outcome === "shared") return translator.t("entry.shared", { count: entry.count });
  if (entry.outcome) return translator.t(`entry.${entry.outcome}`);
  return translator.find(`entry.kind-${entry.kind}`) ?? entry.kind;
}

export function entryIcon(entry: EntrySummary): IconName {
  const byOutcome = {
    shared: "sharing",
    declined: "stop",
    failedBeforeSending: "cross",
    refused: "cross",
    unknownWhetherReceived: "warning",
  } as const;
  const byKind: Record<string, IconName> = { withdrawal: "stop", erasureRequest: "receipt" };
  return entry.outcome ? byOutcome[entry.outcome] : (byKind[entry.kind] ?? "card");
}

/** What was asked, each with whether it was shared, and then what was shared beside it. */
export function sharedDetails({ requested, presented }: Pick<EntryView, "requested" | "presented">): { detail: SharedDetail; shared: boolean }[] {
  const asked = requested.map((detail) => ({ detail, shared: presented.some((other) => overlaps(detail, other)) }));
  const beside = presented.filter((detail) => !requested.some((other) => overlaps(detail, other)));
  return [...asked, ...beside.map((detail) => ({ detail, shared: true }))];
}

/** True when one path selects the other or something in it; null stands for every element of a list. */
function overlaps(a: SharedDetail, b: SharedDetail): boolean {
  if (a.vct !== b.vct) return false;
  const [short, long] = [JSON.parse(a.path), JSON.parse(b.path)].sort((x: unknown[], y: unknown[]) => x.length - y.length) as [unknown[], unknown[]];
  return short.every((part, at) => part === long[at] || part === null || long[at] === null);
}
