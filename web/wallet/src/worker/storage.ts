// The sealed vault on this device, and this device's own key. Of the vault ciphertext only: the engine seals before it
// hands over bytes.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { DeviceKey, type KeptKey } from "./device-key";

export interface Schema extends DBSchema {
  sealed: { key: "vault"; value: Uint8Array };
  keys: { key: "device" | "made"; value: KeptKey };
}

/** Opens both, creating them at first use. */
export async function openStorage(): Promise<{ storage: Storage; deviceKey: DeviceKey }> {
  try {
    const db = await openDB<Schema>("assent", 2, {
      upgrade: (db, before) => {
        if (before < 1) db.createObjectStore("sealed");
        db.createObjectStore("keys");
      },
    });
    const deviceKey = new DeviceKey(db);
    await deviceKey.load();
    return { storage: new Storage(db), deviceKey };
  } catch {
    throw { code: "device-storage-unavailable" };
  }
}

/** One slot for the engine's sealed bytes. */
export class Storage {
  #last: Uint8Array | undefined;

  constructor(private readonly db: IDBPDatabase<Schema>) {}

  async load(): Promise<Uint8Array | undefined> {
    const kept: unknown = await this.db.get("sealed", "vault");
    this.#last = kept === undefined || (kept instanceof Uint8Array && kept.length > 0) ? kept : unreadable;
    return this.#last;
  }

  /** Keeps the bytes, or forgets them when there are none. Does nothing when they did not change. */
  async save(bytes: Uint8Array | undefined): Promise<void> {
    if (same(bytes, this.#last)) return;
    if (bytes) await this.db.put("sealed", bytes, "vault");
    else await this.db.delete("sealed", "vault");
    this.#last = bytes;
  }
}

/** Stands for something that is kept and is no bytes of ours: the engine calls it damaged, and nothing is deleted. */
const unreadable = Uint8Array.of(0);

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
