/** Host, folders and file of an address, each as it stands there where its escapes are none. */
export const addressPath = ({ host, pathname }: URL): string[] => [host, ...pathname.slice(1).split("/").map(decoded)];

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** How many folders in the beginning of `paths`, which end in a file each, are those of all. */
export function sharedFolders(paths: readonly (readonly string[])[]): number {
  const folders = paths.map((path) => path.slice(0, -1));
  const [first = []] = folders;
  const end = first.findIndex((folder, i) => folders.some((path) => path[i] !== folder));
  return end === -1 ? first.length : end;
}
