/** One after the other, in the order in which they came. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Calls when all that came before have ended, well or not. */
  take<T>(call: () => Promise<T>): Promise<T> {
    const mine = this.last.then(call, call);
    this.last = mine.catch(() => {});
    return mine;
  }
}
