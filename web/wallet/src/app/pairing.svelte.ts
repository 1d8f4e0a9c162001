// Adding a device, as a screen follows it on either side. The engine does one exchange at a time and waits some seconds for
// the other device; this asks again until there is something to decide.
import type { Command, Proof } from "../engine/commands";
import type { Failure } from "../engine/messages";
import type { PairingView } from "../engine/views";
import { app, failureOf } from "./app.svelte";

type Begin = Extract<Command, { type: "pairStart" | "pairScan" }>;

/** Between two questions, in milliseconds: the service may answer at once, or not at all. */
const pause = { reached: 1_000, away: 3_000 };

export class Pairing {
  view = $state.raw<PairingView>();
  failure = $state.raw<Failure>();
  working = $state(false);
  #turn = 0;

  /** Begins; what was under way before is forgotten. */
  async begin(command: Begin): Promise<void> {
    const turn = (this.#turn += 1);
    this.failure = this.view = undefined;
    this.working = true;
    try {
      const { pairing } = await app.call(command);
      if (this.#turn !== turn) {
        // Stopped before there was anything to stop; when it was begun anew instead, the engine has dropped this one.
        if (!this.working) this.#cancel();
        return;
      }
      this.view = pairing;
      void this.#follow(turn);
    } catch (error) {
      if (this.#turn === turn) this.failure = failureOf(error);
    } finally {
      if (this.#turn === turn) this.working = false;
    }
  }

  /** The person says that the digits are the same. Resolves to whether it was right. */
  async confirm(digits: string, confirm?: Proof): Promise<boolean> {
    if (this.working) return false;
    const turn = this.#turn;
    this.failure = undefined;
    this.working = true;
    try {
      const { pairing } = await app.call({ type: "pairConfirm", digits, confirm });
      // Who stops meanwhile must know when it was too late.
      if (this.#turn === turn || pairing.state === "given") this.view = pairing;
      return true;
    } catch (error) {
      if (this.#turn !== turn) return false;
      this.failure = failureOf(error);
      // A mistyped passphrase ends nothing.
      if (this.failure.code.startsWith("pairing-")) this.view = undefined;
      return false;
    } finally {
      if (this.#turn === turn) this.working = false;
    }
  }

  /** Ends it, and tells the other device. */
  stop(): void {
    this.#turn += 1;
    this.working = false;
    if (!this.view) return;
    const over = ["given", "received"].includes(this.view.state);
    this.view = this.failure = undefined;
    if (!over) this.#cancel();
  }

  #cancel(): void {
    void app.call({ type: "pairCancel" }).catch(() => undefined);
  }

  async #follow(turn: number): Promise<void> {
    while (this.#turn === turn && this.view && !["given", "received"].includes(this.view.state)) {
      const began = Date.now();
      if (!this.working) {
        try {
          const { pairing } = await app.call({ type: "pairNext" });
          if (this.#turn !== turn) return;
          // The person may have decided meanwhile.
          if (!this.working) this.view = pairing;
        } catch (error) {
          if (this.#turn !== turn || this.working) return;
          this.failure = failureOf(error);
          this.view = undefined;
          return;
        }
      }
      const rest = (this.view?.reached === false ? pause.away : pause.reached) - (Date.now() - began);
      if (rest > 0) await new Promise((done) => setTimeout(done, rest));
    }
  }
}
