/** Graph -> ONNX ModelProto. Weights stay where they are: the model names file, offset and length (external data). */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "./gen/onnx_pb.ts";
import type {
  Attribute,
  DType,
  Graph,
  GraphNode,
  Initializer,
  TensorLocation,
  Value,
  WeightInitializer,
} from "./graph.ts";

/** Opset 20 brings exact Gelu; IR version 9 is the one published with it. */
const OPSET = 20n;
const IR_VERSION = 9n;

const DATA_TYPE: Record<DType, TensorProto_DataType> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

/** A stretch of a file beside the model. */
export type ExternalData = Pick<TensorLocation, "file" | "offset" | "length">;

/** Where the reader of a model finds a weight; or its bytes, which then lie in the model itself. */
export type Place = (weight: WeightInitializer) => ExternalData | Uint8Array;

/**
 * The bytes of an .onnx file.
 * @param place by default weights are where, and as, the checkpoint has them
 */
export function onnxModel(graph: Graph, place: Place = (weight) => weight.location): Uint8Array<ArrayBuffer> {
  const outputs = outputNames(graph);
  const rename = (name: string) => outputs.names.get(name) ?? name;
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "kosmos-g-web",
    opsetImport: [
      { domain: "", version: OPSET },
      { domain: "com.microsoft", version: 1n },
    ],
    graph: {
      name: graph.name,
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(({ name, value }) => valueInfo({ ...value, name })),
      node: [...graph.nodes.map((node) => nodeProto(node, rename)), ...outputs.copies],
      initializer: [...graph.initializers.values()].map((initializer) => tensorProto(initializer, place)),
    },
  });
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}

/** A graph output takes its name from the value: nodes' results are renamed, anything else is copied under the name. */
function outputNames(graph: Graph) {
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  const names = new Map<string, string>();
  const copies: MessageInitShape<typeof NodeProtoSchema>[] = [];
  for (const { name, value } of graph.outputs) {
    if (made.has(value.name) && !names.has(value.name)) names.set(value.name, name);
    else copies.push({ name, opType: "Identity", input: [names.get(value.name) ?? value.name], output: [name] });
  }
  return { names, copies };
}

function valueInfo({ name, dtype, shape }: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((d) => ({ value: { case: "dimValue" as const, value: BigInt(d) } }));
  return { name, type: { value: { case: "tensorType", value: { elemType: DATA_TYPE[dtype], shape: { dim } } } } };
}

function nodeProto(node: GraphNode, rename: (name: string) => string): MessageInitShape<typeof NodeProtoSchema> {
  return {
    name: node.name,
    opType: node.opType,
    domain: node.domain,
    input: node.inputs.map(rename),
    output: node.outputs.map(rename),
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
  };
}

function attributeProto(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const type = AttributeProto_AttributeType;
  if (typeof value === "number") return { name, type: type.INT, i: BigInt(value) };
  if (typeof value === "string") return { name, type: type.STRING, s: new TextEncoder().encode(value) };
  if ("float" in value) return { name, type: type.FLOAT, f: value.float };
  return { name, type: type.INTS, ints: value.map(BigInt) };
}

function tensorProto(initializer: Initializer, place: Place): MessageInitShape<typeof TensorProtoSchema> {
  const { name, dtype, shape } = initializer.value;
  const tensor = { name, dataType: DATA_TYPE[dtype], dims: shape.map(BigInt) };
  if (initializer.kind === "constant") return { ...tensor, rawData: initializer.data };
  const data = place(initializer);
  if (data instanceof Uint8Array) return { ...tensor, rawData: data };
  const { file, offset, length } = data;
  const entries = { location: file, offset: `${offset}`, length: `${length}` };
  return {
    ...tensor,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}
