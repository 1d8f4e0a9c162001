import { describe, expect, it } from "vitest";
import { base64url, fromBase64url } from "../../src/engine/base64url";
import { DeviceKey } from "../../src/worker/device-key";

/** What IndexedDB does here; keys stay objects, as structured cloning keeps them. */
function store() {
  const rows = new Map<string, unknown>();
  const db = {
    get: async (_store: string, name: string) => rows.get(name),
    put: async (_store: string, value: unknown, name: string) => void rows.set(name, value),
    delete: async (_store: string, name: string) => void rows.delete(name),
  };
  return { rows, open: async () => {
    const key = new DeviceKey({ use: (work) => work(db as never) });
    await key.load();
    return key;
  } };
}

const curve = { name: "ECDH", namedCurve: "P-256" } as const;

/** The vault's side: a point, and what both must agree on. */
async function vault(publicKey: string) {
  const pair = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
  const theirs = await crypto.subtle.importKey("raw", fromBase64url(publicKey), curve, false, []);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const agreed = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, pair.privateKey, 256));
  return { point: base64url(raw), agreed };
}

describe("this device's own key", () => {
  it("agrees with the point of its slot, and only of that, also after a restart", async () => {
    const { open, rows } = store();
    const key = await open();
    const { point, agreed } = await vault(await key.make());
    await key.keep("a");
    expect((rows.get("device") as { key: CryptoKey }).key.extractable).toBe(false);
    const points = [{ slot: "b", point }, { slot: "a", point }];
    for (const one of [key, await open()]) expect(await one.answers(points)).toEqual([{ slot: "a", agreed }]);
    expect(await key.answers([{ slot: "b", point }])).toEqual([]);
  });

  it("tries each slot when the device went down before the answer came", async () => {
    const { open } = store();
    const { point, agreed } = await vault(await (await open()).make());
    const again = await open();
    expect(again.slot).toBeUndefined();
    expect(await again.answers([{ slot: "b", point }, { slot: "a", point }])).toEqual([{ slot: "b", agreed }, { slot: "a", agreed }]);
  });

  it("stays the one it was until the new one is a way to unlock", async () => {
    const { open } = store();
    const key = await open();
    const { point, agreed } = await vault(await key.make());
    await key.keep("a");
    await key.make();
    expect(await (await open()).answers([{ slot: "a", point }])).toEqual([{ slot: "a", agreed }]);
  });

  it("is nothing when it is forgotten, and ignores what is no such key", async () => {
    const { open, rows } = store();
    const key = await open();
    await key.make();
    await key.keep("a");
    await key.forget();
    expect([key.slot, rows.size]).toEqual([undefined, 0]);
    rows.set("device", { key: "text", slot: "a" });
    expect((await open()).slot).toBeUndefined();
    const { privateKey } = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
    rows.set("device", { key: privateKey, slot: "a" });
    expect((await open()).slot).toBeUndefined();
  });
});
