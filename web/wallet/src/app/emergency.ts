// What the screens of emergency access share.
import { app } from "./app.svelte";
import { durationInWords } from "./duration";

const day = 86_400;
const days = [1, 3, 7, 14, 30];

/** Waits to choose from, in seconds; the shortest the service allows among them. */
export const waits = (least: number): number[] => [...new Set([least, ...days.map((count) => count * day)])].filter((wait) => wait >= least).sort((a, b) => a - b);

export const waitInWords = (seconds: number): string =>
  durationInWords(seconds % day === 0 ? `P${seconds / day}D` : `PT${seconds}S`, app.translator.language);

/** What the QR code on a contact's sheet says. No address of a page: what opens vaults has no place in a browser's history. */
export const sheetText = (address: string, code: string[]): string => `assent-emergency:1 ${address} ${code.join("")}`;

/** Address and code of such a text. */
export function readSheet(text: string): { address: string; code: string } | undefined {
  const [, address, code] = /^assent-emergency:1 (\S{1,500}) ([0-9A-Za-z-]{36,60})$/.exec(text.trim()) ?? [];
  return address && code ? { address, code } : undefined;
}
