/** Cutting subjects out of photos, off the page: a thin entry over segmentation/. */

import { EngineFault } from "./faults.ts";
import { say } from "./messages.ts";
import type { EntityImage, SegmentModel, SegmentReply, SegmentRequest } from "./protocol.ts";
import { grabCut } from "./segmentation/grabcut.ts";
import { magicWand } from "./segmentation/magic-wand.ts";
import type { Mask } from "./segmentation/mask.ts";
import { fetchModel, folderOf, storedFiles } from "./segmentation/model-files.ts";
import { serve } from "./serve.ts";
import { openWeightStore } from "./weights/store.ts";

let photo: EntityImage | undefined;

const opened = (): EntityImage => {
  if (!photo) throw new EngineFault("not-loaded", say("No photo is open. Choose it again."));
  return photo;
};

let store: ReturnType<typeof openWeightStore> | undefined;
/** Opened when a model is first asked about: the tools without one need none. */
const weights = () => {
  store ??= openWeightStore();
  return store;
};

const filesOf = async (model: SegmentModel): Promise<Record<string, Blob>> => {
  const files = await storedFiles(await weights(), model);
  if (!files) throw new EngineFault("not-loaded", say("The model for this tool is not here yet. Get it first."));
  return files;
};

/** transformers.js is a megabyte of code: imported with the first model. */
const byModel = () => import("./segmentation/found-by-model.ts");

serve<SegmentRequest, SegmentReply>(async (request, { reply, signal }) => {
  const answer = (mask: Mask | null) => reply({ type: "masked", mask }, mask ? [mask.data.buffer] : []);
  switch (request.type) {
    case "open":
      photo = request.image;
      return reply({ type: "opened" });
    case "grab-cut":
      return answer(
        await grabCut(opened(), request.box, {
          ...(request.marks && { marks: request.marks }),
          signal,
          onProgress: (fraction) => reply({ type: "progress", fraction }),
        }),
      );
    case "magic-wand":
      return answer(magicWand(opened(), request.x, request.y, request.tolerance));
    case "describe": {
      const files = await filesOf("clipseg");
      const { describeSubject } = await byModel();
      return answer(await describeSubject(opened(), request.text, files, request.options.wasmPaths));
    }
    case "click": {
      const files = await filesOf("slimsam");
      const { subjectAt } = await byModel();
      return answer(await subjectAt(opened(), request.points, files, request.options.wasmPaths));
    }
    case "model-state": {
      const files = await storedFiles(await weights(), request.model);
      return reply({ type: "model-state", stored: files !== undefined, host: hostOf(request) });
    }
    case "fetch-model":
      await fetchModel(await weights(), request.model, request.baseUrl, {
        signal,
        onBytes: (loadedBytes, totalBytes) => reply({ type: "download", loadedBytes, totalBytes }),
      });
      return reply({ type: "model-state", stored: true, host: hostOf(request) });
  }
});

const hostOf = ({ model, baseUrl }: { model: SegmentModel; baseUrl?: string }) =>
  new URL(folderOf(model, baseUrl)).host;
