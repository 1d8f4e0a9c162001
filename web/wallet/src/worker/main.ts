// The dedicated worker: the only place where keys exist. It ends, and its memory with it, when the vault locks.
/// <reference lib="webworker" />
import { loadEngine } from "#engine";
import { toWorker, type ToPage } from "../engine/messages";
import { IdleLock } from "./idle-lock";
import { exchange } from "./network";
import { listen, News } from "./news";
import { asFailure, Session } from "./session";
import { openStorage } from "./storage";
import { holdVault } from "./tabs";

declare const self: DedicatedWorkerGlobalScope;

const post = (message: ToPage) => self.postMessage(message);
const now = () => Math.floor(Date.now() / 1000);

let session: Session | undefined;

// The engine knows two commands that no page may give: how to listen, and what to do with news.
const news = new News({
  ask: async () => {
    try {
      const reply = await session?.run({ type: "listen" });
      return reply === undefined ? undefined : listen(reply, "");
    } catch {
      return undefined; // locked
    }
  },
  refresh: async () => {
    try {
      await session?.run({ type: "refresh" });
      post({ type: "changed" });
    } catch (error) {
      const failure = asFailure(error);
      // Without a network there is nothing to say. A service that shows another vault is something to say at once.
      if (failure.blame !== "network") post({ type: "alarm", failure });
    }
  },
  fetch: (...request) => fetch(...request),
  wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
  random: Math.random,
});

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
        (reply) => {
          post({ type: "reply", id: message.id, reply });
          if (session) news.start();
        },
        (error) => post({ type: "failed", id: message.id, failure: asFailure(error) }),
      );
  }
});
