// Runs a test program that was compiled to WebAssembly (wasm32-wasip1), as cargo's runner.
// It sees the project's folder and its folder of published test vectors, and nothing else.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { WASI } from "node:wasi";

const [program, ...args] = process.argv.slice(2);
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const vectors = resolve(process.env.ASSENT_VECTORS ?? resolve(root, "../shared/vectors"));
const preopens = { [root]: root };
if (existsSync(vectors)) preopens[vectors] = vectors;

const wasi = new WASI({ version: "preview1", args: [program, ...args], env: { ...process.env, PWD: process.cwd(), ASSENT_VECTORS: vectors }, preopens });
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
