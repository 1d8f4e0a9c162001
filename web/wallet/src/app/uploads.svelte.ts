// Uploads of this page, one after another. The files stay chosen while the vault is locked, so that an upload goes on
// after unlocking; after the page was loaded again the person must choose the file once more.
import type { Progress } from "../engine/client";
import type { Failure } from "../engine/messages";
import type { UploadView } from "../engine/views";
import { app, failureOf } from "./app.svelte";
import { tell, typeOf } from "./media";

/** One file on its way. */
export class Upload {
  progress = $state.raw<Progress>();
  failure = $state.raw<Failure>();
  /** As the engine knows it; unknown before it was begun. */
  begun: UploadView | undefined;
  stop: (() => void) | undefined;
  cancelled = false;

  constructor(
    readonly file: File,
    /** The document that gets a new version; a new document when empty. */
    readonly replaces: string,
    begun?: UploadView,
  ) {
    this.begun = begun;
  }

  get name(): string {
    return this.begun?.name ?? this.file.name;
  }

  get percent(): number {
    const { progress } = this;
    return !progress || progress.phase === "preparing" || progress.total === 0 ? 0 : Math.floor((100 * progress.done) / progress.total);
  }
}

class Uploads {
  /** Those that have not ended, in order. */
  list = $state.raw<Upload[]>([]);
  /** Counts those that ended well. */
  finished = $state(0);
  #busy = false;
  /** The vault they are for. */
  #vault: string | undefined;

  add(files: Iterable<File>, replaces = ""): void {
    this.list = [...this.list, ...[...files].map((file) => new Upload(file, replaces))];
    void this.goOn();
  }

  /** Goes on with an upload of this device, with its file chosen again. */
  again(begun: UploadView, file: File): void {
    this.list = [...this.list.filter((upload) => upload.begun?.id !== begun.id), new Upload(file, begun.replaces, begun)];
    void this.goOn();
  }

  retry(upload: Upload): void {
    upload.failure = undefined;
    void this.goOn();
  }

  /** Gives an upload up, here and at the vault service. */
  async cancel(upload: Upload): Promise<void> {
    upload.cancelled = true;
    upload.stop?.();
    this.#drop(upload);
    await this.#giveUp(upload);
    app.announce(app.t("upload.cancelled", { name: upload.name }));
  }

  /** Works on what waits. Called when something was added and whenever the vault was opened. */
  async goOn(): Promise<void> {
    if (this.#busy || !app.isOpen) return;
    this.#vault = app.status?.vaultAddress;
    this.#busy = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) await this.#send(next);
    } finally {
      this.#busy = false;
    }
  }

  /** The vault was locked while files were on their way: they wait for it to be opened again. */
  unlocked(): void {
    // Whoever opened another vault in this page must not get what was meant for the one before.
    if (this.#vault !== app.status?.vaultAddress) this.list = [];
    for (const upload of this.list) if (["engine-ended", "vault-locked"].includes(upload.failure?.code ?? "")) upload.failure = undefined;
    void this.goOn();
  }

  async #giveUp({ begun }: Upload): Promise<void> {
    if (begun) await app.call({ type: "documentCancel", upload: begun.id }).catch(() => undefined);
    this.finished += 1;
  }

  #next(): Upload | undefined {
    return this.list.find((upload) => !upload.failure);
  }

  #drop(upload: Upload): void {
    this.list = this.list.filter((other) => other !== upload);
  }

  async #send(upload: Upload): Promise<void> {
    const { file } = upload;
    try {
      if (!upload.begun) {
        const mediaType = typeOf(new Uint8Array(await file.slice(0, tell).arrayBuffer()), file.type);
        const what = { name: file.name, mediaType, size: file.size, about: "", replaces: upload.replaces };
        upload.begun = (await app.call({ type: "documentBegin", ...what })).upload;
      } else {
        // How far it was measured may have changed since.
        const { uploads } = await app.call({ type: "documents" });
        upload.begun = uploads.find((known) => known.id === upload.begun?.id) ?? upload.begun;
      }
      const { engine } = app;
      // Begun just then: the service keeps nothing for it.
      if (upload.cancelled) return await this.#giveUp(upload);
      if (!engine) return;
      app.announce(app.t("upload.sending", { name: upload.name }));
      let told = 0;
      const { done, stop } = engine.upload(upload.begun, file, (progress) => {
        upload.progress = progress;
        // Every quarter, not every step: a screen reader says each of them.
        const quarter = Math.floor(upload.percent / 25);
        if (quarter > told && quarter < 4) app.announce(app.t("upload.so-far", { name: upload.name, percent: quarter * 25 }));
        told = Math.max(told, quarter);
      });
      upload.stop = stop;
      await done;
      this.#drop(upload);
      this.finished += 1;
      app.announce(app.t("upload.added", { name: upload.name }));
    } catch (error) {
      if (upload.cancelled) return;
      upload.progress = undefined;
      upload.failure = failureOf(error);
      // Unreadable, or not a name: nothing was begun that could go on.
      if (!upload.begun && upload.failure.code === "unexpected") upload.failure = { ...upload.failure, code: "document-file-unreadable", blame: "you" };
    }
  }
}

export const uploads = new Uploads();

// What stopped because the connection was gone goes on when it is back.
addEventListener("online", () => {
  for (const upload of uploads.list) if (upload.failure?.blame === "network") uploads.retry(upload);
});
