/**
 * Somebody's pages and the widget's own, on origins of different sites, in a browser that keeps sites apart as everybody's does:
 * Playwright's launches with that switched off.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type LaunchOptions } from "@playwright/test";
import { serveStatic } from "./static-server.ts";

/** Playwright's own list without ThirdPartyStoragePartitioning; the last of two such switches counts. */
const PARTITIONED =
  "--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,NetworkTimeServiceQuerying,PreconnectToSearch";

/**
 * "shared": frames may ask for the app's storage, and get it. "apart": they get a part of their own for each site. "denied": they get
 * none. Chromium's settings: third-party cookies allowed; blocked; blocked, and no partitions.
 */
export type FrameStorage = "shared" | "apart" | "denied";

/** A profile of its own; `close` ends browser and profile. */
export async function openBrowser(
  storage: FrameStorage,
  launch: LaunchOptions,
): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const profile = await mkdtemp(join(tmpdir(), "widget-profile-"));
  await mkdir(join(profile, "Default"));
  const cookies = storage === "shared" ? 0 : 1;
  await writeFile(
    join(profile, "Default", "Preferences"),
    JSON.stringify({ profile: { cookie_controls_mode: cookies } }),
  );
  const args = [...(launch.args ?? []), ...(storage === "denied" ? [] : [PARTITIONED])];
  const context = await chromium.launchPersistentContext(profile, { ...launch, args, acceptDownloads: true });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export interface Sites {
  /** The widget's site, ending in a slash. */
  readonly widget: string;
  /** Two hosts' pages, ending in a slash. */
  readonly a: string;
  readonly b: string;
  /** Pages by path, on the hosts' sites; may be changed while they are served. */
  readonly pages: Record<string, string>;
  /** Files that stand in for the widget's own, by path. */
  readonly widgetPages: Record<string, string>;
  /** Policies that the hosts' pages are sent with, by path. */
  readonly policies: Record<string, string>;
  readonly close: () => Promise<void>;
}

/** @param dist the built app */
export async function startSites(dist: string): Promise<Sites> {
  const pages: Record<string, string> = {};
  const widgetPages: Record<string, string> = {};
  const policies: Record<string, string> = {};
  const widget = await serveStatic(dist, "/", widgetPages, (path, response) => {
    // As the header files have it: a module is fetched by CORS.
    if (path === "/embed.js") response.setHeader("Access-Control-Allow-Origin", "*");
    return undefined;
  });
  const hosts = await serveStatic(dist, "/none/", pages, (path, response) => {
    const policy = policies[path];
    if (policy) response.setHeader("Content-Security-Policy", policy);
    return undefined;
  });
  const on = (name: string, url: string) => `http://${name}.localhost:${new URL(url).port}/`;
  return {
    widget: on("w", widget.url),
    a: on("a", hosts.url),
    b: on("b", hosts.url),
    pages,
    widgetPages,
    policies,
    close: async () => {
      await Promise.all([widget.close(), hosts.close()]);
    },
  };
}
