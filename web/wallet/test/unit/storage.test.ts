import { describe, expect, it } from "vitest";
import { Database, Storage } from "../../src/worker/storage";

/** A store as IndexedDB has one; what is in it may be anything: other code, or a fault of the disk, can have written it. */
function disk(vault?: unknown) {
  const rows = new Map<string, unknown>(vault === undefined ? [] : [["vault", vault]]);
  const faults: Error[] = [];
  const store = {
    get: async (name: string) => rows.get(name),
    put: async (bytes: unknown, name: string) => void rows.set(name, bytes),
    delete: async (name: string) => void rows.delete(name),
  };
  const db = {
    transaction: () => {
      const fault = faults.shift();
      if (fault) throw fault;
      return { store, done: Promise.resolve() };
    },
  };
  let opened = 0;
  const storage = () => new Storage(new Database(async () => ((opened += 1), db as never)));
  return { rows, faults, storage, opened: () => opened };
}

const fault = (name: string) => new DOMException("", name);
const one = Uint8Array.of(1, 2);
const two = Uint8Array.of(3);

describe("what this device keeps", () => {
  it.each([["text"], [{ some: "object" }], [null], [7], [new Uint8Array()]])("is damaged, not missing, when it is %s", async (value) => {
    const { storage, rows } = disk(value);
    const tab = storage();
    const loaded = await tab.load();
    expect(loaded).toBeInstanceOf(Uint8Array);
    expect(loaded?.length).toBeGreaterThan(0);
    // The engine gives back what it got for as long as nobody decided.
    await tab.save(loaded);
    expect(rows.get("vault")).toEqual(value);
  });

  it("is nothing on a new device, and is replaced or deleted only when the engine says so", async () => {
    const { storage, rows } = disk();
    const tab = storage();
    expect(await tab.load()).toBeUndefined();
    await tab.save(undefined);
    expect(rows.size).toBe(0);
    await tab.save(one);
    await tab.save(one.slice());
    expect(rows.get("vault")).toBe(one);
    await tab.save(two);
    expect(rows.get("vault")).toBe(two);
    await tab.save(undefined);
    expect(rows.size).toBe(0);
    await tab.save(one);
    expect(rows.get("vault")).toBe(one);
  });

  it("is not written over by a tab that slept while another one took the vault", async () => {
    const { storage, rows } = disk(one);
    const [slept, took] = [storage(), storage()];
    await slept.load();
    await took.load();
    await expect(slept.save(two)).rejects.toMatchObject({ code: "engine-ended" });
    await expect(slept.save(undefined)).rejects.toMatchObject({ code: "engine-ended" });
    expect(rows.get("vault")).toBe(one);
    await took.save(undefined);
    await expect(slept.save(two)).rejects.toMatchObject({ code: "engine-ended" });
    expect(rows.size).toBe(0);
  });

  it.each(["InvalidStateError", "UnknownError"])("is written when the browser closed the database meanwhile (%s)", async (name) => {
    const { storage, rows, faults, opened } = disk(one);
    const tab = storage();
    await tab.load();
    faults.push(fault(name));
    await tab.save(two);
    expect(rows.get("vault")).toBe(two);
    expect(opened()).toBe(2);
  });

  it("is said to have no room, or not to be kept at all, and is kept when that is over", async () => {
    const { storage, rows, faults } = disk(one);
    const tab = storage();
    await tab.load();
    faults.push(fault("QuotaExceededError"));
    await expect(tab.save(two)).rejects.toMatchObject({ code: "device-storage-full", blame: "you" });
    faults.push(fault("UnknownError"), fault("UnknownError"));
    await expect(tab.save(two)).rejects.toMatchObject({ code: "device-storage-unavailable" });
    expect(rows.get("vault")).toBe(one);
    await tab.save(two);
    expect(rows.get("vault")).toBe(two);
  });
});
