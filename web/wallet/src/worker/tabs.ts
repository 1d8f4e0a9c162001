// One tab at a time has the vault, so that two do not write over each other.

const name = "assent-vault";
/** A worker that was ended in the middle of something holds on for a moment; another tab does for longer. In milliseconds. */
const moment = 1_500;
/** A tab that is asked to let go says at once that it will, unless its worker computes something, or the browser has put it to sleep. */
const silence = 5_000;
/** Longer than what is under way may take ({@link longestEnd}). */
const finishing = 45_000;

/** How long a worker that must let go finishes what is under way, in milliseconds. */
export const longestEnd = 30_000;

interface Options {
  takeOver: boolean;
  /** Another tab asks for the vault: finish, then end this worker, which frees the lock. */
  onRelease: () => void;
  /** Another tab did not wait: it has the vault by now. */
  onLost: () => void;
}

/** Takes the vault for as long as this worker lives. False when another tab has it and `takeOver` is off. */
export async function holdVault({ takeOver, onRelease, onLost }: Options): Promise<boolean> {
  const channel = new BroadcastChannel(name);
  const patience = new AbortController();
  let timer = setTimeout(() => patience.abort(), takeOver ? silence : moment);
  channel.onmessage = ({ data }) => {
    if (!takeOver || data !== "finishing") return;
    clearTimeout(timer);
    timer = setTimeout(() => patience.abort(), finishing);
  };
  if (takeOver) channel.postMessage("release");
  // A tab that sleeps never lets go. What it still has under way can write nothing any more (storage.ts).
  const held = (await take({ signal: patience.signal }, onLost)) || (takeOver && (await take({ steal: true }, onLost)));
  clearTimeout(timer);
  if (!held) {
    channel.close();
    return false;
  }
  channel.onmessage = ({ data }) => {
    if (data !== "release") return;
    channel.postMessage("finishing");
    onRelease();
  };
  return true;
}

/** False when the patience was over before. */
function take(how: LockOptions, onLost: () => void): Promise<boolean> {
  return new Promise((answer, fail) => {
    let held = false;
    const hold = () => {
      held = true;
      answer(true);
      return new Promise<never>(() => {});
    };
    navigator.locks.request(name, how, hold).catch((error: unknown) => {
      if (held) onLost();
      else if (how.signal?.aborted) answer(false);
      else fail(error);
    });
  });
}
