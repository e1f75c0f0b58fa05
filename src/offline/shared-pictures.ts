/** Pictures that another app shared with this one: put down by the service worker, taken by the page that opens for them. */

const CACHE = "kosmosg-shared-pictures";
/** Of the field in web-app-manifest.ts. */
const FIELD = "pictures";
const MAX_PICTURES = 16;
const MAX_BYTES = 64 * 2 ** 20;

/** The query by which a page knows that pictures wait for it. */
export const SHARED_QUERY = "shared";

/** @returns how many are kept */
export async function putShared(caches: CacheStorage, form: FormData): Promise<number> {
  const pictures = form
    .getAll(FIELD)
    .filter((field) => field instanceof File && field.type.startsWith("image/") && field.size <= MAX_BYTES)
    .slice(0, MAX_PICTURES) as File[];
  const cache = await caches.open(CACHE);
  for (const picture of pictures) {
    // Never fetched: a name to keep it under.
    const key = `https://shared.invalid/${crypto.randomUUID()}?${new URLSearchParams({ name: picture.name })}`;
    await cache.put(key, new Response(picture, { headers: { "content-type": picture.type } }));
  }
  return pictures.length;
}

/** Gives each picture once. */
export async function takeShared(caches: CacheStorage): Promise<File[]> {
  const cache = await caches.open(CACHE);
  const files: File[] = [];
  for (const key of await cache.keys()) {
    const kept = await cache.match(key);
    // Another page may have taken it meanwhile.
    if (!kept || !(await cache.delete(key))) continue;
    const name = new URL(key.url).searchParams.get("name") ?? "";
    files.push(new File([await kept.blob()], name, { type: kept.headers.get("content-type") ?? "" }));
  }
  return files;
}
