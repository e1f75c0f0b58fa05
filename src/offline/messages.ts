/** What pages say to the service worker. */
export type ToServiceWorker =
  /** Which version it is: answered on the port that comes along. Said by each page when it starts. */
  | { readonly type: "version" }
  /** These files shall be there without a network; paths below the scope. Answered when they are. */
  | { readonly type: "keep"; readonly paths: readonly string[] }
  /** The person wants the new version. */
  | { readonly type: "activate" };

/** Says something and waits for the answer; never answered where the service worker ends meanwhile. */
export function ask(worker: ServiceWorker, message: ToServiceWorker): Promise<unknown> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      port1.close();
      resolve(data);
    };
    worker.postMessage(message, [port2]);
  });
}
