// New keys, asked for with a passkey: that passkey moves to its next salt as well. Who saw what it answered until now could
// otherwise go on with that, whatever the keys are.
import type { Command } from "../engine/commands";
import { replies } from "../engine/replies";
import type { Session } from "./session";

type Change = Extract<Command, { type: "changeMethods" }>;

export const isNewKeys = (command: Command): command is Change => command.type === "changeMethods" && command.change.kind === "newKeys";

/** Does it; rejects as {@link Session.run} does. */
export async function newKeys(command: Change, session: Pick<Session, "run">): Promise<unknown> {
  const used = command.confirm?.passkey;
  // The engine wipes what it is given.
  const passkey = used && { credentialId: used.credentialId, current: used.current.slice(), next: used.next.slice() };
  try {
    const reply = await session.run(command);
    if (!passkey) return reply;
    const { passkeys } = replies.unlockQuestions(await session.run({ type: "unlockQuestions" }), "");
    const methods = replies.changeMethods(reply, "").methods.filter(({ kind }) => kind === "passkey");
    // Both come in the order of the vault's slots.
    const slot = methods[passkeys.findIndex(({ credentialId }) => credentialId === passkey.credentialId)]?.id;
    if (slot === undefined) return reply;
    return await session.run({ type: "changeMethods", change: { kind: "renewPasskey", slot, passkey }, confirm: { passkey } });
  } finally {
    passkey?.current.fill(0);
    passkey?.next.fill(0);
  }
}
