/** Files as people give them: from a dialog of the browser, or dropped, folders and all; with their handles where the browser has any. */
import { say } from "../../workers/messages.ts";
import type { ChosenFile } from "../../workers/protocol.ts";
import { EngineError } from "../engine/index.ts";

export interface PickedFile extends ChosenFile {
  /** By which the file is found again after a reload; Chromium alone gives them. */
  readonly handle?: FileSystemFileHandle;
}

export interface Picked {
  readonly files: readonly PickedFile[];
  /** What the person pointed at, files or folders: what permission is asked for. Empty where the browser gives no handles. */
  readonly roots: readonly FileSystemHandle[];
}

/** Models have dozens; a whole disk is a mistake. */
const MAX_FILES = 2000;

interface PickerOptions {
  /** Dialogs of one id open where the last one was. */
  readonly id: string;
  readonly multiple?: boolean;
}

/** As Chromium has it; not in TypeScript's DOM. */
type WithPickers = typeof globalThis & {
  showOpenFilePicker?: (options: PickerOptions) => Promise<FileSystemFileHandle[]>;
  showDirectoryPicker?: (options: PickerOptions) => Promise<FileSystemDirectoryHandle>;
};
type WithHandle = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };

/**
 * Asks for files or for a folder, in a click.
 * @param take is called with what was chosen, or what becomes of it; not at all when the person thought better of it
 */
export function pickFiles(folder: boolean, take: (picked: Picked | Promise<Picked>) => void): void {
  const { showOpenFilePicker, showDirectoryPicker } = globalThis as WithPickers;
  if (!showOpenFilePicker || !showDirectoryPicker) {
    pickByInput(folder, take);
    return;
  }
  const asked = folder
    ? showDirectoryPicker({ id: "weights" }).then((root) => [root])
    : showOpenFilePicker({ id: "weights", multiple: true });
  asked.then(
    (roots) => take(filesUnder(roots)),
    (error: unknown) => {
      if (!(error instanceof DOMException && error.name === "AbortError")) take(Promise.reject(error));
    },
  );
}

function pickByInput(folder: boolean, take: (picked: Picked) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = folder;
  input.addEventListener("change", () => take(withoutHandles([...(input.files ?? [])])));
  input.click();
}

/** Call it in the event itself: afterwards the browser has put the drop away. */
export function droppedFiles(transfer: DataTransfer): Promise<Picked> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file") as WithHandle[];
  const entries = items.flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files = [...transfer.files];
  const asked = items.map((item) => item.getAsFileSystemHandle?.() ?? null);
  return Promise.all(asked)
    .catch(() => [null])
    .then(async (handles) => {
      const roots = handles.flatMap((handle) => handle ?? []);
      if (roots.length > 0 && roots.length === handles.length) return filesUnder(roots);
      // Where the browser gives no entries either, the files alone.
      return entries.length > 0 ? { files: await filesOf(entries), roots: [] } : withoutHandles(files);
    });
}

/** Files of an input, by their path where a folder was chosen. */
function withoutHandles(files: readonly File[]): Picked {
  return { files: files.map((file) => ({ name: file.webkitRelativePath || file.name, blob: file })), roots: [] };
}

/**
 * All files that handles lead to. Exported for tests.
 * @throws EngineError `bad-bundle` when there are too many; DOMException where one cannot be read
 */
export async function filesUnder(roots: readonly FileSystemHandle[]): Promise<Picked> {
  const files: PickedFile[] = [];
  const waiting = roots.map((handle) => ({ path: handle.name, handle }));
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { path, handle } = next;
    if (isFolder(handle)) {
      for await (const child of handle.values()) waiting.push({ path: `${path}/${child.name}`, handle: child });
    } else {
      const file = handle as FileSystemFileHandle;
      files.push({ name: path, blob: await file.getFile(), handle: file });
    }
    refuseTooMany(files);
  }
  return { files, roots };
}

const isFolder = (handle: FileSystemHandle): handle is FileSystemDirectoryHandle => handle.kind === "directory";

async function filesOf(roots: readonly FileSystemEntry[]): Promise<ChosenFile[]> {
  const files: ChosenFile[] = [];
  const waiting = [...roots];
  for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
    if (isDirectory(entry)) waiting.push(...(await entriesOf(entry)));
    else {
      const file = entry as FileSystemFileEntry;
      const blob = await new Promise<File>((resolve, reject) => file.file(resolve, reject));
      files.push({ name: entry.fullPath.replace(/^\//, ""), blob });
    }
    refuseTooMany(files);
  }
  return files;
}

function refuseTooMany({ length }: readonly ChosenFile[]): void {
  if (length <= MAX_FILES) return;
  throw new EngineError(
    "bad-bundle",
    say("More than {most} files: choose the model's own folder.", { most: MAX_FILES }),
  );
}

const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** Browsers hand them out in portions, an empty one at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  while (true) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return entries;
    entries.push(...portion);
  }
}
