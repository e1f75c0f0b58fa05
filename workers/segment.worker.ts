/** Cutting subjects out of photos, off the page: a thin entry over segmentation/. */
import { EngineFault } from "./faults.ts";
import type { EntityImage, SegmentReply, SegmentRequest } from "./protocol.ts";
import { grabCut } from "./segmentation/grabcut.ts";
import { magicWand } from "./segmentation/magic-wand.ts";
import type { Mask } from "./segmentation/mask.ts";
import { serve } from "./serve.ts";

let photo: EntityImage | undefined;

const opened = (): EntityImage => {
  if (!photo) throw new EngineFault("not-loaded", "No photo is open. Choose it again.");
  return photo;
};

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
    case "describe":
    case "click":
    case "model-state":
    case "fetch-model":
      throw new EngineFault("not-loaded", "This model cannot be used yet.");
  }
});
