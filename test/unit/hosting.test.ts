import { readFileSync } from "node:fs";
import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import { PAGE_POLICY, WORKER_POLICY } from "../../hosting/content-security-policy.ts";
import { webAppManifest } from "../../hosting/web-app-manifest.ts";
import { PROJECT_EXTENSION } from "../../src/gallery/project-file.ts";

const read = (path: string) => readFileSync(path, "utf8");

/** `_headers` -> the headers of each path. */
function headersFile(): Map<string, Map<string, string>> {
  const paths = new Map<string, Map<string, string>>();
  let headers = new Map<string, string>();
  for (const line of read("public/_headers").split("\n")) {
    if (line.startsWith("/")) {
      headers = new Map();
      paths.set(line, headers);
    }
    const header = /^ {2}([\w-]+): (.*)$/.exec(line);
    if (header) headers.set(header[1] ?? "", header[2] ?? "");
  }
  return paths;
}

interface VercelRule {
  readonly source: string;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
}

describe("the policy", () => {
  test("allows no inline code and no eval, and pages their own server alone", () => {
    for (const policy of [PAGE_POLICY, WORKER_POLICY]) {
      expect(policy).toMatch(/^default-src 'none'; /);
      expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*(?!;|$| )(?!\S*:)/);
      expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    }
    expect(PAGE_POLICY).toContain("connect-src 'self';");
  });

  test("is the same in every header file", () => {
    const netlify = headersFile();
    for (const page of ["/", "/index.html", "/embed.html", "/service-worker.js"]) {
      expect(netlify.get(page)?.get("Content-Security-Policy"), page).toBe(PAGE_POLICY);
    }
    expect(netlify.get("/assets/*")?.get("Content-Security-Policy")).toBe(WORKER_POLICY);

    const { headers } = JSON.parse(read("vercel.json")) as { headers: readonly VercelRule[] };
    const policyOf = (path: string) =>
      headers
        .filter(({ source }) => new RegExp(`^${source}$`).test(path))
        .flatMap((rule) => rule.headers)
        .filter(({ key }) => key === "Content-Security-Policy")
        .map(({ value }) => value);
    for (const page of ["/", "/index.html", "/embed.html", "/service-worker.js"])
      expect(policyOf(page), page).toEqual([PAGE_POLICY]);
    expect(policyOf("/assets/library.worker-abc.js")).toEqual([WORKER_POLICY]);
    expect(policyOf("/ort/ort-wasm-simd-threaded.jspi.wasm")).toEqual([]);

    const nginx = [...read("hosting/nginx.conf").matchAll(/Content-Security-Policy "(.*)"/g)].map(
      ([, policy]) => policy,
    );
    expect(nginx).toEqual([PAGE_POLICY, WORKER_POLICY]);
  });

  test("other sites may load the widget's element as a module, and nothing else of the app", () => {
    const name = "Access-Control-Allow-Origin";
    const shared = [...headersFile()].filter(([, headers]) => headers.has(name)).map(([path]) => path);
    expect(shared).toEqual(["/embed.js"]);
    const { headers } = JSON.parse(read("vercel.json")) as { headers: readonly VercelRule[] };
    const rules = headers.filter((rule) => rule.headers.some(({ key }) => key === name));
    expect(rules.map(({ source }) => source)).toEqual(["/embed.js"]);
    expect(read("hosting/nginx.conf").match(/location [^{]*\{[^}]*Access-Control-Allow-Origin/g)).toEqual([
      expect.stringMatching(/^location = \/embed\.js /),
    ]);
  });

  test("the service worker is asked for anew, files that are named by their content are not", () => {
    const netlify = headersFile();
    expect(netlify.get("/service-worker.js")?.get("Cache-Control")).toBe("no-cache");
    expect(netlify.get("/assets/*")?.get("Cache-Control")).toContain("immutable");
  });
});

describe("the manifest", () => {
  test("its pictures are there and as large as it says", () => {
    const pictures = [...(webAppManifest.icons ?? []), ...(webAppManifest.screenshots ?? [])];
    const pngs = pictures.filter(({ type }) => type === "image/png");
    expect(pngs).toHaveLength(5);
    for (const { src, sizes } of pngs) {
      const { width, height } = PNG.sync.read(readFileSync(`public/${src}`));
      expect(`${width}x${height}`, src).toBe(sizes);
    }
  });

  test("a maskable icon is opaque to its corners, the others are not", () => {
    const corner = (file: string) => PNG.sync.read(readFileSync(`public/icons/${file}.png`)).data[3];
    expect(corner("maskable-512")).toBe(255);
    expect(corner("512")).toBe(0);
    expect(corner("192")).toBe(0);
  });

  test("works below any path: no address is absolute", () => {
    const { id, start_url, scope, share_target, file_handlers, shortcuts } = webAppManifest;
    const addresses = [
      id,
      start_url,
      scope,
      share_target?.action,
      ...(file_handlers ?? []).map(({ action }) => action),
    ];
    addresses.push(...(shortcuts ?? []).map(({ url }) => url));
    for (const address of addresses) expect(address).toMatch(/^\.\//);
    expect(Object.values(file_handlers?.[0]?.accept ?? {}).flat()).toContain(PROJECT_EXTENSION);
  });
});
