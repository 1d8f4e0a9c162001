// The module for files of a vault's contents (wasm/transfer/src/lib.rs).
import initialise, { AssentBackup, AssentOpening, makeFile } from "#files-wasm";
import moduleUrl from "#files-wasm-module";
import type { FileMaker } from "./engine-type";

export async function loadFiles(): Promise<FileMaker> {
  await initialise({ module_or_path: moduleUrl });
  return {
    make: makeFile,
    backup: (contents, passphrase, now) => AssentBackup.begin(contents, passphrase, now),
    open: (start, length, passphrase) => AssentOpening.begin(start, length, passphrase),
  };
}
