// The part of wasm/pkg that the worker uses. Written down here so that the checks run before the package is built.

/** Loads the module. */
export default function initialise(options: { module_or_path: string }): Promise<WebAssembly.Exports>;

export class AssentWallet {
  constructor(operator: string, sandbox: boolean);
  static fromCache(operator: string, sandbox: boolean, cache: Uint8Array): AssentWallet;
  start(command: string, nowSeconds: number): string;
  resume(response: string | undefined, nowSeconds: number): string;
  cache(): Uint8Array;
  measurePiece(upload: string, number: number, content: Uint8Array): string;
  sendPiece(upload: string, number: number, content: Uint8Array): string;
  pieceSent(status: number | undefined): string;
  readPiece(document: string, file: string, number: number): string;
  openPiece(document: string, file: string, number: number, status: number | undefined, sealed: Uint8Array): string;
  takeBytes(): Uint8Array<ArrayBuffer>;
}
