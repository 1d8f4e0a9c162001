// Ends the worker after a time without activity.

const checkEvery = 5_000;

/** Calls `lock` once, when nothing has happened for the chosen time. */
export class IdleLock {
  #minutes = 5;
  #last = moment();
  #over = false;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #lock: () => void;

  constructor(lock: () => void) {
    this.#lock = lock;
    this.#timer = setInterval(() => this.#check(), checkEvery);
  }

  /** Something happened. What happens after the time is over does not bring it back: a laptop may have slept. */
  touch(): void {
    if (!this.#check()) this.#last = moment();
  }

  /** Lock after so many minutes; kept between 1 and 60, so that no setting switches the lock off. */
  after(minutes: number): void {
    this.#minutes = Math.min(60, Math.max(1, minutes));
  }

  #check(): boolean {
    if (this.#over) return true;
    const now = moment();
    const idle = Math.max(now.wall - this.#last.wall, now.running - this.#last.running);
    if (idle < this.#minutes * 60_000) return false;
    this.#over = true;
    clearInterval(this.#timer);
    this.#lock();
    return true;
  }
}

/** By two clocks, of which the later one counts: one can be set back, the other may stand still while the device sleeps. */
const moment = () => ({ wall: Date.now(), running: performance.now() });
