// What a file is, by its first bytes, whatever its name or sender says. Only pictures that cannot carry scripts are ever
// shown; everything else is for downloading. SVG and HTML have no entry here on purpose.

interface Kind {
  type: string;
  /** Bytes at places of the file. */
  marks: [number, string][];
  /** The browser can show it and it cannot act. */
  picture: boolean;
}

const kinds: Kind[] = [
  { type: "image/png", marks: [[0, "\x89PNG\r\n\x1a\n"]], picture: true },
  { type: "image/jpeg", marks: [[0, "\xff\xd8\xff"]], picture: true },
  { type: "image/gif", marks: [[0, "GIF8"]], picture: true },
  { type: "image/webp", marks: [[0, "RIFF"], [8, "WEBP"]], picture: true },
  { type: "image/avif", marks: [[4, "ftypavif"]], picture: true },
  { type: "image/heic", marks: [[4, "ftyphei"]], picture: false },
  { type: "application/pdf", marks: [[0, "%PDF-"]], picture: false },
  { type: "application/zip", marks: [[0, "PK\x03\x04"]], picture: false },
];

/** How many bytes tell. */
export const tell = 16;

/** The kind of file that begins with `bytes`, if it is one we know. */
export function sniff(bytes: Uint8Array): { type: string; picture: boolean } | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, tell));
  return kinds.find(({ marks }) => marks.every(([at, mark]) => text.startsWith(mark, at)));
}

/** True for a type that is worth trying to show: what the bytes are is seen then. */
export const sniffable = (type: string): boolean => kinds.some((kind) => kind.picture && kind.type === type);

/** Office and other files are zip files inside. */
const zipped = /^application\/(vnd\.|epub|java-archive|x-zip)/;

/** What to write down as the type of a file: what its bytes say, else what was claimed. */
export function typeOf(bytes: Uint8Array, claimed: string): string {
  const found = sniff(bytes)?.type;
  return !found || (found === "application/zip" && zipped.test(claimed)) ? claimed : found;
}

/** True when the name ends like another kind of file than the bytes say: `holiday.jpg` that is a PDF. */
export function pretends(name: string, type: string): boolean {
  const ending = /\.([a-z0-9]{2,5})$/i.exec(name)?.[1]?.toLowerCase();
  const of = ending && endings[ending];
  return of !== undefined && of !== type && kinds.some((kind) => kind.type === type);
}

const endings: Record<string, string> = {
  png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif",
  heic: "image/heic", pdf: "application/pdf", zip: "application/zip",
};

/** What a type is called: `PDF`; the type itself when it is none we know, nothing when it says nothing. */
export function kindInWords(type: string): string | undefined {
  if (kinds.some((kind) => kind.type === type)) return type.split("/")[1]?.toUpperCase();
  return type === "application/octet-stream" ? undefined : type || undefined;
}

/** A name that is safe to save under on any system. */
export function fileName(name: string): string {
  const safe = name.replace(/[\p{Cc}\p{Cf}\\/:*?"<>|]/gu, "_").replace(/^[\s.]+|[\s.]+$/g, "");
  return safe.slice(0, 150) || "document";
}

/** A size in words: `4,2 MB`. */
export function sizeInWords(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte"];
  const step = bytes < 1000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  const amount = bytes / 1000 ** step;
  return new Intl.NumberFormat(language, {
    style: "unit", unit: units[step]!, unitDisplay: step === 0 ? "long" : "short", maximumFractionDigits: step === 2 && amount < 100 ? 1 : 0,
  }).format(amount);
}
