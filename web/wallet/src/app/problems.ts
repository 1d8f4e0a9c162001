// Words for failures: what happened, whether anything was shared, what to do. By code, else by whose fault it is.
import type { Translator } from "@assent/ui/i18n";
import type { Failure } from "../engine/messages";

export interface Explanation {
  title: string;
  shared: string;
  next: string;
}

/**
 * A failure in words. Codes without words of their own get those of their family, else of
 * whoever has to act: `certificate-untrusted` has those of `certificate`.
 */
export function explain(failure: Failure, translator: Translator): Explanation {
  const family = families(failure.code).find((name) => translator.find(`problem.${name}.title`));
  const words = (part: "title" | "next") => translator.find(`problem.${family ?? `by-${failure.blame}`}.${part}`) ?? "";
  const shared = { no: "problem.shared-no", unknown: "problem.shared-unknown", yes: "problem.shared-yes" } as const;
  return { title: words("title"), next: words("next"), shared: translator.t(shared[failure.wasAnythingShared]) };
}

/** A code and its families, the nearest first: `a-b-c`, `a-b`, `a`. */
function families(code: string): string[] {
  const parts = code.split("-");
  return parts.map((_, dropped) => parts.slice(0, parts.length - dropped).join("-"));
}
