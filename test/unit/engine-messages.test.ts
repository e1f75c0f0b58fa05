/** What the engine says, in German: all of it, with its values. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EngineError } from "../../src/engine/index.ts";
import { EngineFault, ERROR_CODES } from "../../workers/faults.ts";
import { inGerman } from "../../workers/in-german.ts";
import { list, type Said, say } from "../../workers/messages.ts";
import { GERMAN } from "../../workers/messages-de.ts";
import { GraphError } from "../../workers/onnx/graph.ts";
import { openCheckpoint } from "../../workers/weights/checkpoint-file.ts";
import { describeFile, describeProblems } from "../../workers/weights/layouts/describe.ts";
import { detect } from "../../workers/weights/layouts/detect.ts";

const ROOT = new URL("../../", import.meta.url);
const sources = ["workers/", "src/"]
  .flatMap((folder) =>
    readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" }).map((name) => folder + name),
  )
  .filter((name) => /\.tsx?$/.test(name) && !name.includes("messages-de") && !name.includes("/gen/"))
  .map((name) => ({ name, text: readFileSync(new URL(name, ROOT), "utf8") }));

const placeholders = (template: string) => new Set(template.match(/\{\w+\}/g));

test("each value of a message is in its German, and no other", () => {
  for (const [english, german] of Object.entries(GERMAN)) expect(placeholders(german)).toEqual(placeholders(english));
});

test("the German is German: only names are the same in both languages", () => {
  const same = Object.entries(GERMAN).filter(
    ([english, german]) => english === german && /[a-z]{3}/.test(bare(german)),
  );
  expect(same.map(([english]) => english)).toEqual(["AlignerNet", "Stable Diffusion XL"]);
});
const bare = (template: string) => template.replace(/\{\w+\}/g, "");

test("nothing is translated that nobody says", () => {
  const code = sources.map(({ text }) => text).join("\n");
  // In the source as it is written there: in either kind of quotes.
  const isSaid = (template: string) =>
    [JSON.stringify(template), `'${template}'`].some((literal) => code.includes(literal));
  expect(Object.keys(GERMAN).filter((template) => !isSaid(template))).toEqual([]);
});

test("every error of the engine, and of the page in its name, is made of translated messages", () => {
  // The compiler sees to the rest: EngineFault takes nothing else, and `say` knows the templates.
  const untranslated = sources.flatMap(({ name, text }) =>
    [...text.matchAll(/new (?:EngineFault|TransientFault|EngineError)\(\s*"([\w-]+)",\s*["`']/g)].map(
      ([call]) => `${name}: ${call}`,
    ),
  );
  expect(untranslated).toEqual([]);
});

test.each(ERROR_CODES)("%s crosses the worker border whole", (code) => {
  const fault = new EngineFault(code, say("{file} is larger than {maxBytes} bytes", { file: "a", maxBytes: 1234567 }));
  const error = EngineError.fromWire(structuredClone({ code: fault.code, said: fault.said }));
  expect(error).toMatchObject({ code, message: "a is larger than 1234567 bytes" });
  expect(inGerman(error.said as Said)).toBe("a ist größer als 1.234.567 Byte");
});

test("numbers are written as Germans write them; names and shapes stay as they are", () => {
  const betas = { start: 0.00085, end: 0.012 };
  expect(
    inGerman(say("The bundle's scheduler has betas from {start} to {end}; they must rise between 0 and 1.", betas)),
  ).toBe("Das Verfahren des Modells hat Betas von 0,00085 bis 0,012; sie müssen zwischen 0 und 1 steigen.");
  const seed = 2n ** 64n;
  expect(
    inGerman(say("The seed {seed} is no whole number from 0 to 2^64 - 1. Choose another seed.", { seed })),
  ).toContain("18.446.744.073.709.551.616");
  const wrong = say("{dtype} of shape [{shape}] does not fit into its storage of {length} bytes", {
    dtype: "F16",
    shape: [4096, 1024],
    length: 4096,
  });
  expect(wrong.text).toBe("F16 of shape [4096,1024] does not fit into its storage of 4096 bytes");
  expect(inGerman(wrong)).toBe("F16 der Form [4096,1024] passt nicht in seinen Speicherblock von 4.096 Byte");
});

test("a value is never read as a template", () => {
  const said = say("{file}: {problem}", { file: "{problem} $& {file}", problem: say("encrypted") });
  expect(said.text).toBe("{problem} $& {file}: encrypted");
  expect(inGerman(said)).toBe("{problem} $& {file}: verschlüsselt");
  // Names of the language's own objects are none of the message's.
  expect(inGerman(say("{file}: {problem}", { file: "{constructor}", problem: "" }))).toBe("{constructor}: ");
});

const faultOf = async (work: Promise<unknown>): Promise<EngineFault> => {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof EngineFault) return error;
  throw new Error(`no EngineFault but ${error}`);
};

test.each<[name: string, blob: Blob, german: string]>([
  [
    "page.ckpt",
    new Blob(["<!doctype html><title>Sign in</title>"]),
    "page.ckpt: kein Checkpoint, sondern eine Webseite: ",
  ],
  [
    "photo.png",
    new Blob(["\x89PNG".split("").map((c) => c.charCodeAt(0))].map((b) => new Uint8Array(b))),
    "photo.png: kein Checkpoint, sondern ein Bild (PNG)",
  ],
  ["none.pt", new Blob([]), "none.pt: leer; holen Sie die Datei noch einmal"],
  [
    "cut.safetensors",
    new Blob([new Uint8Array([0x40, 0x9c, 0, 0, 0, 0, 0, 0]), "{"]),
    "cut.safetensors: im Kopf abgeschnitten (9 Byte von mindestens 40.008); holen Sie die Datei noch einmal",
  ],
])("%s is refused in German", async (name, blob, german) => {
  const { said, message } = await faultOf(openCheckpoint(name, blob));
  expect(inGerman(said)).toContain(german);
  expect(message).toBe(said.text);
});

test("a pickle that would run code is refused in German, by the name of that code", async () => {
  const pickle = new Blob([new Uint8Array([0x80, 2]), "cos\nsystem\nq\x00."]);
  const { said } = await faultOf(openCheckpoint("evil.pt", pickle));
  expect(inGerman(said)).toMatch(
    /^evil\.pt: In Python geöffnet, würde diese Datei os\.system ausführen\. Hier wurde nichts/,
  );
});

test("findings on a component, in German", () => {
  const tensor = { dtype: "F16", shape: [320, 320, 3, 3] };
  const found = detect(new Map([["down_blocks.0.resnets.0.conv1.weight", tensor]]), "half.ckpt");
  expect(inGerman(describeFile(found))).toBe("ein U-Net, unvollständig");
  const misshapen = Array.from({ length: 8 }, (_, i) => ({ name: `t${i}`, expected: [320], found: [321] }));
  const vae = { kind: "vae", layout: "", config: {}, tensors: [], missing: ["a", "b"], misshapen, surplus: ["c"] };
  expect(describeProblems(vae as never).map(inGerman)).toEqual([
    "VAE: Es fehlen 2 Tensoren: a; b",
    `VAE: 8 Tensoren von anderer Form: ${[0, 1, 2, 3, 4].map((i) => `t${i} [321], es sollte [320] sein`).join("; ")}; und 3 weitere`,
    "VAE: 1 Tensor ohne bekannten Zweck: c",
  ]);
});

test("what is wrong with a graph names its layer; what only its builders understand stays as it is", () => {
  const missing = new GraphError("missing-tensor", "mid.0", say("the checkpoint has no tensor {name}", { name: "w" }));
  expect(inGerman(missing.said)).toBe("mid.0: Der Checkpoint hat keinen Tensor w");
  const technical = new GraphError("wrong-shape", "", "transpose of [1,2] by [0]");
  expect(technical.message).toBe("graph: transpose of [1,2] by [0]");
  expect(inGerman(technical.said)).toBe("graph: Das Netz lässt sich so nicht aufbauen (transpose of [1,2] by [0])");
});

test("lists are written one after the other", () => {
  const parts = say("{parts} and {last}", { parts: list([say("a U-Net"), say("a VAE")]), last: say("a LoRA") });
  expect([parts.text, inGerman(parts)]).toEqual(["a U-Net, a VAE and a LoRA", "ein U-Net, ein VAE und ein LoRA"]);
});
