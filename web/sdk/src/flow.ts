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
  /** The code that was typed is not the one on the other device. */
  wrongCode?: boolean;
}

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 5_000;
/** After that many failed polls in a row the element says so, where nothing says how long the request can still be answered. */
const PATIENCE = 6;

/** One element's request. Each user action replaces the run before it. */
export class Flow {
  snapshot: Snapshot = { state: "idle", device: undefined, request: undefined, next: undefined };
  #run: AbortController | undefined;
  #confirming = false;

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
    } catch {
      if (!run.signal.aborted) this.#set({ ...this.snapshot, state: "error" });
      return;
    }
    await this.#watch(run.signal);
  }

  /** The element is in a page again: it goes on where it was. */
  async resume(): Promise<void> {
    const { state, request } = this.snapshot;
    if (this.#run || isFinal(state) || state === "idle" || state === "choosing") return;
    // What was under way then was given up.
    if (!request) return this.ask();
    const run = new AbortController();
    this.#run = run;
    if (state !== "confirming") await this.#watch(run.signal);
  }

  /** The person typed the code that their other device shows. */
  async confirm(code: string): Promise<void> {
    const { state, request } = this.snapshot;
    const signal = this.#run?.signal;
    if (state !== "confirming" || !request || !signal || this.#confirming) return;
    this.#confirming = true;
    try {
      const status = await this.backend().confirm(request.id, code, signal);
      if (signal.aborted) return;
      if (status.confirm) this.#set({ ...this.snapshot, wrongCode: true });
      else this.#set({ ...this.snapshot, state: shownState(status.state) ?? "error", next: status.next });
    } catch {
      if (!signal.aborted) this.#set({ ...this.snapshot, state: "error" });
    } finally {
      this.#confirming = false;
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

  async #watch(signal: AbortSignal): Promise<void> {
    const { request } = this.snapshot;
    try {
      if (request) await this.#follow(request, signal);
    } catch {
      if (!signal.aborted) this.#set({ ...this.snapshot, state: "error" });
    }
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
        const state = status.confirm ? "confirming" : shownState(status.state);
        if (state && (state !== this.snapshot.state || isFinal(state))) {
          if (signal.aborted) return;
          this.#set({ ...this.snapshot, state, next: status.next });
          if (isFinal(state) || state === "confirming") return;
          wait = FIRST_WAIT;
        }
      } catch (error) {
        failures += 1;
        const hopeless = error instanceof BackendError && !error.transient;
        // Whoever decides in the wallet meanwhile must not read here that it did not work.
        const over = request.expiresAt === undefined ? failures >= PATIENCE : this.clock.now() > request.expiresAt;
        if (hopeless || over) throw error;
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
