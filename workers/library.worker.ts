/** Downloads and storage of models, off the page: a thin entry over weights/. */
import type { LibraryReply, LibraryRequest } from "./protocol.ts";
import { serve } from "./serve.ts";
import { countStoredTokens } from "./text/count-stored.ts";
import { describeBundle, installBundle } from "./weights/download.ts";
import { openWeightStore } from "./weights/store.ts";

const opened = openWeightStore();

/** Most visits import nothing: what reads strangers' files is fetched when it is needed. */
const importing = {
  preview: () => import("./weights/import/preview.ts"),
  model: () => import("./weights/import/import-model.ts"),
  tokenizers: () => import("./weights/import/app-tokenizers.ts"),
};

serve<LibraryRequest, LibraryReply>(async (request, { reply, signal }) => {
  const store = await opened;
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
    case "import": {
      const { files, choice, assets } = request;
      const { base, ...name } = choice;
      const [{ importModel }, { appTokenizer }] = await Promise.all([importing.model(), importing.tokenizers()]);
      const model = await importModel(files, name, {
        store,
        signal,
        tokenizer: (reader) => appTokenizer(reader, assets),
        onProgress: (progress) => reply({ type: "progress", progress }),
        ...(base !== undefined && { base }),
      });
      return reply({ type: "installed", model, persistent: store.persistent });
    }
    case "verify":
      return reply({ type: "verified", damaged: await store.verify(request.model, { signal }) });
    case "delete":
      await store.delete(request.model);
      return reply({ type: "deleted" });
    case "count-tokens":
      return reply({ type: "counted", tokens: await countStoredTokens(store, request.model, request.parts) });
    case "usage":
      return reply({ type: "measured", usage: await store.usage() });
  }
});
