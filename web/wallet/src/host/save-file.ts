/** Lets the person keep a text as a file. */
export function saveFile(name: string, content: string): void {
  saveBlob(name, new Blob([content], { type: "application/json" }));
}

/** Lets the person keep a Blob as a file. */
export function saveBlob(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the file after this turn; a large one takes longer to begin.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

type Picker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

/**
 * Asks where to write a file, so that its content goes there piece by piece. `undefined` where the browser cannot:
 * then {@link saveBlob} it.
 */
export async function chooseFile(name: string): Promise<FileSystemFileHandle | "dismissed" | undefined> {
  const picker = (globalThis as { showSaveFilePicker?: Picker }).showSaveFilePicker;
  if (!picker) return undefined;
  try {
    return await picker({ suggestedName: name });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return "dismissed";
    return undefined;
  }
}
