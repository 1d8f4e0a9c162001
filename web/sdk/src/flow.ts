/** What happens between "ask" and "received", without any page: states, polling, cancelling, starting again. */
import { type Backend, BackendError, type Device, type StartedRequest } from "./backend";
import { type ConsentState, isFinal, shownState } from "./states";

/** The clock and the timer, so that tests need not wait. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** What changed. */
export interface Snapshot {
  state: ConsentState;
  device: Device | undefined;
  request: StartedRequest | undefined;
  next: string | undefined;
}

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 5_000;
/** After that many failed polls in a row the element says so. */
const PATIENCE = 6;

/** One element's request. Each user action replaces the run before it. */
export class Flow {
  snapshot: Snapshot = { state: "idle", device: undefined, request: undefined, next: undefined };
  #run: AbortController | undefined;

  constructor(
    private readonly backend: () => Backend,
    private readonly changed: (snapshot: Snapshot) => void,
    private readonly clock: Clock = systemClock,
  ) {}

  /** The person wants to share: which device? */
  ask(): void {
    this.#stop();
    this.#set({ state: "choosing", device: undefined, request: undefined, next: undefined });
  }

  /** The person chose: make a request and follow it to its end. */
  async choose(device: Device, template?: string): Promise<void> {
    this.#stop();
    const run = new AbortController();
    this.#run = run;
    this.#set({ state: "waiting", device, request: undefined, next: undefined });
    try {
      const request = await this.backend().start(device, template, run.signal);
      if (run.signal.aborted) return;
      this.#set({ ...this.snapshot, request });
      await this.#follow(request, run.signal);
    } catch {
      if (!run.signal.aborted) this.#set({ ...this.snapshot, state: "error" });
    }
  }

  /** The person changed their mind. The back end is told; nothing waits for its answer. */
  cancel(): void {
    const id = this.snapshot.request?.id;
    const open = !isFinal(this.snapshot.state);
    this.#stop();
    if (id !== undefined && open) void this.backend().cancel(id).catch(() => undefined);
    this.#set({ state: "idle", device: undefined, request: undefined, next: undefined });
  }

  /** The element left the page. */
  stop(): void {
    this.#stop();
  }

  async #follow(request: StartedRequest, signal: AbortSignal): Promise<void> {
    let wait = FIRST_WAIT;
    let failures = 0;
    while (!signal.aborted) {
      await this.clock.sleep(wait, signal);
      if (signal.aborted) return;
      wait = Math.min(wait * 1.2, LONGEST_WAIT);
      try {
        const status = await this.backend().status(request.id, signal);
        failures = 0;
        const state = shownState(status.state);
        if (state && (state !== this.snapshot.state || isFinal(state))) {
          if (signal.aborted) return;
          this.#set({ ...this.snapshot, state, next: status.next });
          if (isFinal(state)) return;
          wait = FIRST_WAIT;
        }
      } catch (error) {
        failures += 1;
        const hopeless = error instanceof BackendError && !error.transient;
        if (hopeless || failures >= PATIENCE) throw error;
      }
      if (request.expiresAt !== undefined && this.clock.now() > request.expiresAt) {
        if (!signal.aborted) this.#set({ ...this.snapshot, state: "expired" });
        return;
      }
    }
  }

  #set(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.changed(snapshot);
  }

  #stop(): void {
    this.#run?.abort();
    this.#run = undefined;
  }
}

const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};
