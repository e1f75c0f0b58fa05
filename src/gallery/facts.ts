/** What made a result, as lines for people: for the details, for comparing two, for the clipboard. */
import type { Metadata, Settings } from "./result.ts";
import type { GalleryWords } from "./texts.ts";

export type Fact = readonly [name: string, value: string];

export const SCHEDULER_NAMES: Record<Settings["scheduler"], string> = {
  "dpmsolver++": "DPM-Solver++",
  ddim: "DDIM",
  pndm: "PNDM",
};

export function settingFacts(t: GalleryWords, settings: Settings): Fact[] {
  return [
    [t.seed, String(settings.seed)],
    [t.steps, String(settings.steps)],
    [t.guidance, t.number(settings.guidanceScale, 2)],
    [t.scheduler, SCHEDULER_NAMES[settings.scheduler] ?? settings.scheduler],
    [t.size, `${settings.width} × ${settings.height}`],
    ...(settings.eta ? [[t.eta, t.number(settings.eta, 2)] as const] : []),
    ...(settings.negativePrompt ? [[t.negativePrompt, settings.negativePrompt] as const] : []),
  ];
}

/** @param date as the page writes it */
export function makingFacts(t: GalleryWords, { model, device, seconds, tokens }: Metadata, date: string): Fact[] {
  const names = [device.vendor, device.architecture, device.description].filter(Boolean).join(", ");
  const short = (value: number) => t.number(value, value < 1 ? 2 : 1);
  const { total, condition, sampling, perStep } = seconds;
  return [
    [t.made, date],
    [t.timings, t.timingLine(short(total), short(condition), short(sampling), short(perStep))],
    [t.device, [names, device.isFallbackAdapter ? t.software : ""].filter(Boolean).join(", ")],
    [t.precision, device.precision],
    [t.attention, `${device.attention.form}: ${device.attention.reason}`],
    [t.model, model.name],
    [t.tokens, String(tokens.length)],
  ];
}

/** Names and SHA-256 of the model's files. */
export function fileFacts({ model }: Metadata): Fact[] {
  return Object.entries(model.files);
}

export interface Difference {
  readonly name: string;
  readonly left: string;
  readonly right: string;
}

/** The facts that two results do not share; "–" where one of them has none. */
export function differences(left: readonly Fact[], right: readonly Fact[]): Difference[] {
  const [leftOf, rightOf] = [new Map(left), new Map(right)];
  const names = new Set([...leftOf.keys(), ...rightOf.keys()]);
  return [...names].flatMap((name) => {
    const [a, b] = [leftOf.get(name) ?? "–", rightOf.get(name) ?? "–"];
    return a === b ? [] : [{ name, left: a, right: b }];
  });
}
