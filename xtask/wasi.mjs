// Runs a test program that was compiled to WebAssembly (wasm32-wasip1), as cargo's runner.
// It sees the project's folder and its sibling `shared`, where the published test vectors lie, and nothing else.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { WASI } from "node:wasi";

const [program, ...args] = process.argv.slice(2);
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const shared = resolve(root, "../shared");
const preopens = { [root]: root };
if (existsSync(shared)) preopens[shared] = shared;

const wasi = new WASI({ version: "preview1", args: [program, ...args], env: { ...process.env, PWD: process.cwd() }, preopens });
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
