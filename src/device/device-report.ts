/** What is known of the graphics device and of the storage, as lines for people and for bug reports. */
import type { DeviceReport } from "../engine/index.ts";
import { megabytes } from "../generation/progress-text.ts";
import type { deviceTexts } from "./texts.ts";

type Words = (typeof deviceTexts)["en"];

/** What the page itself can ask; the engine's report adds what only a loaded model shows. */
export interface DeviceFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly isFallbackAdapter: boolean;
  readonly shaderF16: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

const LIMITS = ["maxBufferSize", "maxStorageBufferBindingSize", "maxComputeWorkgroupStorageSize"] as const;

export function factsOf(adapter: GPUAdapter): DeviceFacts {
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const features = [...adapter.features].sort();
  const limits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  return {
    vendor,
    architecture,
    description,
    isFallbackAdapter,
    shaderF16: adapter.features.has("shader-f16"),
    features,
    limits,
  };
}

/** @param report null before a model was loaded */
export function reportLines(
  t: Words,
  facts: DeviceFacts,
  report: DeviceReport | null,
): [name: string, value: string][] {
  const names = [facts.vendor, facts.architecture, facts.description].filter(Boolean).join(", ") || t.unnamed;
  const size = (name: (typeof LIMITS)[number]) => binary(facts.limits[name] ?? 0);
  return [
    [t.adapter, facts.isFallbackAdapter ? `${names} (${t.software})` : names],
    [t.precision, facts.shaderF16 ? (report?.precision ?? t.halfPossible) : t.noHalf],
    [t.attention, report ? `${report.attention.form}: ${report.attention.reason}` : t.attentionLater],
    [t.largestBuffer, size("maxBufferSize")],
    [t.largestBinding, size("maxStorageBufferBindingSize")],
    [t.workgroup, size("maxComputeWorkgroupStorageSize")],
    [t.features, facts.features.join(" ")],
  ];
}

/** @param estimate of `navigator.storage`; undefined where the browser has none */
export function storageLine(t: Words, estimate: StorageEstimate | undefined, persisted: boolean): string | null {
  if (estimate?.usage === undefined || !estimate.quota) return null;
  const kept = persisted ? t.storageKept : t.storageMayGo;
  return `${t.storageOf(decimal(estimate.usage), decimal(estimate.quota))}. ${kept}`;
}

const decimal = (bytes: number) => (bytes < 1e9 ? megabytes(bytes) : `${(bytes / 1e9).toFixed(1)} GB`);

function binary(bytes: number): string {
  const [value, unit] =
    bytes >= 2 ** 30
      ? [bytes / 2 ** 30, "GiB"]
      : bytes >= 2 ** 20
        ? [bytes / 2 ** 20, "MiB"]
        : [bytes / 2 ** 10, "KiB"];
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${unit}`;
}
