// How long the network may take: a while, and what the bytes need on a poor mobile line. A fixed time would keep people
// with slow lines from changing a large vault, and one that starts again with each byte would never end.

/** How long an answer may take besides the time its bytes need, in milliseconds. */
export const patience = 30_000;
/** The slowest line that is waited for, in bytes a millisecond. */
export const slowest = 8;

export class Deadline {
  readonly #control = new AbortController();
  readonly #began = performance.now();
  #bytes: number;
  #alarm: ReturnType<typeof setTimeout> | undefined;

  /** Begins now, with so many bytes to send. */
  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#wait();
  }

  /** Aborted when it is too late. */
  get signal(): AbortSignal {
    return this.#control.signal;
  }

  /** So many bytes arrived. */
  arrived(bytes: number): void {
    this.#bytes += bytes;
    this.#wait();
  }

  /** Over: nothing is aborted any more. */
  end(): void {
    clearTimeout(this.#alarm);
  }

  #wait(): void {
    clearTimeout(this.#alarm);
    const left = this.#began + patience + this.#bytes / slowest - performance.now();
    this.#alarm = setTimeout(() => this.#control.abort(), Math.max(0, left));
  }
}
