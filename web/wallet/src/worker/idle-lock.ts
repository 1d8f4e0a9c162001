// Ends the worker after a time without activity. The clock is checked, not only a timer: a laptop may have slept.

const checkEvery = 5_000;

/** Calls `lock` once, when nothing has happened for the chosen time. */
export class IdleLock {
  #minutes = 5;
  #last = Date.now();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(lock: () => void) {
    this.#timer = setInterval(() => {
      if (Date.now() - this.#last < this.#minutes * 60_000) return;
      clearInterval(this.#timer);
      lock();
    }, checkEvery);
  }

  /** Something happened. */
  touch(): void {
    this.#last = Date.now();
  }

  /** Lock after so many minutes; kept between 1 and 60, so that no setting switches the lock off. */
  after(minutes: number): void {
    this.#minutes = Math.min(60, Math.max(1, minutes));
  }
}
