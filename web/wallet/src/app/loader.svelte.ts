import type { Failure } from "../engine/messages";
import { untrack } from "svelte";
import { app, failureOf } from "./app.svelte";

/** Something a screen waits for: not there yet, there, or failed. */
export class Loader<T> {
  value = $state.raw<T>();
  failure = $state.raw<Failure>();
  readonly #load: () => Promise<T>;
  #round = 0;

  /** With `live`, loads again when another device changed the vault. Only while a screen is being set up. */
  constructor(load: () => Promise<T>, live = false) {
    this.#load = load;
    void this.reload();
    if (!live) return;
    let seen = app.changes;
    $effect(() => {
      if (app.changes === seen) return;
      seen = app.changes;
      untrack(() => void this.reload());
    });
  }

  /** Of several at once, only the last one counts, however long the others take. */
  reload = async (): Promise<void> => {
    const round = ++this.#round;
    this.failure = undefined;
    try {
      const value = await this.#load();
      if (round === this.#round) this.value = value;
    } catch (error) {
      if (round === this.#round) this.failure = failureOf(error);
    }
  };
}

/** An action a person started: runs once at a time and keeps its failure for the screen. */
export class Action {
  running = $state(false);
  failure = $state.raw<Failure>();

  async run(work: () => Promise<void>): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.failure = undefined;
    try {
      await work();
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.running = false;
    }
  }
}
