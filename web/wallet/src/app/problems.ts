// Words for failures: what happened, whether anything was shared, what to do. By code, else by whose fault it is.
import type { Translator } from "@assent/ui/i18n";
import type { Failure } from "../engine/messages";

export interface Explanation {
  title: string;
  shared: string;
  next: string;
}

/** A failure in words. Codes without words of their own get those of whoever has to act. */
export function explain(failure: Failure, translator: Translator): Explanation {
  const words = (part: "title" | "next") =>
    translator.find(`problem.${failure.code}.${part}`) ?? translator.find(`problem.by-${failure.blame}.${part}`) ?? "";
  const shared = { no: "problem.shared-no", unknown: "problem.shared-unknown", yes: "problem.shared-yes" } as const;
  return { title: words("title"), next: words("next"), shared: translator.t(shared[failure.wasAnythingShared]) };
}
