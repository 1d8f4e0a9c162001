import { describe, expect, it } from "vitest";
import { type Backend, BackendError, type RequestStatus, type StartedRequest } from "../src/backend";
import { type Clock, Flow } from "../src/flow";
import { isFinal, STATES } from "../src/states";
import { texts } from "../src/texts";

const REQUEST: StartedRequest = { id: "a", link: "https://wallet.example/", qrSvg: "<svg/>", expiresAt: 60_000 };

type Script = (string | BackendError)[];

function setUp(script: Script, start: StartedRequest | BackendError = REQUEST) {
  let time = 0;
  const seen: string[] = [];
  const cancelled: string[] = [];
  const clock: Clock = { now: () => time, sleep: async (ms) => void (time += ms) };
  const backend: Backend = {
    start: async () => {
      if (start instanceof Error) throw start;
      return start;
    },
    status: async (): Promise<RequestStatus> => {
      const next = script.length > 1 ? script.shift() : script[0];
      if (next instanceof Error) throw next;
      if (next === "confirm") return { state: "verified", next: undefined, confirm: true };
      return { state: next ?? "created", next: "/done", confirm: false };
    },
    confirm: async (_id, code): Promise<RequestStatus> => {
      if (code === "123456") return { state: "verified", next: "/done", confirm: false };
      return code === "000000" ? { state: "failed", next: undefined, confirm: false } : { state: "verified", next: undefined, confirm: true };
    },
    cancel: async (id) => void cancelled.push(id),
  };
  const flow = new Flow(
    () => backend,
    (snapshot) => seen.push(snapshot.state),
    clock,
  );
  return { flow, seen, cancelled };
}

const steps = (seen: string[]) => seen.filter((state, index) => state !== seen[index - 1]);

describe("Flow", () => {
  it("follows a request to the end", async () => {
    const { flow, seen } = setUp(["created", "fetched", "fetched", "verified"]);
    flow.ask();
    await flow.choose("other");
    expect(steps(seen)).toEqual(["choosing", "waiting", "in-progress", "received"]);
    expect(flow.snapshot.next).toBe("/done");
  });

  it.each([
    ["declined", "declined"],
    ["failed", "error"],
    ["expired", "expired"],
  ])("shows %s as %s", async (word, state) => {
    const { flow } = setUp([word]);
    await flow.choose("same");
    expect(flow.snapshot.state).toBe(state);
  });

  it("ends at the time the server gave, even if the server never says so", async () => {
    const { flow } = setUp(["created"]);
    await flow.choose("other");
    expect(flow.snapshot.state).toBe("expired");
  });

  it("survives a few failed polls, not endless ones", async () => {
    const lost = new BackendError("no answer", true);
    const { flow } = setUp([lost, lost, lost, "verified"]);
    await flow.choose("other");
    expect(flow.snapshot.state).toBe("received");
    const { flow: other } = setUp([lost]);
    await other.choose("other");
    expect(other.snapshot.state).toBe("error");
  });

  it("goes on as long as the request can be answered when there is no connection for a while", async () => {
    const lost = new BackendError("no answer", true);
    const { flow, seen } = setUp([...Array<BackendError>(9).fill(lost), "fetched", "verified"]);
    await flow.choose("other");
    expect(steps(seen)).toEqual(["waiting", "in-progress", "received"]);
  });

  it("gives up sooner when nothing says how long that is", async () => {
    const lost = new BackendError("no answer", true);
    const { flow } = setUp([...Array<BackendError>(9).fill(lost), "verified"], { ...REQUEST, expiresAt: undefined });
    await flow.choose("other");
    expect(flow.snapshot.state).toBe("error");
  });

  it("goes on when the element was taken out of the page and put in again", async () => {
    let next: () => void = () => undefined;
    let state = "fetched";
    const seen: string[] = [];
    const status = async () => ({ state, next: undefined, confirm: false });
    const flow = new Flow(
      () => ({ start: async () => REQUEST, status, confirm: status, cancel: async () => undefined }),
      (snapshot) => seen.push(snapshot.state),
      { now: () => 0, sleep: () => new Promise<void>((resolve) => (next = resolve)) },
    );
    const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
    void flow.choose("other");
    await turn();
    next();
    await turn();
    flow.stop();
    next();
    state = "verified";
    void flow.resume();
    void flow.resume();
    await turn();
    next();
    await turn();
    expect(steps(seen)).toEqual(["waiting", "in-progress", "received"]);
  });

  it("asks again where the wallet is when it was taken out before there was a request", async () => {
    const { flow } = setUp(["created"]);
    void flow.choose("other");
    flow.stop();
    await flow.resume();
    expect(flow.snapshot.state).toBe("choosing");
  });

  it("does not insist when the back end refuses", async () => {
    const { flow, seen } = setUp(["created"], new BackendError("answer 403", false));
    await flow.choose("other");
    expect(steps(seen)).toEqual(["waiting", "error"]);
  });

  it("is not done before the code of the other device was typed", async () => {
    const { flow, seen } = setUp(["created", "confirm"]);
    await flow.choose("other");
    expect(steps(seen)).toEqual(["waiting", "confirming"]);
    await flow.confirm("999999");
    expect(flow.snapshot).toMatchObject({ state: "confirming", wrongCode: true });
    await flow.confirm("123456");
    expect(flow.snapshot).toMatchObject({ state: "received", next: "/done" });
    const { flow: other } = setUp(["confirm"]);
    await other.choose("other");
    await other.confirm("000000");
    expect(other.snapshot.state).toBe("error");
  });

  it("ignores words it does not know", async () => {
    const { flow } = setUp(["constructor", "toString", "verified"]);
    await flow.choose("other");
    expect(flow.snapshot.state).toBe("received");
  });

  it("tells the back end when the person cancels, and stops", async () => {
    let release: () => void = () => undefined;
    const { seen, cancelled } = setUp([]);
    const flow = new Flow(
      () => ({
        start: async () => REQUEST,
        status: async () => ({ state: "verified", next: undefined, confirm: false }),
        confirm: async () => ({ state: "verified", next: undefined, confirm: false }),
        cancel: async (id) => void cancelled.push(id),
      }),
      (snapshot) => seen.push(snapshot.state),
      { now: () => 0, sleep: () => new Promise<void>((resolve) => (release = resolve)) },
    );
    const running = flow.choose("other");
    await new Promise((resolve) => setTimeout(resolve, 0));
    flow.cancel();
    release();
    await running;
    expect(cancelled).toEqual(["a"]);
    expect(flow.snapshot.state).toBe("idle");
    expect(seen).not.toContain("received");
  });
});

describe("words", () => {
  it("exist in both languages, and every state is final or not on purpose", () => {
    expect(Object.keys(texts("nl-NL"))).toEqual(Object.keys(texts("en")));
    expect(texts("fr").ask).toBe(texts("en").ask);
    expect(STATES.filter(isFinal)).toEqual(["received", "declined", "expired", "error"]);
  });
});
