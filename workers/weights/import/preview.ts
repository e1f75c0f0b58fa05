import { elementCount } from "../../onnx/graph.ts";
import type { ImportPreview } from "../../protocol.ts";
import type { Bundle } from "../bundle.ts";
import { COMPONENT_NAMES } from "../layouts/component.ts";
import { draftModel } from "./draft-model.ts";
import { inspectFiles } from "./inspect.ts";
import type { SourceFile } from "./source-files.ts";

/**
 * What the files would make, before anything is stored. Only headers are read.
 * @throws EngineFault `bad-bundle` when no file holds weights
 */
export async function previewImport(files: readonly SourceFile[], base?: Bundle): Promise<ImportPreview> {
  const inspection = await inspectFiles(files);
  const draft = draftModel(inspection, base);
  const parts = [...inspection.parts.values()].map(({ component, checkpoint, problems }) => ({
    name: COMPONENT_NAMES[component.kind],
    from: checkpoint.name,
    parameters: component.tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    problems: [...problems],
  }));
  return {
    reader: draft.reader ?? null,
    parts,
    lacking: [...draft.lacking],
    notes: [...inspection.notes],
    bytes: parts.reduce((sum, { parameters }) => sum + 2 * parameters, 0),
  };
}
