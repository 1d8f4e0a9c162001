// Words for history entries.
import type { IconName } from "@assent/ui";
import type { Translator } from "@assent/ui/i18n";
import type { EntrySummary } from "../engine/views";

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
