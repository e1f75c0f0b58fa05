/**
 * Whether no other tab of this app is open. This one counts from now on, until it closes.
 * @param name of the lock that all of them hold
 */
export async function isOnlyTab(name: string): Promise<boolean> {
  await new Promise<void>((granted) => {
    const hold = () => {
      granted();
      return new Promise<never>(() => {});
    };
    void navigator.locks.request(name, { mode: "shared" }, hold);
  });
  const { held = [] } = await navigator.locks.query();
  return held.filter((lock) => lock.name === name).length === 1;
}
