// The dedicated worker: the only place where keys exist. It ends, and its memory with it, when the vault locks.
/// <reference lib="webworker" />
import { loadEngine } from "#engine";
import { toWorker, type ToPage } from "../engine/messages";
import { IdleLock } from "./idle-lock";
import { exchange } from "./network";
import { asFailure, Session } from "./session";
import { openStorage } from "./storage";
import { holdVault } from "./tabs";

declare const self: DedicatedWorkerGlobalScope;

const post = (message: ToPage) => self.postMessage(message);
const now = () => Math.floor(Date.now() / 1000);

let session: Session | undefined;

const idleLock = new IdleLock(() => end("locked"));

let ending = false;

/** Finishes what is under way, takes nothing new, and ends. */
async function end(reason: "locked" | "moved"): Promise<void> {
  if (ending) return;
  ending = true;
  await session?.idle();
  session = undefined;
  post({ type: reason });
  self.close();
}

async function begin(takeOver: boolean): Promise<void> {
  if (session) return;
  try {
    const held = await holdVault({ takeOver, onRelease: () => void end("moved") });
    if (!held) return post({ type: "busy" });
    const [newEngine, storage] = await Promise.all([loadEngine(), openStorage()]);
    session = new Session({
      engine: newEngine(await storage.load()),
      exchange,
      save: (bytes) => storage.save(bytes),
      now,
    });
    post({ type: "ready" });
  } catch (error) {
    post({ type: "broken", failure: asFailure(error) });
  }
}

self.addEventListener("message", (event) => {
  const message = toWorker(event.data, "");
  switch (message.type) {
    case "begin":
      return void begin(message.takeOver);
    case "active":
      return idleLock.touch();
    case "autoLock":
      return idleLock.after(message.minutes);
    case "command":
      idleLock.touch();
      // Begun now, it could be cut off half-way: after the copies were used up, before they were sent.
      if (ending) return post({ type: "failed", id: message.id, failure: asFailure({ code: "engine-ended", wasAnythingShared: "no" }) });
      session?.run(message.command).then(
        (reply) => post({ type: "reply", id: message.id, reply }),
        (error) => post({ type: "failed", id: message.id, failure: asFailure(error) }),
      );
  }
});
