// The commands about this device's own key. The page never sees what the key answers.
import type { Command } from "../engine/commands";
import { replies } from "../engine/replies";
import type { DeviceKey } from "./device-key";
import { asFailure, type Session } from "./session";

type Own = Extract<Command, { type: "thisDevice" | "unlockHere" | "addThisDevice" | "pairStart" | "pairNext" }>;

export const isOwn = (command: Command): command is Own => ["thisDevice", "unlockHere", "addThisDevice", "pairStart", "pairNext"].includes(command.type);

/** Does one of them; rejects as {@link Session.run} does. */
export async function runOwn(command: Own, session: Session, key: DeviceKey): Promise<unknown> {
  switch (command.type) {
    case "thisDevice":
      // Removed on another device: only the open vault can vouch for that.
      await session.run({ type: "unlockMethods" }).then(
        (reply) => afterChange(reply, key),
        () => undefined,
      );
      return { type: "thisDevice", slot: key.slot };
    case "addThisDevice": {
      const before = replies.unlockMethods(await session.run({ type: "unlockMethods" }), "").methods;
      const change = { kind: "addDevice", publicKey: await key.make(), name: command.name } as const;
      const reply = await session.run({ type: "changeMethods", change, confirm: command.confirm });
      const added = replies.changeMethods(reply, "").methods.find(({ id }) => !before.some((known) => known.id === id));
      if (added) {
        await key.keep(added.id);
        // Else the list of devices would have one more, which nobody knows. It says so itself when it next unlocks with the key.
        await session.run({ type: "registerDevice", name: command.name, slot: added.id }).catch(() => undefined);
      }
      return reply;
    }
    case "unlockHere":
      return unlockHere(session, key);
    case "pairStart":
      return session.run({ ...command, publicKey: command.ownKey ? await key.make() : undefined });
    case "pairNext": {
      const reply = await session.run(command);
      if (replies.pairNext(reply, "").pairing.state === "received") {
        const { methods } = replies.unlockMethods(await session.run({ type: "unlockMethods" }), "");
        const own = methods.find(({ kind, unlockedWith }) => kind === "device" && unlockedWith);
        if (own) await key.keep(own.id);
      }
      return reply;
    }
  }
}

async function unlockHere(session: Session, key: DeviceKey): Promise<unknown> {
  const { vaultAddress: address = "" } = replies.status(await session.run({ type: "status" }), "").status;
  // What the vault service has is newer after a change of keys; without a connection the copy here will do.
  const asked = await session.run({ type: "unlockQuestions", address }).catch((error) => {
    if (asFailure(error).code === "vault-device-removed") throw error;
    return session.run({ type: "unlockQuestions" });
  });
  let failure: unknown = { code: "device-key-gone", blame: "you", wasAnythingShared: "no" };
  for (const device of await key.answers(replies.unlockQuestions(asked, "").devices)) {
    try {
      return await session.run({ type: "openVault", address, device, fresh: false });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Forgets the key of this device when it is no way to unlock any more. */
export async function afterChange(reply: unknown, key: DeviceKey): Promise<void> {
  const { methods } = replies.changeMethods(reply, "");
  if (key.slot !== undefined && !methods.some(({ id }) => id === key.slot)) await key.forget();
}
