/** A plain file server over a folder, below any path of an origin of its own: how the build is hosted by others. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

export interface StaticServer {
  /** Where the folder lies, ending in a slash. */
  url: string;
  close(): Promise<void>;
}

/**
 * @param folder what to serve
 * @param basePath where, such as `/a/b/`
 * @param pages further pages, by path from the root
 * @param onRequest may set headers, or only note what is asked for
 */
export async function serveStatic(
  folder: string,
  basePath: string,
  pages: Record<string, string> = {},
  onRequest: (path: string, response: ServerResponse) => void = () => {},
): Promise<StaticServer> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    onRequest(path, response);
    const page = pages[path];
    if (page !== undefined) {
      response.setHeader("Content-Type", "text/html");
      response.end(page);
      return;
    }
    const inside = path.startsWith(basePath) ? normalize(`/${path.slice(basePath.length)}`) : undefined;
    const file = join(folder, inside?.endsWith("/") ? `${inside}index.html` : (inside ?? ""));
    const found = inside ? await stat(file).catch(() => undefined) : undefined;
    if (!found?.isFile()) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    response.setHeader("Content-Length", found.size);
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${basePath}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
