// The whole conversation between page and worker. Anything else is dropped.
import { command } from "./commands";
import { flag, number, object, type Of, oneOf, text, variants, type Shape } from "./shape";

/** Why a command could not be done. Texts are looked up by `code`. */
export const failure = object({
  code: text,
  message: text,
  hint: text,
  blame: oneOf("service", "you", "network", "wallet"),
  wasAnythingShared: oneOf("no", "unknown", "yes"),
});
export type Failure = Of<typeof failure>;

/** What a page may say to its worker. */
export const toWorker = variants({
  /** Take the vault; with `takeOver`, ask the tab that has it to let go. */
  begin: { takeOver: flag },
  command: { id: number, command },
  /** The person did something: postpone the automatic lock. */
  active: {},
  /** Lock by itself after so many minutes without activity. */
  autoLock: { minutes: number },
});
export type ToWorker = Of<typeof toWorker>;

const anything: Shape<unknown> = (value) => value;

/** What a worker may say to its page. `reply` is read by the shape of the command it answers. */
export const toPage = variants({
  ready: {},
  /** Another tab has the vault. */
  busy: {},
  /** Another tab took the vault; this worker has ended. */
  moved: {},
  /** Locked after inactivity; this worker has ended. */
  locked: {},
  /** Another device changed the vault; what is shown may be old. */
  changed: {},
  /** News came, and they are bad: the service shows something that cannot be true. */
  alarm: { failure },
  /** The command that is under way sends something out. */
  sending: {},
  /** The engine could not start. */
  broken: { failure },
  reply: { id: number, reply: anything },
  failed: { id: number, failure },
});
export type ToPage = Of<typeof toPage>;
