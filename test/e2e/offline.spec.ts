/** The app as one that is installed: opens and draws with its server stopped, updates when it is told to, takes what systems hand over. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, test as base, chromium, expect, type Page } from "@playwright/test";
import { PAGE_POLICY, WORKER_POLICY } from "../../hosting/content-security-policy.ts";
import { serveStatic } from "../support/static-server.ts";
import { bench, CUTTING, generate, notices, onShelf, photoFile, picture, SLOW, sentence, steps } from "./flow-steps.ts";

const DIST = process.env.DIST ?? "dist";

const test = base.extend<{
  /** Gone after the test. */
  folder: string;
  /** Starts a browser of its own, with storage on the disk: what one process keeps the next one has. */
  start: () => Promise<BrowserContext>;
}>({
  folder: async ({ browserName }, use) => {
    const folder = await mkdtemp(join(tmpdir(), `kosmosg-${browserName}-`));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
  start: async ({ launchOptions, folder }, use) => {
    const started: BrowserContext[] = [];
    await use(async () => {
      const options = { ...launchOptions, headless: true, locale: "en", serviceWorkers: "allow" as const };
      const context = await chromium.launchPersistentContext(join(folder, "profile"), options);
      started.push(context);
      return context;
    });
    for (const context of started) await context.close();
  },
});

async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url);
  await expect(sentence(page)).toBeVisible();
  return page;
}

const keptByServiceWorker = (page: Page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
const controlled = (page: Page) =>
  expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);

/** Paths of the files that are kept, by version. */
const keptFiles = (page: Page) =>
  page.evaluate(async () => {
    const versions: string[][] = [];
    for (const name of await caches.keys()) {
      if (!name.startsWith("kosmosg-files-")) continue;
      const keys = await (await caches.open(name)).keys();
      versions.push(keys.map(({ url }) => new URL(url).pathname));
    }
    return versions;
  });

async function draw(page: Page): Promise<void> {
  await steps(page).fill("2");
  await generate(page).click();
  await expect(page.getByText(/Seed \d+ · 2 steps/).first()).toBeVisible(SLOW);
  await expect(picture(page)).toBeVisible();
}

test("below a path, under its policy: draws, and once more in a new process with the server stopped", async ({
  start,
}) => {
  const base = "/somewhere/deep/";
  const reports: string[] = [];
  const fromServer: string[] = [];
  const server = await serveStatic(DIST, base, {}, (path, response) => {
    fromServer.push(path);
    if (path === "/report") reports.push("of a worker or page");
    // As the header files have it; workers cannot tell a page what they were refused.
    const policy = path.startsWith(`${base}assets/`) ? WORKER_POLICY : PAGE_POLICY;
    response.setHeader("Content-Security-Policy", `${policy}; report-uri /report`);
  });
  const seen: string[] = [];
  const watch = (context: BrowserContext) => {
    context.on("request", (request) => seen.push(request.url()));
    context.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) reports.push(message.text());
    });
  };
  try {
    let context = await start();
    watch(context);
    let page = await open(context, server.url);
    await draw(page);
    await keptByServiceWorker(page);
    await expect
      .poll(async () => (await keptFiles(page)).flat().filter((path) => path.includes("/ort/")))
      .toHaveLength(2);
    const [kept = [], ...others] = await keptFiles(page);
    expect(others).toEqual([]);
    expect(kept).toEqual(expect.arrayContaining([`${base}index.html`, `${base}icon.svg`]));
    expect(kept.filter((path) => path.includes("/models/"))).toEqual([]);
    await context.close();
    await server.close();

    fromServer.length = 0;
    context = await start();
    watch(context);
    page = await open(context, server.url);
    await expect(picture(page)).toBeVisible();
    await page.getByRole("link", { name: "Models" }).click();
    await expect(page.getByRole("heading", { name: "Models", exact: true })).toBeVisible();
    await page.getByRole("link", { name: "Device" }).click();
    await expect(page.getByText("works without a network", { exact: true })).toBeVisible();
    await page.goBack();
    await page.goBack();
    await draw(page);
    await context.close();
    expect(fromServer).toEqual([]);
    expect(reports).toEqual([]);
    expect(seen.filter((url) => !url.startsWith(server.url) && !/^(blob|data):/.test(url))).toEqual([]);
  } finally {
    await server.close();
  }
});

test("browsers find nothing in the way of installing it; the installed app opens files", async ({ start, folder }) => {
  const server = await serveStatic(DIST, "/");
  const context = await start();
  try {
    const page = await open(context, server.url);
    await controlled(page);
    const client = await context.newCDPSession(page);
    const { errors, url } = await client.send("Page.getAppManifest");
    expect(url).toBe(`${server.url}manifest.webmanifest`);
    expect(errors).toEqual([]);
    expect((await client.send("Page.getInstallabilityErrors")).installabilityErrors).toEqual([]);
    expect((await client.send("Page.getAppId")).appId).toBe(server.url);

    // The system opens a picture with the app, in a window of its own; shelves are one.
    const manifestId = server.url;
    await client.send("PWA.install", { manifestId, installUrlOrBundleUrl: server.url });
    const picture = join(folder, "red-fox.png");
    await cp("public/examples/fox.png", picture);
    await client.send("PWA.launchFilesInApp", { manifestId, files: [picture] });
    await expect(onShelf(page, "red fox")).toBeVisible({ timeout: 60_000 });
  } finally {
    await server.close();
  }
});

/** A build as the next one: another page, and a chunk of before that is gone. */
async function publishNext(dist: string): Promise<void> {
  const page = await readFile(join(dist, "index.html"), "utf8");
  await writeFile(join(dist, "index.html"), page.replace("<title>", '<meta name="build" content="next" /><title>'));
  const worker = await readFile(join(dist, "service-worker.js"), "utf8");
  const gallery = /assets\/gallery-[\w-]+\.js/.exec(worker)?.[0] ?? "";
  await rm(join(dist, gallery));
  const next = worker
    .replace(/("?revision"?:)"\w+"(,"?url"?:"index\.html")/, '$1"next"$2')
    .replace(new RegExp(`\\{[^{}]*"${gallery}"\\},?`), "");
  if (!next.includes('"next"') || next.includes(gallery)) throw new Error("the list of files has another form");
  await writeFile(join(dist, "service-worker.js"), next);
}

const isNext = (page: Page) => page.locator('meta[name="build"]').count();
const lookForUpdate = (page: Page) => page.evaluate(async () => (await navigator.serviceWorker.ready).update());

test("an update waits to be wanted, and for what is drawn; another tab is told and goes on; the old files go with it", async ({
  start,
  folder,
}) => {
  const dist = join(folder, "dist");
  await cp(DIST, dist, { recursive: true });
  const server = await serveStatic(dist, "/");
  const context = await start();
  try {
    const page = await open(context, server.url);
    await controlled(page);
    const other = await context.newPage();
    await other.goto(server.url);
    await expect(sentence(other)).toBeVisible();
    const held = (tab: Page) =>
      tab.evaluate(
        async () => (await navigator.locks.query()).held?.filter(({ name }) => name?.includes("version")).length,
      );
    await expect.poll(() => held(page)).toBe(2);

    // Begun, and not done before the test says so.
    await page.evaluate(() => {
      const refused = new Promise<null>((refuse) => addEventListener("refuse", () => refuse(null)));
      navigator.gpu.requestAdapter = () => refused;
    });
    await generate(page).click();
    await expect(page.getByRole("button", { name: "Cancel" })).toBeVisible();

    await publishNext(dist);
    await lookForUpdate(page);
    await expect(notices(page)).toContainText("A new version of this page is ready.");
    await expect(notices(other)).toContainText("A new version of this page is ready.");
    // A page that starts meanwhile has the service worker of before put its files in order: those that wait stay.
    const late = await context.newPage();
    await late.goto(server.url);
    await expect.poll(() => held(page)).toBe(3);
    await expect(notices(late)).toContainText("A new version of this page is ready.");
    await late.close();
    expect(await keptFiles(page)).toHaveLength(2);
    await page.getByRole("button", { name: "Update" }).click();
    await expect(notices(page)).toContainText("The update comes when what is running now is done.");
    expect(await isNext(page)).toBe(0);
    await page.evaluate(() => dispatchEvent(new Event("refuse")));
    // At once as a rule; where the service worker of before has just been asked for something, half a minute later.
    await expect.poll(() => isNext(page), { timeout: 60_000 }).toBe(1);
    await expect(sentence(page)).toBeVisible();

    await expect(notices(other)).toContainText("updated in another tab");
    expect(await isNext(other)).toBe(0);
    // Its chunk is not on the server any more.
    await other.getByRole("link", { name: "Gallery" }).click();
    await expect(other.getByText(/Nothing here yet|No pictures yet/)).toBeVisible();
    expect(await keptFiles(page)).toHaveLength(2);
    await other.getByRole("button", { name: "Reload" }).click();
    await expect.poll(() => isNext(other)).toBe(1);
    await expect.poll(async () => (await keptFiles(page)).length).toBe(1);
    expect((await keptFiles(page)).flat().filter((path) => path.includes("/assets/gallery-"))).toHaveLength(1);
  } finally {
    await server.close();
  }
});

test("a picture that another app shares comes to the bench like one that is added", async ({ start }) => {
  // The share menu posts a form to the app, as this page does.
  const form = `<!doctype html><title>Another app</title>
    <form action="/app/share-target" method="post" enctype="multipart/form-data"><input type="file" name="pictures"><button>Share</button></form>`;
  const server = await serveStatic(DIST, "/app/", { "/another-app.html": form });
  const context = await start();
  try {
    const page = await open(context, server.url);
    await controlled(page);
    await page.goto(new URL("/another-app.html", server.url).href);
    await page.locator("input").setInputFiles(photoFile("cat"));
    await page.getByRole("button", { name: "Share" }).click();
    await expect(page).toHaveURL(server.url);
    await bench(page).getByRole("button", { name: "Use as it is" }).click(CUTTING);
    await expect(onShelf(page, "cat")).toBeVisible();
    // Taken once.
    expect(await page.evaluate(async () => (await (await caches.open("kosmosg-shared-pictures")).keys()).length)).toBe(
      0,
    );
  } finally {
    await server.close();
  }
});
