// Draws the app's icons: one shape, written as SVG and rasterised here to PNG with no image library.
// Usage: npm run icons. The results are committed.
import { mkdirSync, writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

const out = new URL("../public/icons/", import.meta.url);
const green = [23, 80, 74];
const white = [255, 255, 255];
// On a 32-unit square.
const tick = [[9.5, 16.5], [14.2, 21.2], [23, 12]];
const halfWidth = 1.6;

const svg = (corner) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="${corner}" fill="#17504a"/>` +
  `<path d="M${tick.map((point) => point.join(" ")).join("L")}" fill="none" stroke="#fff" stroke-width="${2 * halfWidth}" stroke-linecap="round" stroke-linejoin="round"/></svg>\n`;

/** Distance from a point to a line between two others. */
function distance([x, y], [ax, ay], [bx, by]) {
  const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
}

/** How much of a point (soft edge of one pixel) is inside the rounded square. */
function inside([x, y], corner, pixel) {
  const dx = Math.max(0, Math.abs(x - 16) - (16 - corner));
  const dy = Math.max(0, Math.abs(y - 16) - (16 - corner));
  return soft(corner - Math.hypot(dx, dy), pixel);
}

const soft = (depth, pixel) => Math.min(1, Math.max(0, depth / pixel + 0.5));

function pixels(size, corner) {
  const pixel = 32 / size;
  const rows = [];
  for (let row = 0; row < size; row += 1) {
    const line = Buffer.alloc(1 + size * 4);
    for (let column = 0; column < size; column += 1) {
      const point = [(column + 0.5) * pixel, (row + 0.5) * pixel];
      const ink = soft(halfWidth - Math.min(distance(point, tick[0], tick[1]), distance(point, tick[1], tick[2])), pixel);
      const alpha = corner === 0 ? 1 : inside(point, corner, pixel);
      green.forEach((value, channel) => (line[1 + column * 4 + channel] = Math.round(value + (white[channel] - value) * ink)));
      line[1 + column * 4 + 3] = Math.round(alpha * 255);
    }
    rows.push(line);
  }
  return Buffer.concat(rows);
}

/** PNG (RFC 2083): eight bits per channel, with transparency. */
function png(size, corner) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(pixels(size, corner), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc(body), body.length + 4);
  return framed;
}

function crc(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

mkdirSync(out, { recursive: true });
writeFileSync(new URL("icon.svg", out), svg(9));
for (const size of [192, 512]) writeFileSync(new URL(`icon-${size}.png`, out), png(size, 9));
// Platforms cut their own shape out of this one.
writeFileSync(new URL("icon-maskable-512.png", out), png(512, 0));
