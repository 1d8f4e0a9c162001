// Taking data out and bringing them in: the engine gives and takes contents, a second module makes files of them. Contents
// go from one to the other here and never to the page.
import type { Command } from "../engine/commands";
import type { FileMaker, OpenedFile } from "./engine-type";
import type { Command as WorkerCommand } from "./session";

type FileCommand = Extract<Command, { type: "exportVault" | "importOpen" | "importPlan" | "importStep" | "importEnd" }>;
const types: readonly string[] = ["exportVault", "importOpen", "importPlan", "importStep", "importEnd"];

export const isFileCommand = (command: Command): command is FileCommand => types.includes(command.type);

/** As large as the module reads (wallet/src/transfer). */
const mostBytes = 257 << 20;
const mediaTypes = { backup: "application/octet-stream", exchange: "application/jose", json: "application/json", html: "text/html" };

interface Parts {
  load: () => Promise<FileMaker>;
  run: (command: WorkerCommand) => Promise<unknown>;
  now: () => number;
}

/** Files of a vault's contents; one from outside is open at a time. */
export class Files {
  #maker: Promise<FileMaker> | undefined;
  #open: OpenedFile | undefined;

  constructor(private readonly parts: Parts) {}

  async run(command: FileCommand): Promise<unknown> {
    try {
      return await this.#run(command);
    } catch (error) {
      // The module throws what it has to say as text.
      throw typeof error === "string" ? JSON.parse(error) : error;
    }
  }

  async #run(command: FileCommand): Promise<unknown> {
    if (command.type === "importEnd") return this.#close();
    const maker = await this.#load();
    if (command.type === "importOpen") {
      this.#close();
      if (command.content.size > mostBytes) throw failure("transfer-too-large", "you");
      const bytes = new Uint8Array(await command.content.arrayBuffer());
      this.#open = maker.open(bytes, command.passphrase);
      bytes.fill(0);
      return { type: "done" };
    }
    const contents = await this.#contents();
    if (command.type === "exportVault") {
      const file = maker.make(contents, command.format, command.passphrase, command.language, this.parts.now());
      return { type: "file", content: new Blob([file], { type: mediaTypes[command.format] }) };
    }
    if (!this.#open) throw failure("transfer-not-open", "wallet");
    if (command.type === "importPlan") {
      return JSON.parse(this.#open.plan(contents, command.moved, command.history, command.language));
    }
    return this.#step(this.#open, contents, command.moved, command.history);
  }

  async #step(file: OpenedFile, contents: string, moved: boolean, history: boolean): Promise<unknown> {
    const next = file.next(contents, moved, history);
    if (next === undefined) return { type: "importStep", left: 0 };
    await this.parts.run(JSON.parse(next));
    const { left } = JSON.parse(file.plan(await this.#contents(), moved, history, "en"));
    return { type: "importStep", left };
  }

  async #contents(): Promise<string> {
    return JSON.stringify(await this.parts.run({ type: "takeOut" }));
  }

  #close(): { type: "done" } {
    this.#open?.free();
    this.#open = undefined;
    return { type: "done" };
  }

  async #load(): Promise<FileMaker> {
    // A download that failed is tried again the next time.
    this.#maker ??= this.parts.load().catch(() => {
      this.#maker = undefined;
      throw failure("module-missing", "network");
    });
    return this.#maker;
  }
}

const failure = (code: string, blame: string) => ({ code, message: "", hint: "", blame, wasAnythingShared: "no" });
