/** Files at public addresses, as people paste them. */
import { addressPath, sharedFolders } from "../../workers/weights/import/address-path.ts";
import { looksLikeWeights, MAX_NAME } from "./import-names.ts";

const HUGGING_FACE = "huggingface.co";

export interface Addresses {
  readonly urls: readonly string[];
  /** The first line that is no http(s) address. */
  readonly wrong: string | undefined;
}

/** The addresses in a text, one a line, each once. */
export function addressesIn(text: string): Addresses {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const urls = lines.map(addressOf);
  return {
    urls: [...new Set(urls.flatMap((url) => (url ? [fileAddress(url).href] : [])))],
    wrong: lines[urls.indexOf(undefined)],
  };
}

function addressOf(line: string): URL | undefined {
  return URL.canParse(line) && /^https?:/i.test(line) ? new URL(line) : undefined;
}

/** Where the file itself is: people copy the address of its page on Hugging Face. */
export function fileAddress(url: URL): URL {
  const file = new URL(url);
  if (file.hostname === HUGGING_FACE) file.pathname = file.pathname.replace(/^(\/[^/]+\/[^/]+)\/blob\//, "$1/resolve/");
  return file;
}

/** What a model of these files is called: as the repository or the folder that they are in, or as the first file of weights. */
export function nameFromAddresses(addresses: readonly string[]): string {
  const urls = addresses.map((address) => new URL(address));
  const first = urls.find(({ pathname }) => looksLikeWeights({ name: pathname })) ?? urls[0];
  if (!first) return "";
  const file = nameIn(first)
    .replace(/\.\w+$/, "")
    .replace(/-\d+-of-\d+$/, "");
  return ((urls.length > 1 && (repositoryOf(first) || folderOf(urls))) || file || first.host).slice(0, MAX_NAME);
}

const repositoryOf = ({ hostname, pathname }: URL) =>
  hostname === HUGGING_FACE ? pathname.match(/^\/[^/]+\/([^/]+)\/resolve\//)?.[1] : undefined;

/** The folder of all where folders tell them apart. */
function folderOf(urls: readonly URL[]): string | undefined {
  const paths = urls.map(addressPath);
  const shared = sharedFolders(paths);
  return shared > 1 && paths.some((path) => path.length > shared + 1) ? paths[0]?.[shared - 1] : undefined;
}

/** The last part of an address. */
export const nameIn = (url: URL) => addressPath(url).at(-1) ?? "";
