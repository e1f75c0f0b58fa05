/** The draws of test/fixtures/04_rng, for Node and for the browser. */
import { expect, test } from "vitest";
import { rand, randint, randn, randnTensor, TorchGenerator } from "../../workers/gpu/torch-random.ts";

interface Draw {
  shape: number[];
  dtype: "float32" | "float16";
  /** The first and the last 32 values. */
  first: number[];
  last: number[];
}

export interface RngFixture {
  cases: (Draw & { seed: number })[];
  stream: { seed: number; calls?: Draw[]; rand?: number[]; randint?: number[]; randn?: Draw }[];
  generator_list: Draw & { seeds: number[] };
}

/** The last bits are torch's own vector maths; float16 may differ by one unit in the last place. */
function expectDraw(actual: Float32Array, draw: Draw, what: string) {
  expect(actual.length, what).toBe(draw.shape.reduce((a, b) => a * b, 1));
  const compare = (values: Float32Array, expected: number[]) => {
    expect(values.length, what).toBe(expected.length);
    expected.forEach((value, i) => {
      const ulp = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
      const tolerance = draw.dtype === "float16" ? ulp : 2e-6;
      expect(Math.abs((values[i] as number) - value), `${what}, value ${i}`).toBeLessThanOrEqual(tolerance);
    });
  };
  compare(actual.slice(0, draw.first.length), draw.first);
  compare(actual.slice(-draw.last.length), draw.last);
}

/** Declares the tests against torch's own numbers. */
export function torchRandomSuite(fixture: RngFixture): void {
  test("torch.manual_seed(s); torch.randn(shape), float32 and float16, scalar and block path", () => {
    expect(fixture.cases.length).toBeGreaterThan(40);
    for (const draw of fixture.cases) {
      const what = `seed ${draw.seed} [${draw.shape}] ${draw.dtype}`;
      expectDraw(randn(draw.shape, new TorchGenerator(draw.seed), draw.dtype), draw, what);
    }
  });

  test("successive calls on one generator, the cached second normal among them", () => {
    expect(fixture.stream.filter((stream) => stream.calls).length).toBeGreaterThan(0);
    expect(fixture.stream.filter((stream) => stream.rand).length).toBeGreaterThan(0);
    for (const stream of fixture.stream) {
      const generator = new TorchGenerator(stream.seed);
      stream.calls?.forEach((draw, i) => {
        expectDraw(randn(draw.shape, generator, draw.dtype), draw, `seed ${stream.seed} call ${i}`);
      });
      if (!stream.rand || !stream.randint || !stream.randn) continue;
      expect([...rand([stream.rand.length], generator)]).toEqual(stream.rand);
      expect(randint(0, 1000, [stream.randint.length], generator)).toEqual(stream.randint);
      expectDraw(randn(stream.randn.shape, generator), stream.randn, `seed ${stream.seed} after rand and randint`);
    }
  });

  test("diffusers' randn_tensor with a list of generators", () => {
    const { seeds, shape } = fixture.generator_list;
    const generators = seeds.map((seed) => new TorchGenerator(seed));
    expectDraw(randnTensor(shape, generators), fixture.generator_list, "list");
    expect(() => randnTensor(shape, [new TorchGenerator(0)])).toThrow("1 seeds were given for 3 pictures");
  });
}
