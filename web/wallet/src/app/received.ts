// What came of an offer in several goes.
import type { Received } from "../engine/replies";

/** What came before and what came when the rest was asked for again. */
export const together = (before: Received, more: Received): Received => ({
  ...before,
  cards: [...before.cards, ...more.cards],
  awaited: [...before.awaited, ...more.awaited],
  failed: [...before.failed.filter(({ again }) => !again), ...more.failed],
});
