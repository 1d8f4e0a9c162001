// The part of wasm/pkg that files-wasm.ts uses. Written down here so that the checks run before the package is built.
import type { BackupMaker, Opening } from "./engine-type";

/** Loads the module. */
export default function initialise(options: { module_or_path: string }): Promise<unknown>;

export function makeFile(
  contents: string, format: string, passphrase: string | undefined, language: string, nowSeconds: number,
): Uint8Array<ArrayBuffer>;

export class AssentBackup {
  static begin(contents: string, passphrase: string, nowSeconds: number): BackupMaker;
}

export class AssentOpening {
  static begin(start: Uint8Array, length: number, passphrase: string | undefined): Opening;
}
