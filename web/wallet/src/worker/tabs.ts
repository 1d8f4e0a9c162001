// One tab at a time has the vault, so that two do not write over each other.

const name = "assent-vault";
/** A worker that was ended in the middle of something holds on for a moment; another tab does for longer. */
const patience = 1_500;

interface Options {
  takeOver: boolean;
  /** Another tab asks for the vault: finish, then end this worker, which frees the lock. */
  onRelease: () => void;
}

/** Takes the vault for as long as this worker lives. False when another tab has it and `takeOver` is off. */
export async function holdVault({ takeOver, onRelease }: Options): Promise<boolean> {
  const channel = new BroadcastChannel(name);
  if (takeOver) channel.postMessage("release");
  const held = await new Promise<boolean>((answer, fail) => {
    navigator.locks
      .request(name, takeOver ? {} : { signal: AbortSignal.timeout(patience) }, () => {
        answer(true);
        return new Promise<never>(() => {});
      })
      .catch((error: unknown) => (error instanceof DOMException && error.name === "TimeoutError" ? answer(false) : fail(error)));
  });
  if (!held) {
    channel.close();
    return false;
  }
  channel.addEventListener("message", (event) => {
    if (event.data === "release") onRelease();
  });
  return true;
}
