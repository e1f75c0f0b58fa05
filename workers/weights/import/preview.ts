import { elementCount } from "../../onnx/graph.ts";
import type { ImportPreview } from "../../protocol.ts";
import type { Bundle } from "../bundle.ts";
import { writtenBytes } from "../canonical-file.ts";
import { COMPONENT_NAMES } from "../layouts/component.ts";
import { type Draft, draftModel } from "./draft-model.ts";
import { canonicalTensors, type InspectedPart, inspectFiles } from "./inspect.ts";
import type { SourceFile } from "./source-files.ts";
import type { SourceReader } from "./source-reader.ts";

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
    bytes: sum([...inspection.parts.values()].map((part) => bytesOf(part, inspection.reader, false))),
    fourBit: fourBitSizes(draft, inspection.reader),
  };
}

/** null: there is nothing to be put in 4-bit blocks. */
function fourBitSizes({ components }: Draft, reader: SourceReader): ImportPreview["fourBit"] {
  const gpt = components.get("gpt");
  if (gpt?.from !== "files") return null;
  const sizes = { bytes: bytesOf(gpt.part, reader, true), insteadOf: bytesOf(gpt.part, reader, false) };
  return sizes.bytes < sizes.insteadOf ? sizes : null;
}

const bytesOf = (part: InspectedPart, reader: SourceReader, fourBit: boolean) =>
  sum(canonicalTensors(part, reader, fourBit).map(writtenBytes));

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
