/**
 * Runs y = x W^T + b through onnxruntime-web on a GPU device of its own, with W and b as byte ranges of a Blob.
 * A model written by hand, apart from the graph builder: what is tested is how ORT is bundled, fetched and set up.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
} from "../../workers/onnx/gen/onnx_pb.ts";
import { loadOrt } from "../../workers/onnx/ort.ts";

export interface GemmRequest {
  wasmPaths: string;
  precision: "fp16" | "fp32";
  /** Hides JSPI, as in a browser that lacks it. */
  withoutJspi: boolean;
  /** [rows, inner] */
  x: number[][];
  /** [columns, inner]: small whole numbers, exact in fp16. */
  weight: number[][];
  bias: number[];
}

export interface GemmReply {
  y?: number[];
  error?: string;
  /** Names of the wasm files that this worker fetched. */
  wasm: string[];
  isolated: boolean;
}

/** The bits of a whole number from 0 to 2048 in IEEE 754 half precision. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024);
}

function encode(values: number[], half: boolean): Uint8Array<ArrayBuffer> {
  return new Uint8Array((half ? new Uint16Array(values.map(halfBits)) : new Float32Array(values)).buffer);
}

function gemmModel(request: GemmRequest, weightAt: [number, number], biasAt: [number, number]): ModelProto {
  const half = request.precision === "fp16";
  const dataType = half ? TensorProto_DataType.FLOAT16 : TensorProto_DataType.FLOAT;
  const rows = request.x.length;
  const columns = request.weight.length;
  const inner = request.weight[0]?.length ?? 0;
  const initializer = (name: string, dims: number[], [offset, length]: [number, number]) => ({
    name,
    dims: dims.map(BigInt),
    dataType,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries({ location: "weights.bin", offset, length }).map(([key, value]) => ({
      key,
      value: `${value}`,
    })),
  });
  const float32 = (name: string, dims: number[]) => ({
    name,
    type: {
      value: {
        case: "tensorType" as const,
        value: {
          elemType: TensorProto_DataType.FLOAT,
          shape: { dim: dims.map((dim) => ({ value: { case: "dimValue" as const, value: BigInt(dim) } })) },
        },
      },
    },
  });
  const cast = (input: string, output: string, to: TensorProto_DataType) => ({
    opType: "Cast",
    input: [input],
    output: [output],
    attribute: [{ name: "to", type: AttributeProto_AttributeType.INT, i: BigInt(to) }],
  });
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 20n }],
    graph: {
      name: "gemm",
      input: [float32("x", [rows, inner])],
      output: [float32("y", [rows, columns])],
      initializer: [initializer("weight", [columns, inner], weightAt), initializer("bias", [columns], biasAt)],
      node: [
        cast("x", "a", dataType),
        {
          opType: "Gemm",
          input: ["a", "weight", "bias"],
          output: ["c"],
          attribute: [{ name: "transB", type: AttributeProto_AttributeType.INT, i: 1n }],
        },
        cast("c", "y", TensorProto_DataType.FLOAT),
      ],
    },
  });
}

async function gemm(request: GemmRequest): Promise<number[]> {
  const half = request.precision === "fp16";
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error("No adapter");
  const device = await adapter.requestDevice({ requiredFeatures: half ? ["shader-f16"] : [] });
  const weight = encode(request.weight.flat(), half);
  const bias = encode(request.bias, half);
  // One byte ahead: tensors of a safetensors file begin at any byte.
  const blob = new Blob([new Uint8Array(1), weight, bias]);
  const ort = await loadOrt(request.wasmPaths);
  const model = gemmModel(request, [1, weight.length], [1 + weight.length, bias.length]);
  const session = await ort.InferenceSession.create(toBinary(ModelProtoSchema, model), {
    executionProviders: [{ name: "webgpu", device }],
    externalData: [{ path: "weights.bin", data: blob }],
    extra: { session: { disable_cpu_ep_fallback: "1" } },
  });
  const x = new ort.Tensor("float32", request.x.flat(), [request.x.length, request.x[0]?.length ?? 0]);
  const { y } = await session.run({ x });
  if (!y) throw new Error("The session gave no y");
  const values = [...((await y.getData()) as Float32Array)];
  await session.release();
  device.destroy();
  return values;
}

self.onmessage = async (event: MessageEvent<GemmRequest>) => {
  if (event.data.withoutJspi) Reflect.deleteProperty(WebAssembly, "Suspending");
  const reply: GemmReply = { wasm: [], isolated: self.crossOriginIsolated };
  try {
    reply.y = await gemm(event.data);
  } catch (error) {
    reply.error = String(error);
  }
  reply.wasm = performance
    .getEntriesByType("resource")
    .map((entry) => entry.name)
    .filter((name) => name.endsWith(".wasm"));
  postMessage(reply);
};
