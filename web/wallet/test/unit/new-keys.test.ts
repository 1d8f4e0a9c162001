import { describe, expect, it } from "vitest";
import type { Command } from "../../src/engine/commands";
import { isNewKeys, newKeys } from "../../src/worker/new-keys";

const method = (id: string, kind: string) => ({ id, kind, name: "", addedAt: 0, unlockedWith: false });
const methods = { type: "unlockMethods", epoch: 2, methods: [method("p", "passphrase"), method("k1", "passkey"), method("r", "recoveryCode"), method("k2", "passkey")] };
const questions = { type: "unlockQuestions", devices: [], passkeys: ["a", "b"].map((credentialId) => ({ credentialId, current: "", next: "" })) };

/** A session that wipes what it is given, as the engine does, and notes it before. */
function session(fails = false) {
  const told: { slot?: string | undefined; kind?: string; bytes?: number[] }[] = [];
  const given: Uint8Array[] = [];
  const run = async (command: unknown) => {
    const { type, change, confirm } = command as Extract<Command, { type: "changeMethods" }>;
    if (type !== "changeMethods") return questions;
    const bytes = confirm?.passkey ? [...confirm.passkey.current] : [];
    told.push({ kind: change.kind, slot: change.slot, bytes });
    if (confirm?.passkey) given.push(confirm.passkey.current.fill(0), confirm.passkey.next.fill(0));
    if (fails) throw { code: "vault-service-unreachable" };
    return methods;
  };
  return { told, given, run };
}

const ask = (passkey?: { credentialId: string; current: Uint8Array; next: Uint8Array }) => {
  const command = { type: "changeMethods", change: { kind: "newKeys" }, confirm: passkey ? { passkey } : { passphrase: "x" } } as Command;
  if (!isNewKeys(command)) throw new Error("not new keys");
  return command;
};
const answer = () => ({ credentialId: "b", current: new Uint8Array(32).fill(1), next: new Uint8Array(32).fill(2) });

describe("new keys", () => {
  it("move the passkey that asked for them to its next salt, and leave no bytes", async () => {
    const { run, told, given } = session();
    await newKeys(ask(answer()), { run });
    const bytes = Array.from({ length: 32 }, () => 1);
    expect(told).toEqual([{ kind: "newKeys", slot: undefined, bytes }, { kind: "renewPasskey", slot: "k2", bytes }]);
    expect(given.every((one) => one.every((byte) => byte === 0))).toBe(true);
  });

  it("are one change with anything else, and stop at the first that fails", async () => {
    const { run, told } = session();
    expect(await newKeys(ask(), { run })).toEqual(methods);
    expect(told).toHaveLength(1);
    const broken = session(true);
    await expect(newKeys(ask(answer()), broken)).rejects.toMatchObject({ code: "vault-service-unreachable" });
    expect(broken.told).toHaveLength(1);
  });
});
