// The sealed vault on this device, and this device's own key. Of the vault ciphertext only: the engine seals before it
// hands over bytes.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { DeviceKey, type KeptKey } from "./device-key";

export interface Schema extends DBSchema {
  /** `holder` stands for the worker that has the vault, by a random number. */
  sealed: { key: "vault" | "holder"; value: Uint8Array };
  keys: { key: "device" | "made"; value: KeptKey };
}

/** Opens both, creating them at first use. */
export async function openStorage(): Promise<{ storage: Storage; deviceKey: DeviceKey }> {
  const database = new Database(() =>
    openDB<Schema>("assent", 2, {
      upgrade: (db, before) => {
        if (before < 1) db.createObjectStore("sealed");
        db.createObjectStore("keys");
      },
    }),
  );
  const deviceKey = new DeviceKey(database);
  await deviceKey.load();
  return { storage: new Storage(database), deviceKey };
}

type Connection = Pick<IDBPDatabase<Schema>, "get" | "put" | "delete" | "transaction">;

/** A database that is opened again when the browser has closed it: some do that to pages that were long in the background. */
export class Database {
  #open: Promise<Connection> | undefined;

  constructor(private readonly open: () => Promise<Connection>) {}

  /** Does something with it; rejects with a failure that can be shown. */
  async use<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    try {
      try {
        return await work(await (this.#open ??= this.open()));
      } catch (error) {
        if (!isClosed(error)) throw error;
        return await work(await (this.#open = this.open()));
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#open = undefined;
      throw error.name === "QuotaExceededError" ? { code: "device-storage-full", blame: "you" } : { code: "device-storage-unavailable" };
    }
  }
}

/** What a closed connection gives: the standard's name for it, and WebKit's. */
const isClosed = (error: unknown) => error instanceof DOMException && ["InvalidStateError", "UnknownError"].includes(error.name);

/** One slot for the engine's sealed bytes. */
export class Storage {
  #last: Uint8Array | undefined;
  readonly #me = crypto.getRandomValues(new Uint8Array(16));

  constructor(private readonly database: Database) {}

  /** From here on only this one may save. */
  async load(): Promise<Uint8Array | undefined> {
    const kept: unknown = await this.database.use(async (db) => {
      const change = db.transaction("sealed", "readwrite");
      const vault = await change.store.get("vault");
      await (vault === undefined ? change.store.delete("holder") : change.store.put(this.#me, "holder"));
      await change.done;
      return vault;
    });
    this.#last = kept === undefined || (kept instanceof Uint8Array && kept.length > 0) ? kept : unreadable;
    return this.#last;
  }

  /** Keeps the bytes, or forgets them when there are none. Does nothing when they did not change. */
  async save(bytes: Uint8Array | undefined): Promise<void> {
    if (same(bytes, this.#last)) return;
    await this.database.use(async (db) => {
      const change = db.transaction("sealed", "readwrite");
      // A tab that slept and lost the vault to another one must not write what it had over what is there now.
      const holder = await change.store.get("holder");
      if (!same(holder, this.#last && this.#me)) throw { code: "engine-ended" };
      await Promise.all([
        ...(bytes ? [change.store.put(bytes, "vault"), change.store.put(this.#me, "holder")] : [change.store.delete("vault"), change.store.delete("holder")]),
        change.done,
      ]);
    });
    this.#last = bytes;
  }
}

/** Stands for something that is kept and is no bytes of ours: the engine calls it damaged, and nothing is deleted. */
const unreadable = Uint8Array.of(0);

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
