/**
 * Matrices [N, K] in blocks of 32 numbers along K, four bits each and one float16 scale a block: what ORT's com.microsoft.MatMulNBits reads.
 * A file has three tensors for a matrix X: X, U8 [N, K / 32, 16], the lower half of a byte first; X.scales, F16 [N, K / 32]; X.error, F32 [2],
 * the sum of the squared differences from the original numbers, and that of their squares. A number is (q - 8) times its block's scale.
 */
import type { FourBitLocation, TensorLocation } from "../onnx/graph.ts";
import { fromFloat16Bits, toFloat16Bits } from "./float16.ts";

export const BLOCK = 32;

/** What the header of a file with such matrices says of them. */
export const FOUR_BIT_METADATA = {
  four_bit:
    "X: U8 [N, K/32, 16], two numbers q a byte, lower half first; X.scales: F16 [N, K/32]; value (q - 8) * scale, as com.microsoft.MatMulNBits reads it; X.error: F32 [2], squared error and squares of the original",
};

/** The linear layers of the MLLM's GPT, by official names: three quarters of its parameters. */
const LINEAR = /^gpt_model\.decoder\.layers\.\d+\.(self_attn\.(q|k|v|out)_proj|ffn\.fc[12])\.weight$/;

/** Whether a tensor may stand in 4-bit blocks. */
export const mayBeFourBit = (name: string, shape: readonly number[]) =>
  LINEAR.test(name) && shape.length === 2 && (shape[1] as number) % BLOCK === 0;

/** Bytes of a matrix of so many elements in a file, its scales and its error with it. */
export const fourBitBytes = (elements: number) => elements / 2 + (elements / BLOCK) * 2 + 8;

export interface BlockError {
  /** Sum of the squared differences from the original numbers. */
  readonly difference: number;
  /** Sum of the squares of the original numbers. */
  readonly squares: number;
}

export interface Blocks extends BlockError {
  /** 16 bytes a block. */
  readonly packed: Uint8Array<ArrayBuffer>;
  /** Half bits, one a block. */
  readonly scales: Uint16Array<ArrayBuffer>;
}

/** So many scales to the block's largest number are tried. By the least squares of the best of them a trained GPT's error is 8.2 %, by -8 alone 8.7 %. */
const LEVELS = [7, 7.5, 8, 8.5, 9];

/** Beyond it the kernel's products of scale and -8 would be infinite in float16. */
const MAX_SCALE = 65504 / 8;

/**
 * @param values whole blocks
 * @returns undefined: there are numbers that are not finite, or too large
 */
export function toFourBit(values: Float32Array): Blocks | undefined {
  const count = values.length / BLOCK;
  const wanted = new Float32Array(count);
  for (let block = 0; block < count; block++) {
    wanted[block] = scaleOf(values, block * BLOCK);
    if (!(Math.abs(wanted[block] as number) <= MAX_SCALE)) return undefined;
  }
  const scales = toFloat16Bits(wanted);
  const rounded = fromFloat16Bits(scales);
  const packed = new Uint8Array(values.length / 2);
  let difference = 0;
  let squares = 0;
  for (let block = 0; block < count; block++) {
    const scale = rounded[block] as number;
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let at = block * BLOCK; at < (block + 1) * BLOCK; at++) {
      const value = values[at] as number;
      const q = level(value * inverse);
      const off = value - (q - 8) * scale;
      difference += off * off;
      squares += value * value;
      packed[at >> 1] = at & 1 ? (packed[at >> 1] as number) | (q << 4) : q;
    }
  }
  return Number.isFinite(squares) ? { packed, scales, difference, squares } : undefined;
}

/** The scale with the least squared error of those that the levels lead to; NaN or infinite where a number is. */
function scaleOf(values: Float32Array, start: number): number {
  let largest = 0;
  let most = 0;
  for (let at = start; at < start + BLOCK; at++) {
    const value = values[at] as number;
    const size = Math.abs(value);
    if (!(size <= most)) {
      most = size;
      largest = value;
    }
  }
  if (!(most > 0 && most < Number.POSITIVE_INFINITY)) return most;
  let scale = 0;
  let best = 0;
  for (const levels of LEVELS) {
    const inverse = -levels / largest;
    let products = 0;
    let squares = 0;
    for (let at = start; at < start + BLOCK; at++) {
      const value = values[at] as number;
      const q = level(value * inverse) - 8;
      products += value * q;
      squares += q * q;
    }
    // For these q the best scale is products / squares; it takes products² / squares off the error.
    if (products * products <= best * squares) continue;
    best = (products * products) / squares;
    scale = products / squares;
  }
  return scale;
}

/** 0 to 15: the nearest of -8 to 7, plus 8. */
function level(x: number): number {
  const q = (x + 8.5) | 0;
  return q > 15 ? 15 : q < 0 ? 0 : q;
}

/** The numbers that blocks stand for. */
export function fromFourBit({ packed, scales }: Pick<Blocks, "packed" | "scales">): Float32Array<ArrayBuffer> {
  const rounded = fromFloat16Bits(scales);
  return Float32Array.from({ length: packed.length * 2 }, (_, at) => {
    const q = ((packed[at >> 1] as number) >> (at & 1 ? 4 : 0)) & 15;
    return (q - 8) * (rounded[Math.floor(at / BLOCK)] as number);
  });
}

/** Root of the squared differences over the squares: 0.08 is 8 %. */
export const relativeError = ({ difference, squares }: BlockError) =>
  squares > 0 ? Math.sqrt(difference / squares) : 0;

/**
 * Tensors of a safetensors file by official names, the three of each matrix in 4-bit blocks as one. What only looks like it stays as it is:
 * whoever needs the matrix finds a tensor of another shape.
 */
export function joinFourBit(tensors: ReadonlyMap<string, TensorLocation>): Map<string, TensorLocation> {
  const joined = new Map(tensors);
  for (const [name, location] of tensors) {
    const matrix = fourBitMatrix(location, tensors.get(`${name}.scales`), tensors.get(`${name}.error`));
    if (!matrix || !mayBeFourBit(name, matrix.shape)) continue;
    joined.set(name, matrix);
    joined.delete(`${name}.scales`);
    joined.delete(`${name}.error`);
  }
  return joined;
}

function fourBitMatrix(
  packed: TensorLocation,
  scales: TensorLocation | undefined,
  error: TensorLocation | undefined,
): FourBitLocation | undefined {
  const [rows = 0, blocks = 0] = packed.shape;
  const is = (location: TensorLocation | undefined, dtype: string, shape: readonly number[]) =>
    location?.dtype === dtype && `${location.shape}` === `${shape}`;
  if (!is(packed, "U8", [rows, blocks, BLOCK / 2])) return undefined;
  if (!scales || !error || !is(scales, "F16", [rows, blocks]) || !is(error, "F32", [2])) return undefined;
  return { ...packed, dtype: "INT4", shape: [rows, blocks * BLOCK], scales, error };
}
