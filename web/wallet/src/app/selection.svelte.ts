// What a person has chosen on the request screen so far, and what that means. The engine checks it all again.
import type { Detail, OptionalSet, Recognisability, RequestView, RequiredBlock, Warning } from "../engine/views";

const levels: Recognisability[] = ["not_at_all", "same_visitor", "as_you"];

/** The choices on one request. Nothing is chosen to begin with. */
export class Selection {
  /** Switched-on optional sets. */
  readonly optional = $state<Record<string, boolean>>({});
  /** Card per credential query, where not the proposed one. */
  readonly cards = $state<Record<string, string>>({});
  /** Ticked warnings and sensitive details, by code. */
  readonly understood = $state<Record<string, boolean>>({});

  constructor(readonly request: RequestView) {}

  get chosenSets(): OptionalSet[] {
    return this.request.optional.filter((set) => set.available && this.optional[set.setId]);
  }

  /** Every detail that would be shared now. */
  get details(): Detail[] {
    return [...this.request.required, ...this.chosenSets].flatMap((block) => this.detailsOf(block));
  }

  /** What a block shares with the card that is chosen for it; another card can show other details, not just values. */
  detailsOf(block: RequiredBlock | OptionalSet): Detail[] {
    return this.#otherCard(block)?.details ?? block.details;
  }

  /** Takes another card for some queries, or the proposed one again. */
  choose(queryIds: string[], cardId: string | undefined): void {
    for (const queryId of queryIds) {
      if (cardId === undefined) delete this.cards[queryId];
      else this.cards[queryId] = cardId;
    }
  }

  #otherCard(block: RequiredBlock | OptionalSet): RequiredBlock["otherCards"][number] | undefined {
    const queryId = "queryId" in block ? block.queryId : block.queryIds[0];
    const chosen = queryId === undefined ? undefined : this.cards[queryId];
    return block.otherCards.find((card) => card.id === chosen);
  }

  get count(): number {
    return this.details.length;
  }

  /** How recognisable the person would be now: the strongest of what is switched on. */
  get level(): Recognisability {
    const chosen = new Set(this.chosenSets.map((set) => set.setId));
    const reached = this.request.recognisability.withOptional.filter(([set]) => chosen.has(set)).map(([, level]) => level);
    return [this.request.recognisability.level, ...reached].reduce((a, b) => (levels.indexOf(b) > levels.indexOf(a) ? b : a));
  }

  /** Warnings that matter for what is chosen now, each once. */
  get warnings(): Warning[] {
    const ofOthers = [...this.request.required, ...this.chosenSets].flatMap((block) => this.#otherCard(block)?.warnings ?? []);
    const once = new Map([...this.request.warnings, ...ofOthers].map((warning) => [warning.code, warning]));
    // The screen before this one asked about the other device; a photo matters only when it would be shared.
    once.delete("other-device");
    if (!this.details.some(isPortrait)) once.delete("portrait");
    return [...once.values()];
  }

  /** Sensitive details among those that would be shared: each wants its own tick (ARF RPA_07c). */
  get sensitive(): Detail[] {
    const asked = this.warnings.some((warning) => warning.code === "portrait" && warning.mustUnderstand);
    return this.details.filter((detail) => detail.sensitive && !(asked && isPortrait(detail)));
  }

  /** Ticks that are still missing, as keys of {@link understood}. */
  get missingTicks(): string[] {
    const warnings = this.warnings.filter((warning) => warning.mustUnderstand).map((warning) => warning.code);
    const sensitive = this.sensitive.map((detail) => sensitiveKey(detail));
    return [...warnings, ...sensitive].filter((key) => !this.understood[key]);
  }

  /** The choices in the form the engine takes. */
  get command() {
    return {
      type: "requestShare" as const,
      optional: this.chosenSets.map((set) => set.setId),
      cards: { ...this.cards },
      understood: this.warnings.map((warning) => warning.code).filter((code) => this.understood[code]),
    };
  }
}

/** The key of a sensitive detail's tick. */
export const sensitiveKey = (detail: Detail): string => `detail:${detail.path}`;

const isPortrait = (detail: Detail): boolean => /"(picture|portrait)"/.test(detail.path);
