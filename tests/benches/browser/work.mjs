// What is measured, for Node and for a browser alike: the wallet's own work inside WebAssembly, from the person's "share"
// to the encrypted response, step by step as an app drives it. Time on the network is not in it.

/** Drives commands, and adds up the time inside the engine. */
class Timed {
  constructor(wallet) {
    this.wallet = wallet;
  }

  /** Runs a command; `until(request)` true stops the clock. Gives the reply and the milliseconds. */
  async run(command, until = () => false) {
    let ms = 0;
    let stopped = false;
    const timed = (work) => {
      const started = performance.now();
      const step = work();
      if (!stopped) ms += performance.now() - started;
      return step;
    };
    let step = timed(() => this.wallet.start(command));
    while (step.type === "send") {
      stopped ||= until(step.request);
      const response = await send(step.request);
      step = timed(() => this.wallet.resume(response));
    }
    return { reply: step.reply, ms };
  }
}

async function send({ method, url, headers, body }) {
  const answer = await fetch(url, { method, headers, body, redirect: "error", credentials: "omit" });
  return { status: answer.status, headers: [...answer.headers], body: await answer.text() };
}

const DOCUMENT = 32 << 20;

/** A document of 32 MiB, piece by piece as the app does it: milliseconds of each inside the engine, and of AES-256-GCM of the browser itself. */
async function measureDocument(wallet, timed) {
  const content = new Uint8Array(DOCUMENT);
  for (let at = 0; at < DOCUMENT; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
  const { upload } = (await timed.run({ type: "documentBegin", name: "measured", size: DOCUMENT })).reply;
  const piece = (number) => content.subarray(number * upload.pieceBytes, (number + 1) * upload.pieceBytes);
  const [measure, seal, open, raw] = [[], [], [], []];
  const clock = (work, add) => {
    const started = performance.now();
    const done = work();
    add(performance.now() - started);
    return done;
  };
  for (let at = 0; at < upload.pieces; at++) clock(() => wallet.measurePiece(upload.id, at, piece(at)), (ms) => measure.push(ms));
  const { missing } = (await timed.run({ type: "documentDeclare", upload: upload.id })).reply;
  for (const at of missing) {
    const { request, body } = clock(() => wallet.sendPiece(upload.id, at, piece(at)), (ms) => seal.push(ms));
    const { status } = await fetch(request.url, { method: request.method, headers: request.headers, body });
    wallet.pieceSent(status);
  }
  const { document } = (await timed.run({ type: "documentFinish", upload: upload.id })).reply;
  const [file] = document.files;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  for (let at = 0; at * file.pieceBytes < file.size; at++) {
    const { url, headers } = wallet.readPiece(document.id, file.id, at);
    const answer = await fetch(url, { headers });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const back = clock(() => wallet.openPiece(document.id, file.id, at, { status: answer.status, bytes }), (ms) => open.push(ms));
    if (back.some((byte, index) => byte !== piece(at)[index])) throw new Error("not what was sealed");
    const started = performance.now();
    await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, back);
    raw.push(performance.now() - started);
  }
  return { pieceBytes: upload.pieceBytes, measure, seal, open, raw };
}

/**
 * @param {{ base: string, offers: string[], kinds: { name: string, links: string[] }[], warmUp: number }} job
 * @param {{ Wallet: any }} engine the npm package, loaded
 * @returns per kind the milliseconds of each run, and what unlocking took
 */
export async function measure(job, { Wallet }) {
  const passphrase = "a passphrase for measuring 1";
  const wallet = new Wallet({ operator: job.base, sandbox: true });
  const timed = new Timed(wallet);
  const { reply: made } = await timed.run({ type: "createVault", passphrase });
  const groups = [0, 1].map((index) => ({ index, text: made.recoveryCode[index] }));
  await timed.run({ type: "confirmRecovery", groups });
  for (const link of job.offers) {
    await timed.run({ type: "offerOpen", link });
    await timed.run({ type: "offerAccept" });
  }
  const kinds = [];
  for (const { name, links } of job.kinds) {
    const [read, build, bytes] = [[], [], []];
    for (const [index, link] of links.entries()) {
      const opened = await timed.run({ type: "requestOpen", link });
      const { request } = opened.reply;
      if (!request.canShare) throw new Error(`cannot share: ${JSON.stringify(request.missing)}`);
      const warnings = [...request.warnings, ...request.required.flatMap((block) => block.warnings)];
      const understood = warnings.filter((w) => w.mustUnderstand).map((w) => w.code);
      let size = 0;
      const shared = await timed.run({ type: "requestShare", shown: request.shown, optional: [], understood }, ({ url, body }) => {
        if (!url.includes("/vp/responses/")) return false;
        size = body.length;
        return true;
      });
      if (shared.reply.result.outcome !== "shared" || size === 0) throw new Error(JSON.stringify(shared.reply));
      if (index >= job.warmUp) {
        read.push(opened.ms);
        build.push(shared.ms);
        bytes.push(size);
      }
    }
    kinds.push({ name, read, build, bytes });
  }
  const documents = await measureDocument(wallet, timed);
  await timed.run({ type: "lock" });
  const unlock = [];
  for (let i = 0; i < 5; i++) {
    unlock.push((await timed.run({ type: "unlock", passphrase })).ms);
    await timed.run({ type: "lock" });
  }
  return { kinds, unlock, documents };
}
