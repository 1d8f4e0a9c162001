// Taking data out and bringing them in: the engine gives and takes contents, a second module makes files of them. Contents
// go from one to the other here and never to the page.
import type { Command } from "../engine/commands";
import { type BackupMaker, beginning, type FileMaker, type OpenedFile } from "./engine-type";
import type { Command as WorkerCommand } from "./session";

type FileCommand = Extract<Command, { type: "exportVault" | "importOpen" | "importPlan" | "importStep" | "importEnd" }>;
const types: readonly string[] = ["exportVault", "importOpen", "importPlan", "importStep", "importEnd"];

export const isFileCommand = (command: Command): command is FileCommand => types.includes(command.type);

const mediaTypes = { backup: "application/octet-stream", exchange: "application/jose", json: "application/json", html: "text/html" };

interface Parts {
  load: () => Promise<FileMaker>;
  run: (command: WorkerCommand) => Promise<unknown>;
  now: () => number;
}

/** Files of a vault's contents; one from outside is open at a time. */
export class Files {
  #maker: Promise<FileMaker> | undefined;
  #open: { file: OpenedFile; content: Blob } | undefined;

  constructor(private readonly parts: Parts) {}

  async run(command: FileCommand): Promise<unknown> {
    try {
      return await this.#run(command);
    } catch (error) {
      // The module throws what it has to say as text.
      throw typeof error === "string" ? JSON.parse(error) : error;
    }
  }

  /** The file that is open, and its bytes. */
  get opened(): { file: OpenedFile; content: Blob } {
    if (!this.#open) throw failure("transfer-not-open", "wallet");
    return this.#open;
  }

  /** Begins a backup with documents. */
  async backup(passphrase: string): Promise<BackupMaker> {
    const maker = await this.#load();
    return maker.backup(await this.contents(), passphrase, this.parts.now());
  }

  /** Everything the vault holds, as the module for files takes it. */
  async contents(): Promise<string> {
    return JSON.stringify(await this.parts.run({ type: "takeOut" }));
  }

  async #run(command: FileCommand): Promise<unknown> {
    if (command.type === "importEnd") return this.#close();
    const maker = await this.#load();
    if (command.type === "importOpen") {
      this.#close();
      this.#open = { file: await open(maker, command.content, command.passphrase), content: command.content };
      return { type: "done" };
    }
    const contents = await this.contents();
    if (command.type === "exportVault") {
      const file = maker.make(contents, command.format, command.passphrase, command.language, this.parts.now());
      return { type: "file", content: new Blob([file], { type: mediaTypes[command.format] }) };
    }
    const { file } = this.opened;
    if (command.type === "importPlan") return JSON.parse(file.plan(contents, command.moved, command.history, command.language));
    return this.#step(file, contents, command.moved, command.history);
  }

  async #step(file: OpenedFile, contents: string, moved: boolean, history: boolean): Promise<unknown> {
    const next = file.next(contents, moved, history);
    if (next === undefined) return { type: "importStep", left: 0 };
    await this.parts.run(JSON.parse(next));
    const { left } = JSON.parse(file.plan(await this.contents(), moved, history, "en"));
    return { type: "importStep", left };
  }

  #close(): { type: "done" } {
    this.#open?.file.free();
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

/** Reads what is needed of a file: not its documents. */
async function open(maker: FileMaker, content: Blob, passphrase: string | undefined): Promise<OpenedFile> {
  const read = async (from: number, to: number) => new Uint8Array(await content.slice(from, to).arrayBuffer());
  const opening = maker.open(await read(0, beginning), content.size, passphrase);
  try {
    for (;;) {
      const [from, to] = opening.wants();
      if (from === undefined || to === undefined) return opening.end();
      const bytes = await read(from, to);
      opening.take(bytes);
      bytes.fill(0);
    }
  } finally {
    opening.free();
  }
}

const failure = (code: string, blame: string) => ({ code, message: "", hint: "", blame, wasAnythingShared: "no" });
