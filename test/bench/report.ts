/** What a run measured, as a table: on the terminal and, the same, in Markdown. */

import type { DeviceReport } from "../../workers/protocol.ts";
import type { PeakMemory } from "./memory.ts";
import type { ImportTimes, LoadTimes, PictureTimes } from "./page.ts";

export interface ModelResult {
  name: string;
  megabytes: number;
  steps: number;
  pixels: string;
  cold: LoadTimes & { picture: PictureTimes };
  secondPicture: PictureTimes;
  /** One more of the second's prompt. */
  samePrompt: PictureTimes;
  secondVisit: LoadTimes & { picture: PictureTimes };
  memory: PeakMemory;
}

/** Seconds. */
export interface StepTimes {
  /** From weights at hand to a session. */
  build: number;
  /** It compiles the shaders. */
  firstStep?: number;
  /** Steps of the rounds that both pipelines ended. */
  rounds: number[][];
}

export interface StepsResult {
  report?: DeviceReport;
  engine?: StepTimes;
  /** The engine, but the condition's keys and values are made in every step. */
  recomputing?: StepTimes;
  /** Of its latents after the first step, as `difference`. */
  recomputingDifference?: number;
  /** Why there is less than was asked for. */
  trouble?: string;
  plain?: StepTimes;
  plainTrouble?: string;
  /** Of the two pipelines' latents after the first step: |difference| / |engine's|, L2. */
  difference?: number;
  memory?: PeakMemory;
}

export interface UNetResult {
  name: string;
  parameters: number;
  latents: string;
  tokens: number;
  result: StepsResult;
}

export interface ImportResult {
  /** What was chosen. */
  readonly name: string;
  readonly times?: ImportTimes;
  /** Seconds from the store to workers that have built every graph, and of how many bytes. */
  readonly build?: { readonly seconds: number; readonly bytes: number };
  readonly memory?: PeakMemory;
  readonly trouble?: string;
}

export interface BenchResult {
  date: string;
  browser?: string;
  device?: { adapter: string; precision: "fp16" | "fp32"; attention: string };
  machine?: string;
  model?: ModelResult;
  modelTrouble?: string;
  imports?: ImportResult[];
  unets: UNetResult[];
}

/** More, and the two pipelines have not run the same network. */
const MAX_DIFFERENCE = { fp32: 1e-3, fp16: 0.05 } as const;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2
    ? (sorted[Math.floor(middle)] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

const seconds = (value: number) => `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} s`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

export function toMarkdown(bench: BenchResult): string {
  const lines = [
    `## ${bench.device ? `${bench.device.adapter}, ${bench.device.precision}` : "No device was reached"}`,
    "",
    `${bench.date} UTC, ${bench.browser}. ${bench.device ? `Attention: ${bench.device.attention}. ` : ""}Machine: ${bench.machine}.`,
    "",
    "Times are one run's. On a software adapter, and on a machine that does other work meanwhile, they are poor and vary from run to run; the ratios come from steps taken in turn and are what counts.",
    "",
  ];
  if (bench.model) lines.push(...modelTable(bench.model));
  else if (bench.modelTrouble) lines.push(`No figures of the whole model: ${bench.modelTrouble}`, "");
  if (bench.imports) lines.push(...importTable(bench.imports));
  if (bench.unets.length > 0) lines.push(...unetTable(bench));
  return `${lines.join("\n")}\n`;
}

function modelTable({
  name,
  megabytes: size,
  steps,
  pixels,
  cold,
  secondPicture,
  samePrompt,
  secondVisit,
  memory,
}: ModelResult): string[] {
  const firstPicture = (visit: LoadTimes & { picture: PictureTimes }) =>
    visit.fetch + visit.build + visit.picture.total;
  const later = [cold.picture, secondPicture, samePrompt, secondVisit.picture].flatMap(({ steps }) => steps);
  const threads = Object.entries(memory.perThread).map(([thread, bytes]) => `${thread} ${megabytes(bytes)}`);
  const rows: [string, string, string][] = [
    ["First picture, cold", seconds(firstPicture(cold)), "fresh profile; from createEngine() to pixels in the page"],
    [
      "– download and store",
      seconds(cold.fetch),
      `${size.toFixed(1)} MB from a server on this machine, hashed, written to IndexedDB`,
    ],
    ["– workers, devices, graphs", seconds(cold.build), "until every session is built"],
    ["– condition, steps, picture", seconds(cold.picture.total), "generate(); shaders are compiled in it"],
    ["Second picture", seconds(secondPicture.total), "the same page, other words: sessions are warm"],
    ["Third picture", seconds(samePrompt.total), "the same prompt: its condition is not made again"],
    [
      "First picture, second visit",
      seconds(firstPicture(secondVisit)),
      "browser started anew on that profile; weights from the store, its own shader cache",
    ],
    [
      "Condition, first / second picture",
      `${seconds(cold.picture.condition)} / ${seconds(secondPicture.condition)}`,
      "ViT, resampler, GPT, AlignerNet; one picture and three words; in the worker",
    ],
    [
      "Seconds a step",
      seconds(median(later)),
      `median of ${later.length}: four pictures' steps but the first; between the page's step events`,
    ],
    ["Decode", seconds(secondPicture.decode), "second picture; from the last step to pixels in the page"],
    [
      "Peak JS heap",
      megabytes(memory.objects + memory.buffers),
      `V8 objects ${megabytes(memory.objects)} + ArrayBuffers ${megabytes(memory.buffers)}, page and workers together (each one's own peak: ${threads.join(", ")}). Cold visit; DevTools' Runtime.getHeapUsage every 250 ms. Not in it: wasm memories (ORT's: 16 MB and more a worker), GPU buffers, Blobs, compiled code, what lives between two samples`,
    ],
  ];
  if (memory.renderer && memory.gpuProcess) {
    rows.push([
      "Peak resident set",
      `${megabytes(memory.renderer)} + ${megabytes(memory.gpuProcess)}`,
      "renderer + GPU process of the cold visit (VmHWM); a software adapter's GPU memory is in the second",
    ]);
  }
  return [`### ${name}: ${steps} steps with guidance, ${pixels}`, "", ...table(["", "", "how taken"], rows), ""];
}

function importTable(imports: readonly ImportResult[]): string[] {
  const rate = (bytes: number, time: number) => `${(bytes / 1e6 / time).toFixed(0)} MB/s`;
  const rows = imports.map(({ name, times, build, memory, trouble }) =>
    times
      ? [
          name,
          megabytes(times.chosen),
          megabytes(times.stored),
          rate(times.chosen, times.read + times.write),
          rate(times.chosen, times.read),
          rate(times.stored, times.write),
          build ? rate(build.bytes, build.seconds) : "–",
          memory ? megabytes(memory.objects + memory.buffers) : "–",
        ]
      : [`${name}: ${trouble}`, "–", "–", "–", "–", "–", "–", "–"],
  );
  const head = ["files", "size", "stored", "import", "– read and hash", "– write", "store to device", "peak JS heap"];
  return [
    "### Checkpoints: import, and from the store to the device",
    "",
    ...table(head, rows),
    "",
    "Of training/checkpoint_set.py, random weights. Import: of the chosen files' bytes, through the app's own worker; read and hash: until headers and every value were read; write: of the stored bytes, those of earlier rows' models are there already. Store to device: of the model's bytes, from load() to workers that have built every graph, ORT's wasm and the graphs themselves in it: of small sets it says little. Peak JS heap: page and workers together, of the import.",
    "",
  ];
}

function unetTable({ unets, device }: BenchResult): string[] {
  const rows = unets.map(({ name, parameters, latents, tokens, result }): string[] => {
    const { engine, recomputing, plain, difference, recomputingDifference, memory } = result;
    const both = (show: (times: StepTimes) => string) =>
      `${engine ? show(engine) : "–"} / ${plain ? show(plain) : "–"}`;
    const perStep = ({ rounds }: StepTimes) => (rounds.length > 0 ? median(rounds.flat()) : undefined);
    const [ours, again, theirs] = [engine, recomputing, plain].map((times) => times && perStep(times));
    /** No ratio where they have not run the same network. */
    const ratio = (other: number | undefined, apart: number | undefined) => {
      if (!ours || !other) return "–";
      const same = apart !== undefined && apart <= MAX_DIFFERENCE[device?.precision ?? "fp32"];
      return same ? (other / ours).toFixed(2) : "not the same numbers";
    };
    const thread = (of: string) => megabytes(memory?.perThread[of] ?? 0);
    return [
      `${name}, ${(parameters / 1e6).toFixed(1)} M parameters; latents ${latents}, ${tokens} tokens`,
      ours ? seconds(ours) : "–",
      theirs ? seconds(theirs) : "–",
      ratio(theirs, difference),
      ratio(again, recomputingDifference),
      `${engine?.rounds.flat().length ?? 0}`,
      both(({ firstStep }) => (firstStep ? seconds(firstStep) : "–")),
      both(({ build }) => seconds(build)),
      memory ? `${thread("engine")} / ${thread("plain")}` : "–",
      difference?.toExponential(1) ?? "–",
    ];
  });
  const troubles = unets.flatMap(({ name, result: { trouble, plainTrouble } }) => [
    ...(trouble ? [`${name}: ${trouble}.`] : []),
    ...(plainTrouble ? [`${name}, plain pipeline: ${plainTrouble}.`] : []),
  ]);
  const head = [
    "U-Net",
    "engine",
    "plain",
    "plain / engine",
    "keys and values each step / once",
    "steps each",
    "first step",
    "session",
    "JS heap",
    "difference",
  ];
  return [
    "### Seconds a step of one U-Net, with guidance: engine and plain pipeline",
    "",
    ...table(head, rows),
    "",
    ...troubles.flatMap((trouble) => [trouble, ""]),
    "Medians of steps taken in turn, some of the one and as many of the other, after a first step each that compiles the shaders; timed in the workers. Pairs are engine / plain.",
    "Keys and values each step: the engine's own way but for cross-attention's keys and values, which are made of the condition in every step.",
    "Engine: own graph, own device, guidance and DPM-Solver++ in one dispatch, latents on the GPU. Plain: torch.onnx.export of diffusers' model with the same weights, ORT's defaults, noise_pred read back, guidance and scheduler on the CPU, latents and condition sent every step.",
    "Session: from the weights at hand; the engine's is the browser's first, so it compiles ORT's wasm, too, and converts the weights where it computes in fp32. JS heap: each worker's peak of V8 objects and ArrayBuffers, by the DevTools protocol; no wasm, no GPU buffers. Difference: of the latents after the first step, relative L2. A U-Net of SD 1.5's shape has random weights.",
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
