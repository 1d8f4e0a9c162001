// This device's own key: a way to unlock for which nothing is typed. The browser keeps its private half and gives it to no
// script, not even this one (WebCrypto, `extractable: false`); it only agrees on a secret with a point.
import { base64url, fromBase64url } from "../engine/base64url";
import type { Database } from "./storage";

export interface KeptKey {
  key: CryptoKey;
  /** The slot it opens; not known yet when the device went down before the vault service's answer came. */
  slot: string | undefined;
}

/** What the vault asks of a device's own key; both base64url, the point uncompressed (SEC 1). */
export interface Point {
  slot: string;
  point: string;
}

/** The answer: the x coordinate that both agree on. */
export interface Agreed {
  slot: string;
  agreed: Uint8Array;
}

const curve = { name: "ECDH", namedCurve: "P-256" } as const;

export class DeviceKey {
  #kept: KeptKey | undefined;

  constructor(private readonly database: Pick<Database, "use">) {}

  async load(): Promise<void> {
    const [kept, made] = await this.database.use((db) => Promise.all([db.get("keys", "device"), db.get("keys", "made")]));
    this.#kept = [kept, made].find((one) => one?.key instanceof CryptoKey && !one.key.extractable);
  }

  /** The slot this device's key opens, as far as is known. */
  get slot(): string | undefined {
    return this.#kept?.slot;
  }

  /** A new key, kept before it is used. Gives its public half: SEC 1 uncompressed, base64url. */
  async make(): Promise<string> {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
    await this.database.use((db) => db.put("keys", { key: privateKey, slot: undefined }, "made"));
    return base64url(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  }

  /** The key made last opens this slot from now on. */
  async keep(slot: string): Promise<void> {
    await this.database.use(async (db) => {
      const made = await db.get("keys", "made");
      if (!made) return;
      this.#kept = { key: made.key, slot };
      await db.put("keys", this.#kept, "device");
      await db.delete("keys", "made");
    });
  }

  /** Answers for the slot that is its own, or for each when that is not known. */
  async answers(points: Point[]): Promise<Agreed[]> {
    const kept = this.#kept;
    if (!kept) return [];
    const own = kept.slot === undefined ? points : points.filter(({ slot }) => slot === kept.slot);
    return Promise.all(
      own.map(async ({ slot, point }) => {
        const other = await crypto.subtle.importKey("raw", fromBase64url(point), curve, false, []);
        return { slot, agreed: new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: other }, kept.key, 256)) };
      }),
    );
  }

  async forget(): Promise<void> {
    this.#kept = undefined;
    await this.database.use((db) => Promise.all([db.delete("keys", "device"), db.delete("keys", "made")]));
  }
}
