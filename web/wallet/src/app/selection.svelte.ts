// What a person has chosen on the request screen so far, and what that means. The engine checks it all again.
import type { Detail, OptionalSet, Recognisability, RequestView } from "../engine/views";

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
    return [...this.request.required, ...this.chosenSets].flatMap((block) => block.details);
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

  /** Sensitive details among those that would be shared: each wants its own tick (ARF RPA_07c). */
  get sensitive(): Detail[] {
    return this.details.filter((detail) => detail.sensitive);
  }

  /** Ticks that are still missing, as keys of {@link understood}. */
  get missingTicks(): string[] {
    const warnings = this.request.warnings.filter((warning) => warning.mustUnderstand).map((warning) => warning.code);
    const sensitive = this.sensitive.map((detail) => sensitiveKey(detail));
    return [...warnings, ...sensitive].filter((key) => !this.understood[key]);
  }

  /** The choices in the form the engine takes. */
  get command() {
    const codes = this.request.warnings.map((warning) => warning.code);
    return {
      type: "requestShare" as const,
      optional: this.chosenSets.map((set) => set.setId),
      cards: { ...this.cards },
      understood: codes.filter((code) => this.understood[code]),
    };
  }
}

/** The key of a sensitive detail's tick. */
export const sensitiveKey = (detail: Detail): string => `detail:${detail.path}`;
