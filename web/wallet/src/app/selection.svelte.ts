// What a person has chosen on the request screen so far, and what that means. The engine checks it all again.
import type { Detail, OptionalSet, Recognisability, RecognisabilityView, RequestView, RequiredBlock, Warning } from "../engine/views";

/** A warning with the cards it is about; none when it is about the whole request. */
export interface ChosenWarning extends Warning {
  cards: string[];
}

const levels: Recognisability[] = ["not_at_all", "same_visitor", "as_you"];

/** The choices on one request. Nothing is chosen to begin with. */
export class Selection {
  /** Switched-on optional sets. */
  readonly optional = $state<Record<string, boolean>>({});
  /** Card per credential query, where not the proposed one. */
  readonly cards = $state<Record<string, string>>({});
  /** Ticked warnings and sensitive details, by code. */
  readonly understood = $state<Record<string, boolean>>({});

  /** What the engine said of a choice. */
  weighed = $state.raw<RecognisabilityView & { choice: string }>();

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

  /** What {@link weighed} is about: switches and cards, as one text. */
  get choice(): string {
    return JSON.stringify([this.command.optional, this.command.cards]);
  }

  /** True when nothing was changed since the request opened: the request says how recognisable that is. */
  get asProposed(): boolean {
    return this.chosenSets.length === 0 && Object.keys(this.cards).length === 0;
  }

  /** Takes what the engine computed for a choice. */
  weigh(choice: string, recognisability: RecognisabilityView): void {
    this.weighed = { choice, ...recognisability };
  }

  /** True when the level is that of the choice as it is now. */
  get isWeighed(): boolean {
    return this.asProposed || this.weighed?.choice === this.choice;
  }

  /** How recognisable the person would be now; until the engine has said so, the strongest of what is switched on. */
  get level(): Recognisability {
    if (!this.asProposed && this.isWeighed && this.weighed) return this.weighed.level;
    const chosen = new Set(this.chosenSets.map((set) => set.setId));
    const reached = this.request.recognisability.withOptional.filter(([set]) => chosen.has(set)).map(([, level]) => level);
    return [this.request.recognisability.level, ...reached].reduce((a, b) => (levels.indexOf(b) > levels.indexOf(a) ? b : a));
  }

  /** Why, as codes. */
  get reasons(): string[] {
    return !this.asProposed && this.isWeighed && this.weighed ? this.weighed.reasons : this.request.recognisability.reasons;
  }

  /** Warnings that matter for what is chosen now, each once. */
  get warnings(): ChosenWarning[] {
    const once = new Map<string, ChosenWarning>();
    const add = (warning: Warning, card?: string) => {
      const known = once.get(warning.code) ?? { ...warning, cards: [] };
      if (card !== undefined && !known.cards.includes(card)) known.cards.push(card);
      once.set(warning.code, known);
    };
    for (const warning of this.request.warnings) add(warning);
    for (const block of [...this.request.required, ...this.chosenSets]) {
      const card = this.#otherCard(block) ?? block.card;
      for (const warning of this.#otherCard(block)?.warnings ?? block.warnings) add(warning, card?.name);
    }
    // The screen before this one asked about the other device.
    once.delete("other-device");
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
      shown: this.request.shown,
      optional: this.chosenSets.map((set) => set.setId),
      cards: { ...this.cards },
      understood: this.warnings.map((warning) => warning.code).filter((code) => this.understood[code]),
    };
  }
}

/** The key of a sensitive detail's tick. */
export const sensitiveKey = (detail: Detail): string => `detail:${detail.path}`;

const isPortrait = (detail: Detail): boolean => /"(picture|portrait)"/.test(detail.path);
