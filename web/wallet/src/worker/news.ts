// Listens for changes that other devices make to the vault, and has them fetched. A stream read with fetch, because the
// access token belongs in a header: an EventSource could only carry it in its address.
import { number, object, type Of, oneOf, text } from "../engine/shape";

/** How to listen, as the engine says it (wallet/src/app/reply.rs). Never leaves the worker. */
export const listen = object({ type: oneOf("listen"), url: text, token: text, version: number });
export type Listen = Of<typeof listen>;

interface Parts {
  /** How to listen; `undefined` while the vault is not open. */
  ask: () => Promise<Listen | undefined>;
  /** Fetches what changed. */
  refresh: () => Promise<void>;
  /** Somebody asked for emergency access; 0 when that is over. */
  asked: (at: number) => void;
  fetch: typeof fetch;
  wait: (milliseconds: number) => Promise<void>;
  random: () => number;
}

/** A stream without a sign of life for so long is dead; the service sends one every 20 seconds. */
const silence = 65_000;
const longestPause = 120_000;
/** A service that asks for more is asked again all the same; far longer times would not fit a timer either. */
const longestAsked = 3_600_000;
/** News are a few bytes; a line longer than this is not news. */
const longestLine = 1_000;

/** One listening at a time, from {@link News.start} until the vault locks or access ends. */
export class News {
  #running = false;

  constructor(private readonly parts: Parts) {}

  /** Begins to listen, unless it does already. Never throws. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run().finally(() => (this.#running = false));
  }

  async #run(): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      const how = await this.parts.ask();
      if (!how) return;
      const outcome = await this.#listen(how);
      if (outcome === "refused") {
        // Perhaps the vault has new keys: asking for the news tells, and may bring them.
        await this.parts.refresh();
        if ((await this.parts.ask())?.token === how.token) return;
      }
      if (outcome === "heard") failures = 0;
      const pause = Math.min(longestPause, 1_000 * 2 ** failures);
      // Spread, so that all wallets do not come back at once after the service was away.
      await this.parts.wait(typeof outcome === "number" ? Math.max(outcome, pause) : pause * (0.5 + this.parts.random() / 2));
    }
  }

  /** "heard" when anything came, "refused" when there is no access, milliseconds when asked to wait. */
  async #listen(how: Listen): Promise<"heard" | "nothing" | "refused" | number> {
    const stop = new AbortController();
    let alarm = setTimeout(() => stop.abort(), silence);
    let heard = false;
    try {
      const response = await this.parts.fetch(how.url, {
        headers: { accept: "text/event-stream", authorization: `Bearer ${how.token}` },
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: stop.signal,
      });
      if (response.status !== 200 || !response.body) {
        await response.body?.cancel();
        if (response.status === 401 || response.status === 400) return "refused";
        return Math.min(longestAsked, Number(response.headers.get("retry-after")) * 1_000) || "nothing";
      }
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let line = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return heard ? "heard" : "nothing";
        clearTimeout(alarm);
        alarm = setTimeout(() => stop.abort(), silence);
        heard = true;
        const lines = (line + value).split("\n");
        line = lines.pop() ?? "";
        if (line.length > longestLine) return "nothing";
        const asked = lines.map((found) => told(found, "asked")).findLast((found) => found !== undefined);
        if (asked !== undefined) this.parts.asked(asked);
        const changed = lines.map((found) => told(found, "version")).findLast((found) => found !== undefined);
        if (changed !== undefined) await this.#hear(changed);
      }
    } catch {
      return heard ? "heard" : "nothing";
    } finally {
      clearTimeout(alarm);
      stop.abort();
    }
  }

  async #hear(version: number): Promise<void> {
    // Our own commits are told to us, too.
    const here = await this.parts.ask();
    if (here && here.version !== version) await this.parts.refresh();
  }
}

/** The number in a line `data: {"version":7}`. */
function told(line: string, name: "version" | "asked"): number | undefined {
  if (!line.startsWith("data: ") || line.length > longestLine) return undefined;
  try {
    const number = (JSON.parse(line.slice(6)) as Record<string, unknown> | null)?.[name];
    return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
  } catch {
    return undefined;
  }
}
