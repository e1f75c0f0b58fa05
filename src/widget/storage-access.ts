/** The browser's leave to use the app's own storage from within a frame. */

interface StorageAccessHandle {
  readonly indexedDB: IDBFactory;
}

type Request = (types: { indexedDB: true }) => Promise<StorageAccessHandle | undefined>;

/**
 * Asks for the app's databases; in a click, where the browser wants one. Null where it says no or knows no such thing.
 * Not asynchronous before it asks: the click would be over.
 */
export function askForDatabases(): Promise<IDBFactory | null> {
  if (!document.requestStorageAccess) return Promise.resolve(null);
  // Browsers that know cookies alone take no argument and give no handle.
  const request = document.requestStorageAccess.bind(document) as unknown as Request;
  return request({ indexedDB: true }).then(
    (handle) => handle?.indexedDB ?? null,
    () => null,
  );
}

/** The same where the browser has nothing against it anyway: nobody is asked. */
export async function databasesWithoutAsking(): Promise<IDBFactory | null> {
  const granted = await document.hasStorageAccess?.().catch(() => false);
  return granted ? askForDatabases() : null;
}
