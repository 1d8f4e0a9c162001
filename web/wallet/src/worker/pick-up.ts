// Asks for cards that their issuers give later, when it is time, for as long as the vault is open. The person does nothing
// for it, so it does not put off the automatic lock.

interface Parts {
  /** Runs `fetchAwaited` for all that are due, then `status`. */
  run: (command: { type: "fetchAwaited" | "status" }) => Promise<unknown>;
  /** What came of asking. */
  told: (reply: unknown) => void;
  /** Seconds since 1970. */
  now: () => number;
  /** Does something later; gives what undoes it. */
  after: (milliseconds: number, work: () => void) => () => void;
}

/** Whatever an issuer says, nobody is asked more often; in seconds. */
const shortest = 5;
/** After a try that changed nothing: no connection, most often. */
const again = 60;
/** A timer cannot wait longer; then it looks anew. */
const longest = 86_400;

/** One timer, for the card that is due first. */
export class PickUp {
  #due = Infinity;
  #tried = -Infinity;
  #stop: (() => void) | undefined;
  #asking = false;

  constructor(private readonly parts: Parts) {}

  /** Takes a reply of the engine, and from it when the next card is due. */
  heard(reply: unknown): void {
    const due = dueIn(reply, this.#due);
    if (due === this.#due) return;
    this.#due = due;
    if (!this.#asking) this.#plan();
  }

  #plan(): void {
    this.#stop?.();
    this.#stop = undefined;
    if (this.#due === Infinity) return;
    const { now, after } = this.parts;
    const at = Math.max(this.#due, this.#tried + (this.#due > this.#tried ? shortest : again));
    this.#stop = after(Math.min(longest, Math.max(0, at - now())) * 1_000, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const { run, told, now } = this.parts;
    if (this.#due > now()) return this.#plan();
    this.#asking = true;
    this.#tried = now();
    try {
      told(await run({ type: "fetchAwaited" }));
      this.#due = dueIn(await run({ type: "status" }), this.#due);
    } catch {
      // Locked, or another file of the engine could not be had.
    } finally {
      this.#asking = false;
      this.#plan();
    }
  }
}

interface Reply {
  status?: { awaitedAt?: number | null };
  home?: { status: { awaitedAt?: number | null } };
  /** Not always all of them. */
  awaited?: { nextTryAt?: number | null }[];
}

/** When the next card is due, where that was `before`; `Infinity` when none is. */
function dueIn(reply: unknown, before: number): number {
  const { status, home, awaited } = (reply ?? {}) as Reply;
  const found = home?.status ?? status;
  if (found) return found.awaitedAt ?? Infinity;
  return Math.min(before, ...(awaited ?? []).map(({ nextTryAt }) => nextTryAt ?? Infinity));
}
