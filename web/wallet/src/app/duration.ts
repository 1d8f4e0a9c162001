// ISO 8601 durations, as services state how long they keep details.

type Unit = "year" | "month" | "week" | "day" | "hour" | "minute" | "second";
const units: Unit[] = ["year", "month", "week", "day", "hour", "minute", "second"];
const form = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** The non-zero parts of a duration; an empty list for no time at all; `undefined` when it is no duration. */
export function parseDuration(text: string): [number, Unit][] | undefined {
  const match = form.exec(text);
  const amounts = match?.slice(1, 8);
  if (!amounts?.some((amount) => amount !== undefined)) return undefined;
  return amounts.flatMap((amount, index) => (Number(amount ?? 0) > 0 ? [[Number(amount), units[index]!]] : []));
}

/** A duration in words of a language, e.g. "30 days"; the text itself when it is no duration. */
export function durationInWords(text: string, language: string): string {
  const parts = parseDuration(text);
  if (!parts?.length) return text;
  const words = parts.map(([amount, unit]) =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(amount),
  );
  return new Intl.ListFormat(language, { type: "conjunction" }).format(words);
}
