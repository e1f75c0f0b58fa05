/**
 * Whether no other tab of this app is open. This one counts from now on, until it closes.
 * @param name of the lock that all of them hold
 * @throws where the browser gives this page no locks, as with all storage blocked
 */
export async function isOnlyTab(name: string): Promise<boolean> {
  await new Promise<void>((granted, denied) => {
    const hold = () => {
      granted();
      return new Promise<never>(() => {});
    };
    navigator.locks.request(name, { mode: "shared" }, hold).catch(denied);
  });
  const { held = [] } = await navigator.locks.query();
  return held.filter((lock) => lock.name === name).length === 1;
}
