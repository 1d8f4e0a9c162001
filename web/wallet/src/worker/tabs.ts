// One tab at a time has the vault, so that two do not write over each other.

const name = "assent-vault";

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
      .request(name, takeOver ? {} : { ifAvailable: true }, (lock) => {
        answer(lock !== null);
        return lock ? new Promise<never>(() => {}) : undefined;
      })
      .catch(fail);
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
