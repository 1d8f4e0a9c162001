// Shapes of plain data. Whatever crosses between the page and the worker is copied through a shape: only the named
// fields survive, and each must have the named type. One declaration gives the check and the TypeScript type.

/** Reads a value of type T out of untrusted data, or throws {@link ShapeError}. */
export type Shape<T> = (value: unknown, path: string) => T;
/** The type a shape reads. */
export type Of<S> = S extends Shape<infer T> ? T : never;

/** Data that does not have the promised shape. Names the place, never the value. */
export class ShapeError extends Error {
  constructor(path: string, expected: string) {
    super(`${path || "message"}: expected ${expected}`);
  }
}

const primitive =
  <T>(name: "string" | "number" | "boolean"): Shape<T> =>
  (value, path) => {
    if (typeof value !== name) throw new ShapeError(path, name);
    return value as T;
  };

export const text = primitive<string>("string");
export const number = primitive<number>("number");
export const flag = primitive<boolean>("boolean");

/** Secret bytes, at most 64. They are handed over, not copied: who reads them wipes them. */
export const bytes: Shape<Uint8Array> = (value, path) => {
  if (!(value instanceof Uint8Array) || value.length > 64) throw new ShapeError(path, "bytes");
  return value;
};

/** A file of the person: a reference, nothing of it is copied. */
export const blob: Shape<Blob> = (value, path) => {
  if (!(value instanceof Blob)) throw new ShapeError(path, "file");
  return value;
};

/**
 * A text to show. Characters that turn the reading direction around or hide themselves are taken out, so that a name
 * cannot pretend to be another one (Unicode TR 36 §2.10); line breaks stay.
 */
export const shown: Shape<string> = (value, path) => text(value, path).replace(invisible, "");
const invisible = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f]/gu;

/**
 * A text that the person wrote: as {@link shown}, but what joins letters stays (ZWJ, ZWNJ), for names are written with it and
 * the text goes back into a form.
 */
export const written: Shape<string> = (value, path) =>
  text(value, path).replace(invisible, (character) => (character === "\u200c" || character === "\u200d" ? character : ""));

/** One of a fixed set of strings. */
export const oneOf =
  <const T extends string>(...allowed: T[]): Shape<T> =>
  (value, path) => {
    if (!allowed.includes(value as T)) throw new ShapeError(path, allowed.join(" | "));
    return value as T;
  };

/** A list; longer ones than any screen could show are refused. */
export const list =
  <T>(item: Shape<T>, most = 10_000): Shape<T[]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > most) throw new ShapeError(path, "list");
    return value.map((entry, index) => item(entry, `${path}[${index}]`));
  };

/** A value that may be absent or null; both read as `undefined`. */
export const optional =
  <T>(inner: Shape<T>): Shape<T | undefined> =>
  (value, path) =>
    value === undefined || value === null ? undefined : inner(value, path);

/** A map from strings. */
export const record =
  <T>(inner: Shape<T>): Shape<Record<string, T>> =>
  (value, path) => {
    const entries = Object.entries(plainObject(value, path));
    return Object.fromEntries(entries.map(([key, entry]) => [key, inner(entry, `${path}.${key}`)]));
  };

type Fields = Record<string, Shape<unknown>>;
/** Fields that may be absent need not be written. */
type ObjectOf<F extends Fields> = {
  [K in keyof F as undefined extends Of<F[K]> ? never : K]: Of<F[K]>;
} & { [K in keyof F as undefined extends Of<F[K]> ? K : never]?: Of<F[K]> };

/** An object with exactly these fields; others are dropped. */
export const object =
  <F extends Fields>(fields: F): Shape<ObjectOf<F>> =>
  (value, path) => {
    const source = plainObject(value, path);
    const read = Object.entries(fields).map(([key, shape]) => [key, shape(source[key], path ? `${path}.${key}` : key)]);
    return Object.fromEntries(read) as ObjectOf<F>;
  };

/** Variants told apart by their `type` field. */
export const variants =
  <V extends Record<string, Fields>>(cases: V): Shape<{ [K in keyof V]: { type: K } & ObjectOf<V[K]> }[keyof V]> =>
  (value, path) => {
    const type = plainObject(value, path)["type"];
    if (typeof type !== "string" || !Object.hasOwn(cases, type)) throw new ShapeError(`${path}.type`, "a known type");
    const fields = object(cases[type] as Fields)(value, path);
    return { type, ...fields } as never;
  };

function plainObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ShapeError(path, "object");
  return value as Record<string, unknown>;
}

/** A list of exactly two. */
export const pair =
  <A, B>(first: Shape<A>, second: Shape<B>): Shape<[A, B]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length !== 2) throw new ShapeError(path, "pair");
    return [first(value[0], `${path}[0]`), second(value[1], `${path}[1]`)];
  };

/** A claims path (OpenID4VP 1.0 §7): member names, indexes, and null for "every element". As one string, for keys. */
export const path: Shape<string> = (value, at) => {
  const element = (part: unknown) => part === null || typeof part === "string" || Number.isInteger(part);
  if (!Array.isArray(value) || !value.every(element)) throw new ShapeError(at, "claims path");
  return JSON.stringify(value);
};
