import { describe, expect, it } from "vitest";
import { Storage } from "../../src/worker/storage";

/** A store with one value, which may be anything: other code, or a fault of the disk, can have written it. */
function storageWith(value: unknown) {
  const writes: unknown[] = [];
  const db = {
    get: async () => value,
    put: async (_store: string, bytes: unknown) => void writes.push(bytes),
    delete: async () => void writes.push("deleted"),
  };
  return { storage: new Storage(db as never), writes };
}

describe("what this device keeps", () => {
  it.each([["text"], [{ some: "object" }], [null], [7], [new Uint8Array()]])("is damaged, not missing, when it is %s", async (value) => {
    const { storage, writes } = storageWith(value);
    const loaded = await storage.load();
    expect(loaded).toBeInstanceOf(Uint8Array);
    expect(loaded?.length).toBeGreaterThan(0);
    // The engine gives back what it got for as long as nobody decided.
    await storage.save(loaded);
    expect(writes).toEqual([]);
  });

  it("is nothing on a new device, and is replaced or deleted only when the engine says so", async () => {
    const { storage, writes } = storageWith(undefined);
    expect(await storage.load()).toBeUndefined();
    await storage.save(undefined);
    expect(writes).toEqual([]);
    const bytes = Uint8Array.of(1, 2);
    await storage.save(bytes);
    await storage.save(Uint8Array.of(1, 2));
    await storage.save(undefined);
    expect(writes).toEqual([bytes, "deleted"]);
  });
});
