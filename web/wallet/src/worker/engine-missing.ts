// Stands in when wasm/pkg has not been built: the app then says so instead of pretending.
import type { Engine, FileMaker, PieceEngine } from "./engine-type";

export async function loadEngine(): Promise<(cache: Uint8Array | undefined) => Engine & PieceEngine> {
  throw Object.assign(new Error("wasm/pkg is missing: run `cargo xtask wasm` and build again"), { code: "engine-missing" });
}

export async function loadFiles(): Promise<FileMaker> {
  throw { code: "engine-missing" };
}
