/** What was dropped, folders and all. */
import { say } from "../../workers/messages.ts";
import type { ChosenFile } from "../../workers/protocol.ts";
import { EngineError } from "../engine/index.ts";

/** Models have dozens; a whole disk is a mistake. */
const MAX_FILES = 2000;

/** Call it in the event itself: afterwards the browser has put the drop away. */
export function droppedFiles(transfer: DataTransfer): Promise<ChosenFile[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  // Where the browser gives no entries, the files alone.
  if (entries.length === 0) return Promise.resolve(chosenFiles([...transfer.files]));
  return filesOf(entries);
}

/** Files of an input, by their path where a folder was chosen. */
export function chosenFiles(files: readonly File[]): ChosenFile[] {
  return files.map((file) => ({ name: file.webkitRelativePath || file.name, blob: file }));
}

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
    if (files.length > MAX_FILES) {
      throw new EngineError(
        "bad-bundle",
        say("More than {most} files: choose the model's own folder.", { most: MAX_FILES }),
      );
    }
  }
  return files;
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
