/** Addresses that a person gave, as the files of a model. */
import { EngineFault } from "../../faults.ts";
import { say } from "../../messages.ts";
import type { RemoteFile } from "../../protocol.ts";
import { addressPath, sharedFolders } from "./address-path.ts";
import { isBeside, isReadBeside } from "./source-files.ts";

export type MeantFile = RemoteFile & { readonly name: string };

/**
 * The files that an import reads, each by a name: its path without the folder that all of them share, so that folders tell files apart as in a
 * folder that was chosen. What folders hold beside weights is left out here too.
 * @throws EngineFault `bad-bundle` when one is no http(s) address, or none is left
 */
export function meantFiles(remote: readonly RemoteFile[]): MeantFile[] {
  const urls = remote.map(({ url }) => checkedUrl(url));
  const paths = urls.map(addressPath);
  const shared = sharedFolders(paths);
  const named = remote.map((file, i) => ({
    ...file,
    url: (urls[i] as URL).href,
    name: file.name ?? (paths[i]?.slice(shared).join("/") || "file"),
  }));
  // What was given alone was meant, whatever it is.
  const meant = named.filter(({ name }) => named.length === 1 || !isBeside(name) || isReadBeside(name));
  if (meant.length === 0) throw new EngineFault("bad-bundle", say("None of these files holds weights."));
  return meant;
}

/** @throws EngineFault `bad-bundle` when it is no http(s) address */
function checkedUrl(url: string): URL {
  try {
    const parsed = new URL(url);
    if ((parsed.protocol === "https:" || parsed.protocol === "http:") && !parsed.username && !parsed.password)
      return parsed;
  } catch {
    // Not an address at all.
  }
  throw new EngineFault(
    "bad-bundle",
    say("“{url}” is not the address of a file (https://…)", { url: url.slice(0, 200) }),
  );
}
