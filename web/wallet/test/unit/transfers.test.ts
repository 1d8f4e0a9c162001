import { describe, expect, it } from "vitest";
import type { ToPage } from "../../src/engine/messages";
import { Transfers } from "../../src/worker/transfers";

const request = { method: "PUT", url: "https://x.example/", headers: [], body: null, max_response: 10 } as const;
const upload = { id: "u", name: "a", size: 30, replaces: "", begunAt: 0, pieces: 3, measured: 0, pieceBytes: 10 };

/** Transfers whose network never answers, until they are stopped; or is not there, so that they wait for it. */
function setUp(network: "silent" | "gone" = "silent") {
  const posted: ToPage[] = [];
  const transfers = new Transfers({
    engine: {
      measurePiece: () => undefined,
      sendPiece: () => ({ request: { ...request, headers: [] }, body: new Uint8Array(10) }),
      pieceSent: (status) => {
        if (status === undefined) throw { code: "network-unreachable", blame: "network" };
      },
      readPiece: () => ({ ...request, headers: [] }),
      openPiece: () => new Uint8Array(),
    },
    run: async () => ({ type: "missing", missing: [0, 1, 2] }),
    exchange: (_request, _body, stop) =>
      network === "gone" ? Promise.resolve(undefined) : new Promise((done) => stop.addEventListener("abort", () => done(undefined))),
    post: (message) => void posted.push(message),
    wait: () => new Promise(() => {}),
  });
  return { transfers, posted };
}

const settled = () => new Promise((done) => setTimeout(done, 20));
const failures = (posted: ToPage[]) => posted.flatMap((message) => (message.type === "failed" ? [message.failure.code] : []));

describe("content on its way", () => {
  it("says that the person stopped it", async () => {
    const { transfers, posted } = setUp();
    const over = transfers.upload(1, upload, new Blob([new Uint8Array(30)]));
    await settled();
    transfers.stop(1);
    await over;
    expect(failures(posted)).toEqual(["document-stopped"]);
  });

  it("is stopped at once, also between two tries", async () => {
    const { transfers, posted } = setUp("gone");
    const over = transfers.upload(1, upload, new Blob([new Uint8Array(30)]));
    await settled();
    transfers.stop(1);
    await over;
    expect(failures(posted)).toEqual(["document-stopped"]);
  });

  it("that was stopped because the vault locked says so, and can go on afterwards", async () => {
    const { transfers, posted } = setUp();
    const both = [1, 2].map((id) => transfers.upload(id, upload, new Blob([new Uint8Array(30)])));
    await settled();
    transfers.stopAll();
    await Promise.all(both);
    expect(failures(posted)).toEqual(["engine-ended", "engine-ended"]);
  });
});
