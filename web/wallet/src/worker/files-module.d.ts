// The part of wasm/pkg that files-wasm.ts uses. Written down here so that the checks run before the package is built.
import type { OpenedFile } from "./engine-type";

/** Loads the module. */
export default function initialise(options: { module_or_path: string }): Promise<unknown>;

export function makeFile(
  contents: string, format: string, passphrase: string | undefined, language: string, nowSeconds: number,
): Uint8Array<ArrayBuffer>;

export class AssentFile implements OpenedFile {
  static open(file: Uint8Array, passphrase: string | undefined): AssentFile;
  plan(contents: string, moved: boolean, history: boolean, language: string): string;
  next(contents: string, moved: boolean, history: boolean): string | undefined;
  free(): void;
}
