// Looks into the memory of a page and of its worker, as a debugger does.
import { formsOf } from "./canary.mjs";

/** Goes before the worker's own code: every memory that a module brings is noted. Chromium's search by prototype does not end here. */
const NOTE_MEMORIES = `
  self.memoriesOfTheTest = [];
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await original.apply(WebAssembly, given);
      const { memory } = (made.instance ?? made).exports;
      if (memory) self.memoriesOfTheTest.push(memory);
      return made;
    };
  }
`;

/** A page with its worker, seen through the DevTools protocol. */
export class Memory {
  #session;
  #workers = new Map();
  #next = 1;
  #answers = new Map();
  #chunks = new Map();

  static async of(page) {
    const memory = new Memory();
    // In the script itself: Playwright lets a worker that waits for the debugger go when it likes.
    await page.route(/\/assets\/main-[^/]*\.js$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: NOTE_MEMORIES + (await response.text()) });
    });
    const session = await page.context().newCDPSession(page);
    memory.#session = session;
    session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type === "worker") {
        memory.#workers.set(sessionId, targetInfo.targetId);
      }
      void memory.#tell(sessionId, "Runtime.runIfWaitingForDebugger");
    });
    session.on("Target.detachedFromTarget", ({ sessionId }) => memory.#workers.delete(sessionId));
    session.on("Target.receivedMessageFromTarget", ({ sessionId, message }) => memory.#heard(sessionId, JSON.parse(message)));
    session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => memory.#chunks.get("")?.push(chunk));
    await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: false });
    return memory;
  }

  /** Ids of the workers that are alive. */
  get workers() {
    return [...this.#workers.values()];
  }

  /** Which canaries are in the worker: in its heap, and in every memory of WebAssembly in it. */
  async inWorker(canaries) {
    const [sessionId] = [...this.#workers.keys()].slice(-1);
    const tell = (method, parameters) => this.#tell(sessionId, method, parameters);
    const found = await this.#inHeap(sessionId, tell, canaries);
    const { result: memories } = await tell("Runtime.evaluate", { expression: "self.memoriesOfTheTest" });
    const { result } = await tell("Runtime.callFunctionOn", {
      objectId: memories.objectId,
      functionDeclaration: `function (wanted) {
        const found = [];
        let bytes = 0;
        for (const { buffer } of this) {
          const memory = new Uint8Array(buffer);
          bytes += memory.length;
          for (const { what, needle } of wanted) {
            for (let at = memory.indexOf(needle[0]); at >= 0; at = memory.indexOf(needle[0], at + 1)) {
              if (needle.every((byte, offset) => memory[at + offset] === byte)) { found.push(what); break; }
            }
          }
        }
        return { found, bytes, memories: this.length };
      }`,
      arguments: [{ value: needles(canaries).map(({ what, needle }) => ({ what, needle: [...needle] })) }],
      returnByValue: true,
    });
    return { found: [...found, ...result.value.found.map((what) => `WebAssembly: ${what}`)], bytes: result.value.bytes, memories: result.value.memories };
  }

  /** Every text of base64url of this length that stands alone in the worker's memories of WebAssembly. */
  async textsInWorker(length) {
    const [sessionId] = [...this.#workers.keys()].slice(-1);
    const tell = (method, parameters) => this.#tell(sessionId, method, parameters);
    const { result: memories } = await tell("Runtime.evaluate", { expression: "self.memoriesOfTheTest" });
    const { result } = await tell("Runtime.callFunctionOn", {
      objectId: memories.objectId,
      functionDeclaration: `function (length) {
        const one = "[A-Za-z0-9_-]";
        const whole = new RegExp("(?<!" + one + ")" + one + "{" + length + "}(?!" + one + ")", "g");
        return [...new Set(this.flatMap(({ buffer }) => new TextDecoder("latin1").decode(buffer).match(whole) ?? []))];
      }`,
      arguments: [{ value: length }],
      returnByValue: true,
    });
    return result.value;
  }

  /** Which canaries are in the heap of the page. */
  async inPage(canaries) {
    const tell = (method, parameters) => this.#session.send(method, parameters);
    return this.#inHeap("", tell, canaries);
  }

  async #inHeap(where, tell, canaries) {
    await tell("HeapProfiler.enable");
    await tell("HeapProfiler.collectGarbage");
    this.#chunks.set(where, []);
    await tell("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
    const heap = this.#chunks.get(where).join("");
    this.#chunks.delete(where);
    const { strings } = JSON.parse(heap);
    if (strings.length < 1000) throw new Error(`only ${strings.length} texts in the heap`);
    const all = Buffer.from(strings.join("\n"));
    return needles(canaries).filter(({ needle }) => all.includes(needle)).map(({ what }) => `heap: ${what}`);
  }

  #tell(sessionId, method, parameters = {}) {
    const id = this.#next++;
    const answer = new Promise((done, failed) => this.#answers.set(id, { done, failed }));
    void this.#session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method, params: parameters }) });
    return answer;
  }

  #heard(sessionId, message) {
    if (message.method === "HeapProfiler.addHeapSnapshotChunk") this.#chunks.get(sessionId)?.push(message.params.chunk);
    const waiting = this.#answers.get(message.id);
    if (!waiting) return;
    this.#answers.delete(message.id);
    if (message.error) waiting.failed(new Error(message.error.message));
    else waiting.done(message.result);
  }
}

const needles = (canaries) =>
  Object.entries(canaries).flatMap(([name, text]) => [...formsOf(text)].map(([form, needle]) => ({ what: `${name} (${form})`, needle })));
