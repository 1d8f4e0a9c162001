// Draws QR codes in this page, without any service. Loaded only when one is shown.
import { encode } from "uqr";

/** A code as an SVG path in a square of `size`, with its quiet zone (ISO/IEC 18004 §9.1: four modules). */
export function drawCode(text: string): { size: number; path: string } {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const runs = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")));
  return { size, path: runs.join("") };
}
