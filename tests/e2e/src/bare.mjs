// Chromium over its pipe, with nothing attached that keeps what goes over the network: Playwright's tracing of requests would
// be measured along with the page.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { until } from "./stack.mjs";

export class Bare {
  #calls = new Map();
  #next = 1;

  constructor(profile) {
    const args = ["--headless=new", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "--no-first-run", "--disable-background-networking"];
    if (process.getuid?.() === 0) args.push("--no-sandbox");
    this.child = spawn(process.env.CHROMIUM ?? "/usr/bin/chromium", args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let rest = Buffer.alloc(0);
    this.child.stdio[4].on("data", (data) => {
      rest = Buffer.concat([rest, data]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        const message = JSON.parse(rest.subarray(0, end).toString());
        rest = rest.subarray(end + 1);
        const call = this.#calls.get(message.id);
        this.#calls.delete(message.id);
        if (message.error) call?.failed(new Error(message.error.message));
        else call?.done(message.result);
      }
    });
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    const answer = new Promise((done, failed) => this.#calls.set(id, { done, failed }));
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return answer;
  }

  async open(url) {
    const { targetId } = await this.send("Target.createTarget", { url });
    this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  }

  /** The value of an expression in the page. */
  async value(expression) {
    const { result } = await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true }, this.session);
    return result.value;
  }

  /** Waits until a selector is there. */
  sees(selector, seconds = 30) {
    // A page that is only just beginning has nothing to ask yet.
    return until(selector, () => this.value(`document.querySelector(${JSON.stringify(selector)}) !== null`).catch(() => false), seconds);
  }

  async choose(selector, file) {
    const { root } = await this.send("DOM.getDocument", {}, this.session);
    const { nodeId } = await this.send("DOM.querySelector", { nodeId: root.nodeId, selector }, this.session);
    await this.send("DOM.setFileInputFiles", { nodeId, files: [file] }, this.session);
  }

  /** Megabytes of the page's process, its worker and WebAssembly in it: now, and the most since it was last reset. */
  async memory(reset = false) {
    const { processInfo } = await this.send("SystemInfo.getProcessInfo");
    const of = (id, field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0) / 1000;
    const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
    const [page] = renderers.toSorted((a, b) => of(b, "VmRSS") - of(a, "VmRSS"));
    if (reset) writeFileSync(`/proc/${page}/clear_refs`, "5");
    return { now: Math.round(of(page, "VmRSS")), most: Math.round(of(page, "VmHWM")) };
  }

  async close() {
    const ended = new Promise((done) => this.child.once("exit", done));
    await this.send("Browser.close").catch(() => undefined);
    await ended;
  }
}
