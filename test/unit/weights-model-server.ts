/** A real HTTP server with one bundle, that misbehaves as told. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { modelJsonOf, noise } from "./weights-model-json.ts";

const CHUNK = 16 * 2 ** 20;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

export type Files = Record<string, Buffer>;

export interface ModelJsonOptions {
  id?: string;
  /** Whether files of several chunks list their hashes. */
  listed?: boolean;
}

/** A model.json that fits these files; its networks read weights.safetensors. */
export function modelJson(files: Files, { id = "tiny", listed = true }: ModelJsonOptions = {}) {
  const describe = (bytes: Buffer) => ({
    size: bytes.length,
    sha256: sha256(bytes),
    ...(listed && bytes.length > CHUNK
      ? {
          chunks: Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, i) =>
            sha256(bytes.subarray(i * CHUNK, (i + 1) * CHUNK)),
          ),
        }
      : {}),
  });
  return modelJsonOf(id, Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, describe(bytes)])));
}

/** One long file of three chunks, the last one short, and two small ones. */
export const tinyFiles = (seed = 1): Files => ({
  "weights.safetensors": Buffer.from(noise(2 * CHUNK + 12_345, seed)),
  "sentencepiece.model": Buffer.from(noise(1000, seed + 1)),
  "dict.txt": Buffer.from(noise(10, seed + 2)),
});

export interface Seen {
  file: string;
  range: string | undefined;
  ifRange: string | undefined;
}

/** Answers in the server's place, and says that it did. `count`: how often this file was asked for before. */
export type Fault = (seen: Seen & { count: number }, req: IncomingMessage, res: ServerResponse) => boolean;

export class ModelServer {
  /** What each path holds; replace entries to change the server's mind. */
  files: Record<string, Buffer | string> = {};
  ranges = true;
  /** undefined: no ETags. */
  etag: ((file: string) => string | undefined) | undefined;
  fault: Fault | undefined;
  requests: Seen[] = [];
  /** The most requests that were in progress at a time. */
  peak = 0;
  url = "";
  private active = 0;

  private readonly server = createServer((req, res) => this.answer(req, res));

  static async start(files: Files, options?: ModelJsonOptions): Promise<ModelServer> {
    const server = new ModelServer();
    server.publish(files, options);
    await new Promise<void>((resolve) => server.server.listen(0, "127.0.0.1", resolve));
    server.url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/models/tiny`;
    return server;
  }

  publish(files: Files, options?: ModelJsonOptions): void {
    this.files = { ...files, "model.json": JSON.stringify(modelJson(files, options)) };
  }

  /** Requests for one file since the last `requests.length = 0`. */
  asked(file: string): Seen[] {
    return this.requests.filter((seen) => seen.file === file);
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private answer(req: IncomingMessage, res: ServerResponse): void {
    const file = new URL(req.url ?? "/", "http://host").pathname.replace("/models/tiny/", "");
    const seen: Seen = { file, range: req.headers.range, ifRange: req.headers["if-range"] as string | undefined };
    const count = this.asked(file).length;
    this.requests.push(seen);
    this.active++;
    this.peak = Math.max(this.peak, this.active);
    res.on("close", () => this.active--);
    if (this.fault?.({ ...seen, count }, req, res)) return;
    this.serve(seen, res);
  }

  serve({ file, range, ifRange }: Seen, res: ServerResponse): void {
    const held = this.files[file];
    if (held === undefined) {
      res.writeHead(404).end("not here");
      return;
    }
    const body = Buffer.from(held as Buffer);
    const etag = this.etag?.(file);
    const headers = etag === undefined ? {} : { etag };
    const [, from, to] = range?.match(/^bytes=(\d+)-(\d+)$/) ?? [];
    if (!this.ranges || from === undefined || (ifRange !== undefined && ifRange !== etag)) {
      res.writeHead(200, { ...headers, "content-length": body.length }).end(body);
      return;
    }
    if (Number(from) >= body.length) {
      res.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
      return;
    }
    const end = Math.min(Number(to) + 1, body.length);
    const part = body.subarray(Number(from), end);
    const contentRange = `bytes ${from}-${end - 1}/${body.length}`;
    res.writeHead(206, { ...headers, "content-length": part.length, "content-range": contentRange }).end(part);
  }
}
