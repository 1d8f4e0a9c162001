// Writes beside each text and module of the built app what the server sends of it: gzip and, a good tenth smaller, Brotli.
// Usage: runs at the end of npm run build; or with another folder as its argument.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = process.argv[2] ?? fileURLToPath(new URL("../dist/", import.meta.url));
const compressible = /\.(wasm|js|css|html|svg|webmanifest)$/;
/** Below this a smaller file saves no packet. */
const least = 1_000;

for (const name of readdirSync(dist, { recursive: true })) {
  if (!compressible.test(name)) continue;
  const content = readFileSync(join(dist, name));
  if (content.length < least) continue;
  const size = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(join(dist, `${name}.br`), brotliCompressSync(content, { params: size }));
  writeFileSync(join(dist, `${name}.gz`), gzipSync(content, { level: 9 }));
}
