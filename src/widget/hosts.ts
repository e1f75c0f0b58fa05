/**
 * Which pages may hold this widget. Whoever serves the app says so in `widget.json` beside embed.html:
 *
 *     { "hosts": ["https://example.org", "https://*.example.com"] }
 *
 * `"*"`, as it comes, lets everybody.
 */
import * as v from "valibot";

const hostsSchema = v.object({ hosts: v.pipe(v.array(v.pipe(v.string(), v.maxLength(300))), v.maxLength(1000)) });

/** @throws where the list cannot be read: then nobody may */
export async function fetchHosts(url: URL): Promise<readonly string[]> {
  const response = await fetch(url, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`);
  return v.parse(hostsSchema, await response.json()).hosts;
}

/**
 * Whether all pages around the frame are on the list.
 * @param origins of the pages around, innermost first; empty: not known, which only `"*"` lets pass
 * @param own the widget's own origin, which always may
 */
export function areAllowed(origins: readonly string[], hosts: readonly string[], own: string): boolean {
  if (hosts.includes("*")) return true;
  return origins.length > 0 && origins.every((origin) => origin === own || hosts.some((host) => matches(origin, host)));
}

/** `https://*.example.org` is every name below example.org, of this scheme and port, and not example.org itself. */
function matches(origin: string, host: string): boolean {
  const wild = /^([a-z][a-z0-9+.-]*:\/\/)\*(\..+)$/.exec(host);
  if (!wild) return origin === host.replace(/\/$/, "");
  const [, scheme = "", suffix = ""] = wild;
  return (
    origin.startsWith(scheme) &&
    origin.endsWith(suffix) &&
    /^[a-z0-9.-]+$/.test(origin.slice(scheme.length, -suffix.length))
  );
}

/** Origins of the pages around this one, innermost first; empty where there are none or the browser does not say. */
export function originsAround(): string[] {
  if (window.parent === window) return [];
  const { ancestorOrigins } = location;
  if (ancestorOrigins?.length) return [...ancestorOrigins];
  return document.referrer ? [new URL(document.referrer).origin] : [];
}
