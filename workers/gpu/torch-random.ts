/**
 * PyTorch's CPU random numbers, so that a seed means here what it means in the official pipeline:
 * mt19937 (ATen/core/MT19937RNGEngine.h) and the distributions of ATen/native/cpu/DistributionTemplates.h.
 * The integers are exact; normals differ from torch's by the last bits of its vector maths (below 2e-6).
 */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import { fromFloat16Bits, toFloat16Bits } from "../weights/float16.ts";

const STATE_SIZE = 624;
const STATE_SHIFT = 397;

/** Below this many values torch draws normals one by one in double, from here on in blocks of 16 floats. */
const BLOCK = 16;

const TWO_PI = Math.fround(2 * Math.PI);
const TWO_POW_MINUS_24 = 2 ** -24;
const TWO_POW_MINUS_53 = 2 ** -53;

function invalidSeed(seed: number | bigint): EngineFault {
  return new EngineFault(
    "bad-settings",
    say("The seed {seed} is no whole number from 0 to 2^64 - 1. Choose another seed.", { seed }),
  );
}

/**
 * torch.Generator on the CPU.
 *
 * As in torch a seed is any whole number up to 2^64 - 1 and mt19937 reads its lower 32 bits alone: 5 and 2^32 + 5 draw
 * the same. Seeds above Number.MAX_SAFE_INTEGER must be bigints, because a number could not hold them exactly.
 */
export class TorchGenerator {
  private readonly state = new Uint32Array(STATE_SIZE);
  private next = STATE_SIZE;
  /** The second value of the last Box-Muller pair; block draws leave it alone, as in torch. */
  private cachedNormal: number | null = null;

  /** @throws EngineFault bad-settings: no whole number, negative, or above 2^64 - 1. */
  constructor(seed: number | bigint = 0) {
    this.manualSeed(seed);
  }

  /** torch.Generator.manual_seed: starts over and forgets the cached normal. */
  manualSeed(seed: number | bigint): this {
    if (typeof seed === "number" && !Number.isSafeInteger(seed)) throw invalidSeed(seed);
    const whole = BigInt(seed);
    if (whole < 0n || whole >= 1n << 64n) throw invalidSeed(seed);
    this.state[0] = Number(whole & 0xffffffffn);
    for (let i = 1; i < STATE_SIZE; i++) {
      const previous = this.state[i - 1] as number;
      this.state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
    this.next = STATE_SIZE;
    this.cachedNormal = null;
    return this;
  }

  /** 32 random bits, unsigned. */
  random(): number {
    if (this.next === STATE_SIZE) this.twist();
    let y = this.state[this.next++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** A float32 of [0, 1) in steps of 2^-24: torch's uniform_real_distribution<float>. */
  uniformFloat(): number {
    return (this.random() & 0xffffff) * TWO_POW_MINUS_24;
  }

  /** A standard normal in double: torch's normal_distribution<double>, which draws pairs and keeps the second. */
  normalDouble(): number {
    if (this.cachedNormal !== null) {
      const cached = this.cachedNormal;
      this.cachedNormal = null;
      return cached;
    }
    const u1 = this.uniformDouble();
    const u2 = this.uniformDouble();
    const radius = Math.sqrt(-2 * Math.log1p(-u2));
    const theta = 2 * Math.PI * u1;
    this.cachedNormal = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  }

  /** A double of [0, 1) from 53 of 64 bits; the first draw is the upper word. */
  private uniformDouble(): number {
    const high = this.random() & 0x1fffff;
    const low = this.random();
    return (high * 2 ** 32 + low) * TWO_POW_MINUS_53;
  }

  private twist(): void {
    const state = this.state;
    for (let i = 0; i < STATE_SIZE; i++) {
      const y = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % STATE_SIZE] as number) & 0x7fffffff);
      const matrix = y & 1 ? 0x9908b0df : 0;
      state[i] = (state[(i + STATE_SHIFT) % STATE_SIZE] as number) ^ (y >>> 1) ^ matrix;
    }
    this.next = 0;
  }
}

/** Box-Muller in place on 16 uniforms at `offset`, in float32 steps as torch's NormalFill16 takes them. */
function normalFill16(data: Float32Array, offset: number): void {
  for (let j = offset; j < offset + 8; j++) {
    const u1 = 1 - (data[j] as number); // (0, 1] for the logarithm
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * Math.fround(Math.log(u1)))));
    const theta = Math.fround(TWO_PI * (data[j + 8] as number));
    data[j] = radius * Math.fround(Math.cos(theta));
    data[j + 8] = radius * Math.fround(Math.sin(theta));
  }
}

/** @throws EngineFault bad-settings unless every dimension is a whole number of at least 0. */
function elementCount(shape: readonly number[]): number {
  for (const dim of shape) {
    if (!Number.isSafeInteger(dim) || dim < 0)
      throw new EngineFault(
        "bad-settings",
        say("A random tensor cannot have the shape [{shape}].", { shape: shape.join(", ") }),
      );
  }
  return shape.reduce((count, dim) => count * dim, 1);
}

function fillUniform(data: Float32Array, generator: TorchGenerator): void {
  for (let i = 0; i < data.length; i++) data[i] = generator.uniformFloat();
}

/**
 * torch.randn(shape, generator=generator, dtype=dtype) on the CPU, row-major.
 *
 * float16 values come as float32 that float16 holds exactly. Their stream is torch's own, too: when the count is no
 * multiple of 16, float32 fills every place before it redraws the last 16 and float16 does not.
 */
export function randn(
  shape: readonly number[],
  generator: TorchGenerator,
  dtype: "float32" | "float16" = "float32",
): Float32Array<ArrayBuffer> {
  const data = new Float32Array(elementCount(shape));
  const tail = data.length % BLOCK;
  if (data.length < BLOCK) {
    for (let i = 0; i < data.length; i++) data[i] = generator.normalDouble();
  } else {
    fillUniform(dtype === "float32" ? data : data.subarray(0, data.length - tail), generator);
    for (let i = 0; i + BLOCK <= data.length; i += BLOCK) normalFill16(data, i);
    if (tail) {
      fillUniform(data.subarray(data.length - BLOCK), generator);
      normalFill16(data, data.length - BLOCK);
    }
  }
  return dtype === "float16" ? fromFloat16Bits(toFloat16Bits(data)) : data;
}

/** torch.rand(shape, generator=generator), float32. */
export function rand(shape: readonly number[], generator: TorchGenerator): Float32Array<ArrayBuffer> {
  const data = new Float32Array(elementCount(shape));
  fillUniform(data, generator);
  return data;
}

/**
 * torch.randint(low, high, shape, generator=generator): whole numbers of [low, high).
 * The range may be up to 2^28 wide, where torch 2.x goes over to 64 bits a value.
 *
 * @throws EngineFault bad-settings on an empty or wider range.
 */
export function randint(low: number, high: number, shape: readonly number[], generator: TorchGenerator): number[] {
  const range = high - low;
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(range) || range < 1 || range >= 2 ** 28)
    throw new EngineFault("bad-settings", say("Cannot draw whole numbers from {low} up to {high}.", { low, high }));
  return Array.from({ length: elementCount(shape) }, () => low + (generator.random() % range));
}

/**
 * diffusers' randn_tensor: with one generator one draw of the whole shape; with a list, one generator a batch row, each
 * drawing [1, ...shape[1:]], so that a picture's noise does not depend on its neighbours.
 *
 * @throws EngineFault bad-settings when the list's length is not the batch size.
 */
export function randnTensor(
  shape: readonly number[],
  generator: TorchGenerator | readonly TorchGenerator[],
  dtype: "float32" | "float16" = "float32",
): Float32Array<ArrayBuffer> {
  if (generator instanceof TorchGenerator) return randn(shape, generator, dtype);
  const [batch = 0, ...rest] = shape;
  if (generator.length !== batch)
    throw new EngineFault(
      "bad-settings",
      say("{seeds} seeds were given for {batch} pictures.", { seeds: generator.length, batch }),
    );
  const data = new Float32Array(elementCount(shape));
  generator.forEach((one, row) => {
    data.set(randn([1, ...rest], one, dtype), row * elementCount(rest));
  });
  return data;
}
