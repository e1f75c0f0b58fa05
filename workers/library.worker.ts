/** Downloads and storage of models, off the page: a thin entry over weights/. */
import { faultCode } from "./faults.ts";
import type { ChosenFile, ImportChoice, InstallProgress, LibraryReply, LibraryRequest } from "./protocol.ts";
import { serve } from "./serve.ts";
import { countStoredTokens } from "./text/count-stored.ts";
import { describeBundle, installBundle } from "./weights/download.ts";
import { ProgressMeter } from "./weights/progress-meter.ts";
import { openWeightStore } from "./weights/store.ts";

const opened = openWeightStore();

/** Most visits import nothing: what reads strangers' files is fetched when it is needed. */
const importing = {
  preview: () => import("./weights/import/preview.ts"),
  remote: async () => ({
    ...(await import("./weights/import/remote-files.ts")),
    ...(await import("./weights/import/check-remote-files.ts")),
  }),
  model: () => import("./weights/import/import-model.ts"),
  tokenizers: () => import("./weights/import/app-tokenizers.ts"),
};

serve<LibraryRequest, LibraryReply>(async (request, { reply, signal }) => {
  const store = await opened;
  const imported = async (
    files: readonly ChosenFile[],
    { choice, assets }: { choice: ImportChoice; assets: string },
  ) => {
    const { base, fourBit = false, ...name } = choice;
    const [{ importModel }, { appTokenizer }] = await Promise.all([importing.model(), importing.tokenizers()]);
    const model = await importModel(files, name, {
      store,
      signal,
      fourBit,
      tokenizer: (reader) => appTokenizer(reader, assets),
      onProgress: (progress) => reply({ type: "progress", progress }),
      ...(base !== undefined && { base }),
    });
    return { type: "installed" as const, model, persistent: store.persistent };
  };
  switch (request.type) {
    case "install": {
      const { url, refresh = false } = request;
      const model = await installBundle(url, {
        store,
        refresh,
        signal,
        onProgress: (progress) => reply({ type: "progress", progress }),
      });
      return reply({ type: "installed", model, persistent: store.persistent });
    }
    case "describe":
      return reply({ type: "described", ...(await describeBundle(request.url, { store, signal })) });
    case "open":
      return reply({ type: "opened", model: (await store.open(request.model)) ?? null });
    case "list":
      return reply({ type: "listed", models: await store.list() });
    case "preview-import": {
      const base = request.base === undefined ? undefined : (await store.open(request.base))?.bundle;
      const { previewImport } = await importing.preview();
      return reply({ type: "previewed", preview: await previewImport(request.files, base) });
    }
    case "import":
      return reply(await imported(request.files, request));
    case "import-remote": {
      const { fetchRemoteFiles, checkRemoteFiles, probeOnce } = await importing.remote();
      const probe = probeOnce({ signal });
      // Known weights are what they are.
      if (request.files.some(({ sha256 }) => sha256 === undefined)) {
        const base = request.choice.base === undefined ? undefined : (await store.open(request.choice.base))?.bundle;
        await checkRemoteFiles(request.files, base, { signal, probe });
      }
      const onProgress = (progress: InstallProgress) => reply({ type: "progress", progress });
      const fetched = await fetchRemoteFiles(request.files, { store, signal, onProgress, probe });
      const done = await imported(fetched.files, request).catch(async (error: unknown) => {
        // What is no model will not become one; what was stopped goes on next time.
        if (faultCode(error) === "bad-bundle") await store.delete(fetched.id);
        throw error;
      });
      await store.delete(fetched.id);
      return reply(done);
    }
    case "verify": {
      const totalBytes = (await store.list()).find(({ id }) => id === request.model)?.totalBytes ?? 0;
      const meter = new ProgressMeter(0, totalBytes, (progress) => reply({ type: "progress", progress }));
      const onBytes = (count: number) => meter.add("", count);
      return reply({ type: "verified", damaged: await store.verify(request.model, { signal, onBytes }) });
    }
    case "delete":
      await store.delete(request.model);
      return reply({ type: "deleted" });
    case "count-tokens":
      return reply({ type: "counted", tokens: await countStoredTokens(store, request.model, request.parts) });
    case "estimate": {
      const { bundle, run, options } = request;
      const [{ estimateMemory }, { componentsKnownToOverflow }] = await Promise.all([
        import("./pipeline/memory-estimate.ts"),
        import("./pipeline/component-precision.ts"),
      ]);
      const inFloat32 = await componentsKnownToOverflow(bundle);
      return reply({ type: "estimated", ...estimateMemory(bundle, run, options, inFloat32) });
    }
    case "usage":
      return reply({ type: "measured", usage: await store.usage() });
  }
});
