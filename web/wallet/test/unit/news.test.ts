import { describe, expect, it } from "vitest";
import { type Listen, News } from "../../src/worker/news";

const how = (version: number): Listen => ({ type: "listen", url: "https://x.example/v1/vaults/a/events", token: "t", version });

/** A service that answers with the given bodies or statuses, then has no more to say. */
function setUp(answers: (string[] | number | Error)[], { afterRefresh = "t" } = {}) {
  const log: string[] = [];
  let here: Listen | undefined = how(1);
  const news = new News({
    ask: async () => here,
    refresh: async () => {
      log.push("refresh");
      here = here && { ...here, token: afterRefresh };
    },
    asked: (at) => void log.push(`asked ${at}`),
    wait: async (milliseconds) => void log.push(`wait ${milliseconds}`),
    random: () => 1,
    fetch: (async (url: string, init: RequestInit) => {
      const headers = init.headers as Record<string, string>;
      log.push(`${new URL(url).search}${headers["authorization"]}`);
      const answer = answers.shift();
      if (answer === undefined) return ((here = undefined), new Response(null, { status: 503 }));
      if (answer instanceof Error) throw answer;
      if (typeof answer === "number") return new Response(null, { status: answer, headers: { "retry-after": answer === 429 ? "30" : "99999999999" } });
      const stream = new ReadableStream({
        start(controller) {
          for (const part of answer) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      });
      return new Response(stream);
    }) as typeof fetch,
  });
  return { news, log, lock: () => (here = undefined) };
}

const settled = () => new Promise((done) => setTimeout(done, 50));

describe("news of the vault", () => {
  it("fetches when another version is told, also in pieces, and not for its own", async () => {
    const { news, log } = setUp([[": \n\n", "event: version\ndata: {\"ver", "sion\":2}\n\n"], ["data: {\"version\":1}\n\n"]]);
    news.start();
    news.start();
    await settled();
    expect(log.slice(0, 5)).toEqual(["Bearer t", "refresh", "wait 1000", "Bearer t", "wait 1000"]);
    expect(log.filter((entry) => entry === "refresh")).toHaveLength(1);
  });

  it("passes on that emergency access was asked for, and that it is over", async () => {
    const { news, log } = setUp([
      ['event: version\ndata: {"version":1}\n\nevent: emergency\ndata: {"asked":18', '00000000}\n\n', 'event: emergency\ndata: {"asked":0}\n\n'],
      ['data: {"asked":-1}\n\n', 'data: {"asked":"now"}\n\n', "data: null\n\n"],
    ]);
    news.start();
    await settled();
    expect(log.filter((entry) => !/^wait|^Bearer/.test(entry))).toEqual(["asked 1800000000", "asked 0"]);
  });

  it("comes back later and later, and when it is asked to", async () => {
    const { news, log } = setUp([new Error("x"), new Error("x"), new Error("x"), 429, [": \n\n"], new Error("x")]);
    news.start();
    await settled();
    expect(log.filter((entry) => entry.startsWith("wait")).slice(0, 6)).toEqual([
      "wait 1000", "wait 2000", "wait 4000", "wait 30000", "wait 1000", "wait 2000",
    ]);
  });

  it("waits an hour at most, whatever the service asks", async () => {
    const { news, log } = setUp([503]);
    news.start();
    await settled();
    expect(log.find((entry) => entry.startsWith("wait"))).toBe("wait 3600000");
  });

  it.each([400, 401])("asks once more and stops when it is refused (%i)", async (status) => {
    const { news, log } = setUp([status]);
    news.start();
    await settled();
    expect(log).toEqual(["Bearer t", "refresh"]);
  });

  it("goes on listening when asking brought a new token", async () => {
    const { news, log } = setUp([401], { afterRefresh: "u" });
    news.start();
    await settled();
    expect(log.filter((entry) => !entry.startsWith("wait"))).toEqual(["Bearer t", "refresh", "Bearer u"]);
  });

  it("does not begin while the vault is locked, and begins again afterwards", async () => {
    const { news, log, lock } = setUp([[": \n\n"]]);
    lock();
    news.start();
    await settled();
    expect(log).toEqual([]);
  });

  it.each(["data: {\"version\":\"2\"}\n", "data: nonsense\n", "data: {\"version\":2.5}\n", `data: ${"x".repeat(3000)}\n`, "x".repeat(3000)])(
    "ignores what is not news",
    async (text) => {
      const { news, log } = setUp([[text]]);
      news.start();
      await settled();
      expect(log).not.toContain("refresh");
    },
  );
});
