// What waits for the browser to come back from somewhere else. It waits in this tab, so that two tabs can be under way;
// and once more in the browser's database, because a browser can lose what a page writes in its tab just before it ends
// (seen in Chromium on a busy machine: written, two pages later gone). A database says when it has it.
import { type DBSchema, openDB } from "idb";

interface Schema extends DBSchema {
  left: { key: string; value: string };
}

/** As long as anything waits, in milliseconds. */
const longest = 3_600_000;

/** Leaves this under a name, in place of what waited there. */
export async function leaveBehind(name: string, what: object): Promise<void> {
  const text = JSON.stringify({ ...what, at: Date.now() });
  try {
    sessionStorage.setItem(name, text);
  } catch {
    // Full or forbidden: there is the other place.
  }
  await inDatabase((left) => left.put(text, name));
}

/** What was left under a name within the last hour; it waits no longer. */
export async function takeUp(name: string): Promise<Record<string, unknown> | undefined> {
  let text: string | null = null;
  try {
    text = sessionStorage.getItem(name);
    sessionStorage.removeItem(name);
  } catch {
    // As above.
  }
  await inDatabase(async (left) => {
    const copy = await left.get(name);
    // Not this tab's: another one may come back for it.
    if (text !== null && copy !== text && fresh(copy)) return;
    text ??= copy ?? null;
    await left.delete(name);
  });
  return fresh(text);
}

/** Nobody comes back for these any more. */
export const dropOld = (): Promise<void> =>
  inDatabase(async (left) => {
    for (const name of await left.getAllKeys()) if (!fresh(await left.get(name))) await left.delete(name);
  });

interface Left {
  getAllKeys(): Promise<string[]>;
  get(name: string): Promise<string | undefined>;
  put(text: string, name: string): Promise<unknown>;
  delete(name: string): Promise<void>;
}

/** A browser that cannot keep anything has told so elsewhere: then what waits in the tab must do. */
async function inDatabase(act: (left: Left) => Promise<unknown>): Promise<void> {
  try {
    const db = await openDB<Schema>("assent-left-behind", 1, { upgrade: (db) => void db.createObjectStore("left") });
    try {
      const change = db.transaction("left", "readwrite");
      await Promise.all([act(change.store), change.done]);
    } finally {
      db.close();
    }
  } catch {
    return;
  }
}

function fresh(text: unknown): Record<string, unknown> | undefined {
  try {
    const left: unknown = JSON.parse(String(text));
    if (typeof left !== "object" || left === null || !("at" in left)) return undefined;
    return Math.abs(Date.now() - Number(left.at)) < longest ? (left as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
