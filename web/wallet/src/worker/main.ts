// The dedicated worker: the only place where keys exist. It ends, and its memory with it, when the vault locks.
/// <reference lib="webworker" />
import { loadEngine, loadFiles } from "#engine";
import type { Command } from "../engine/commands";
import { toWorker, type ToPage } from "../engine/messages";
import { Files, isFileCommand } from "./files";
import { IdleLock } from "./idle-lock";
import { exchange, exchangeBytes } from "./network";
import { Moving } from "./moving";
import { justLooks } from "./looks";
import { listen, News } from "./news";
import { asFailure, Session } from "./session";
import type { DeviceKey } from "./device-key";
import { isNewKeys, newKeys } from "./new-keys";
import { PickUp } from "./pick-up";
import { openStorage } from "./storage";
import { afterChange, isOwn, runOwn } from "./this-device";
import { forgetBackups } from "./sink";
import { holdVault, longestEnd } from "./tabs";
import { Transfers } from "./transfers";

declare const self: DedicatedWorkerGlobalScope;

type Asked = Extract<ToPage, { type: "awaited" }>;

const post = (message: ToPage) => self.postMessage(message);
const now = () => Math.floor(Date.now() / 1000);
const wait = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

let session: Session | undefined;
let deviceKey: DeviceKey | undefined;
let transfers: Transfers | undefined;
let files: Files | undefined;
let moving: Moving | undefined;

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
  asked: (at) => post({ type: "asked", at }),
  fetch: (...request) => fetch(...request),
  wait,
  random: Math.random,
});

const pickUp = new PickUp({
  run: (command) => (session ? session.run(command) : Promise.reject({ code: "engine-ended" })),
  told: (reply) => post({ ...(reply as Asked), type: "awaited" }),
  now,
  after: (milliseconds, work) => {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
});

const idleLock = new IdleLock(() => end("locked"));

let ending = false;

/** Finishes what is under way, unless that hangs, takes nothing new, and ends. */
async function end(reason: "locked" | "moved", patience = longestEnd): Promise<void> {
  if (ending && patience > 0) return;
  ending = true;
  transfers?.stopAll();
  if (patience > 0) await Promise.race([session?.idle(), wait(patience)]);
  session = undefined;
  post({ type: reason });
  self.close();
}

async function run(command: Command): Promise<unknown> {
  if (!session || !deviceKey) throw { code: "engine-ended" };
  if (files && isFileCommand(command)) return files.run(command);
  if (isOwn(command)) return runOwn(command, session, deviceKey);
  const reply = await (isNewKeys(command) ? newKeys(command, session) : session.run(command));
  if (command.type === "changeMethods") await afterChange(reply, deviceKey);
  return reply;
}

async function begin(takeOver: boolean): Promise<void> {
  if (session) return;
  try {
    const held = await holdVault({ takeOver, onRelease: () => void end("moved"), onLost: () => void end("moved", 0) });
    if (!held) return post({ type: "busy" });
    const [newEngine, { storage, deviceKey: key }] = await Promise.all([loadEngine(), openStorage()]);
    deviceKey = key;
    const engine = newEngine(await storage.load());
    session = new Session({
      engine,
      exchange: (request, giveUp) => {
        post({ type: "sending" });
        return exchange(request, giveUp);
      },
      save: async (bytes) => {
        await storage.save(bytes);
        // No vault here any more: nothing is left to open.
        if (!bytes && key.slot !== undefined) await key.forget();
      },
      now,
    });
    const { run } = session;
    files = new Files({ load: loadFiles, run, now });
    transfers = new Transfers({ engine, run, exchange: exchangeBytes, post, wait });
    moving = new Moving({ run, transfers, busy: () => idleLock.touch() });
    void forgetBackups();
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
    case "upload":
      return void transfers?.upload(message.id, message.upload, message.content);
    case "download":
      idleLock.touch();
      return void transfers?.download(message.id, message.document, message.file, message.into);
    case "takeOut": {
      const { id, passphrase, total, into } = message;
      return void moving?.takeOut(id, () => (files as Files).backup(passphrase), total, into);
    }
    case "bringIn":
      return void moving?.bringIn(message.id, () => (files as Files).opened, () => (files as Files).contents());
    case "stop":
      return transfers?.stop(message.id);
    case "command":
      if (!justLooks(message.command.type)) idleLock.touch();
      // Begun now, it could be cut off half-way: after the copies were used up, before they were sent.
      if (ending) return post({ type: "failed", id: message.id, failure: asFailure({ code: "engine-ended", wasAnythingShared: "no" }) });
      run(message.command).then(
        (reply) => {
          post({ type: "reply", id: message.id, reply });
          pickUp.heard(reply);
          if (session) news.start();
        },
        (error) => post({ type: "failed", id: message.id, failure: asFailure(error) }),
      );
  }
});
