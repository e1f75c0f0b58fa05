/** A server of another origin that lets every site read the files of a folder, whole or in parts. */
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

export interface AnotherSite {
  /** Address of a file by its path in the folder. */
  addressOf(path: string): string;
  close(): Promise<void>;
}

export async function anotherSite(folder: string): Promise<AnotherSite> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = await open(join(folder, normalize(path))).catch(() => undefined);
    if (!file) {
      response.writeHead(404, OPEN).end();
      return;
    }
    const { size, mtimeMs } = await file.stat();
    const [, from, to] = request.headers.range?.match(/^bytes=(\d+)-(\d*)$/) ?? [];
    const isPart = from !== undefined;
    const start = Number(from ?? 0);
    const end = Math.min(to ? Number(to) : size, size - 1);
    response.writeHead(isPart ? 206 : 200, {
      ...OPEN,
      "content-length": end - start + 1,
      etag: `"${size}-${mtimeMs}"`,
      ...(isPart && { "content-range": `bytes ${start}-${end}/${size}` }),
    });
    // A stream closes its file.
    if (request.method !== "HEAD") file.createReadStream({ start, end }).pipe(response);
    else response.end(() => void file.close());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    addressOf: (path) => `http://127.0.0.1:${port}/${path}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const OPEN = { "access-control-allow-origin": "*" };
