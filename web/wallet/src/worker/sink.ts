// Where a file that is made here goes: into one the person chose; else into the browser's own storage for this site, and from
// there to the person; else, without such storage, into memory. Only for sealed bytes: what is in that storage outlives the tab.

export interface Sink {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The whole, when the person did not choose where it goes. */
  close(): Promise<Blob | undefined>;
  abort(): Promise<void>;
}

const name = "backup.unfinished";
const root = () => navigator.storage?.getDirectory?.();

export async function sinkFor(into: FileSystemFileHandle | undefined): Promise<Sink> {
  return into ? chosen(into) : ((await stored()) ?? inMemory());
}

/** Removes what a backup left behind. */
export async function forgetBackups(): Promise<void> {
  try {
    await (await root())?.removeEntry(name);
  } catch {
    // There is none, or it is still being read.
  }
}

async function chosen(handle: FileSystemFileHandle): Promise<Sink> {
  const out = await handle.createWritable();
  return { write: (bytes) => out.write(bytes), close: () => out.close().then(() => undefined), abort: () => out.abort() };
}

async function stored(): Promise<Sink | undefined> {
  try {
    await forgetBackups();
    const handle = await (await root())?.getFileHandle(name, { create: true });
    const out = await handle?.createSyncAccessHandle();
    if (!handle || !out) return undefined;
    let at = 0;
    return {
      write: async (bytes) => {
        while (bytes.length > 0) {
          const written = out.write(bytes, { at });
          if (written === 0) throw new Error("full");
          at += written;
          bytes = bytes.subarray(written);
        }
      },
      close: async () => {
        out.flush();
        out.close();
        return handle.getFile();
      },
      abort: async () => {
        out.close();
        await forgetBackups();
      },
    };
  } catch {
    return undefined;
  }
}

function inMemory(): Sink {
  const parts: Blob[] = [];
  return {
    write: async (bytes) => void parts.push(new Blob([bytes])),
    close: async () => new Blob(parts, { type: "application/octet-stream" }),
    abort: async () => void parts.splice(0),
  };
}
