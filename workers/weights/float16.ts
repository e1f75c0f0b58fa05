/** IEEE half precision and bfloat16 to and from float32: by the platform's Float16Array where there is one, else by own code. */

interface Float16ArrayConstructor {
  new (
    buffer: ArrayBufferLike,
    byteOffset: number,
    length: number,
  ): ArrayLike<number> & { set(values: Float32Array): void };
}

const Native = (globalThis as { Float16Array?: Float16ArrayConstructor }).Float16Array;

/** Half bits as float32; exact. */
export const fromFloat16Bits: (bits: Uint16Array) => Float32Array<ArrayBuffer> = Native
  ? (bits) => new Float32Array(new Native(bits.buffer, bits.byteOffset, bits.length))
  : fromFloat16BitsByTable;

/** Float32 as half bits, rounded to nearest, ties to even; beyond 65519.99 becomes infinity. */
export const toFloat16Bits: (values: Float32Array) => Uint16Array<ArrayBuffer> = Native
  ? (values) => {
      const bits = new Uint16Array(values.length);
      new Native(bits.buffer, 0, bits.length).set(values);
      return bits;
    }
  : toFloat16BitsByRounding;

/** Whether a finite value became infinite on its way from `values` to their half bits. */
export const overflowsFloat16 = (values: Float32Array, bits: Uint16Array) =>
  bits.some((half, i) => (half & 0x7fff) === 0x7c00 && Number.isFinite(values[i]));

/** bfloat16 bits as float32; exact: they are the upper half of its bits. */
export function fromBfloat16Bits(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
  return new Float32Array(words.buffer);
}

let table: Float32Array | undefined;

/** `fromFloat16Bits` where the platform has no Float16Array. */
export function fromFloat16BitsByTable(bits: Uint16Array): Float32Array<ArrayBuffer> {
  table ??= Float32Array.from({ length: 0x10000 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0x1f) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    if (exponent === 0) return sign * mantissa * 2 ** -24;
    return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  });
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i] as number] as number;
  return values;
}

/** `toFloat16Bits` where the platform has no Float16Array. */
export function toFloat16BitsByRounding(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = words[i] as number;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    let half: number;
    if (magnitude > 0x7f800000) half = 0x7e00;
    else if (magnitude >= 0x47800000) half = 0x7c00;
    // Halves below 2^-14 are multiples of 2^-24, which is the spacing of float32 just above 0.5.
    else if (magnitude < 0x38800000) half = (Math.fround(Math.abs(values[i] as number) + 0.5) - 0.5) * 2 ** 24;
    // A carry out of the mantissa runs into the exponent, up to infinity: that is what rounding up means.
    else half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    bits[i] = sign | half;
  }
  return bits;
}
