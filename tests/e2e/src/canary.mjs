// Looks for known plaintexts in every byte that a program stored or logged, in the forms in which they could hide.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The ways a text, or bytes, may be written down. */
export function formsOf(text) {
  const bytes = Buffer.from(text);
  const forms = new Map([
    ["as it is", bytes],
    ["hex", Buffer.from(bytes.toString("hex"))],
  ]);
  if (typeof text === "string") {
    forms.set("utf-16", Buffer.from(text, "utf16le"));
    forms.set("percent", Buffer.from(encodeURIComponent(text)));
    forms.set("json", Buffer.from(JSON.stringify(text).slice(1, -1)));
    forms.set("lower case", Buffer.from(text.toLowerCase()));
  }
  // Base64 of a text inside a longer one depends on where it begins; cut what its neighbours would change.
  for (const shift of [0, 1, 2]) {
    for (const encoding of ["base64", "base64url"]) {
      const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding).replace(/=+$/, "");
      const from = shift === 0 ? 0 : shift + 1;
      const sure = encoded.slice(from, Math.floor(((shift + bytes.length) * 8) / 6));
      if (sure.length >= 8) forms.set(`${encoding} +${shift}`, Buffer.from(sure));
    }
  }
  return forms;
}

function* filesUnder(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

/** Stops the server and searches everything it stored and logged. Throws when a canary is there. */
export async function insistOnNone(stack, canaries) {
  await stack.server.stop();
  const { found, bytes } = findCanaries([join(stack.data, "server"), join(stack.data, "server.log")], canaries);
  if (bytes < 50_000) throw new Error(`only ${bytes} bytes to search`);
  if (found.length > 0) throw new Error(`found on the server:\n${found.join("\n")}`);
}

/**
 * Searches everything that the browser keeps for a page's site: databases, caches, and the small stores. What is
 * personal there must be sealed. Throws when a canary is there; returns how many bytes it searched.
 */
export async function insistOnNoneInBrowser(page, canaries) {
  const kept = await page.evaluate(async () => {
    const found = [["small stores", JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])]];
    const inBase64 = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
    const whole = (request) => new Promise((done, failed) => ((request.onsuccess = () => done(request.result)), (request.onerror = () => failed(request.error))));
    for (const { name } of await indexedDB.databases()) {
      const db = await whole(indexedDB.open(name));
      for (const store of db.objectStoreNames) {
        for (const value of await whole(db.transaction(store).objectStore(store).getAll())) {
          const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(JSON.stringify(value));
          found.push([`database ${name}/${store}`, inBase64(bytes), "base64"]);
        }
      }
      db.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) found.push([`cache ${request.url}`, inBase64(await (await cache.match(request)).arrayBuffer()), "base64"]);
    }
    return found;
  });
  const wanted = Object.entries(canaries).flatMap(([name, text]) => [...formsOf(text)].map(([form, needle]) => ({ name, form, needle })));
  const hits = [];
  let bytes = 0;
  for (const [where, content, encoding = "utf8"] of kept) {
    const searched = Buffer.from(content, encoding);
    bytes += searched.length;
    for (const { name, form, needle } of wanted) if (searched.includes(needle)) hits.push(`${where}: ${name} (${form})`);
  }
  if (hits.length > 0) throw new Error(`found in the browser:\n${hits.join("\n")}`);
  return { bytes, places: kept.map(([where]) => where.split(" ")[0]) };
}

/** Every place where a canary was found: `file: which canary (form)`. Also says how many bytes were searched. */
export function findCanaries(paths, canaries) {
  const found = [];
  let bytes = 0;
  const wanted = Object.entries(canaries).flatMap(([name, text]) => [...formsOf(text)].map(([form, needle]) => ({ name, form, needle })));
  for (const path of paths.flatMap((path) => (statSync(path).isDirectory() ? [...filesUnder(path)] : [path]))) {
    const content = readFileSync(path);
    bytes += content.length;
    for (const { name, form, needle } of wanted) if (content.includes(needle)) found.push(`${path}: ${name} (${form})`);
  }
  return { found, bytes };
}
