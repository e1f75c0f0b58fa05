import { Copy } from "lucide-react";
import { useApp, useGeneration } from "../app-context.ts";
import type { DeviceReport } from "../engine/index.ts";
import { notify } from "../ui/notices.tsx";
import "./device-report.css";

/** The report as lines of text, for people and for bug reports. */
export function reportLines(report: DeviceReport): [name: string, value: string][] {
  const adapter = [report.vendor, report.architecture, report.description].filter(Boolean).join(", ");
  const mib = (bytes: number | undefined) => `${Math.round((bytes ?? 0) / 2 ** 20)} MiB`;
  return [
    ["Adapter", `${adapter || "not named"}${report.isFallbackAdapter ? " (software)" : ""}`],
    ["Precision", report.shaderF16 ? report.precision : `${report.precision}, no shader-f16`],
    ["Attention", `${report.attention.form}: ${report.attention.reason}`],
    ["Largest buffer", mib(report.limits.maxBufferSize)],
    ["Largest binding", mib(report.limits.maxStorageBufferBindingSize)],
  ];
}

/** What the engine found out about this device; there once a model was loaded. */
export function DeviceReportPanel() {
  const { engine } = useApp();
  // The report changes with a run, and nothing else tells of it.
  useGeneration((state) => state.run.state);
  const report = engine.device;
  if (!report) return null;
  const lines = reportLines(report);
  const copy = () => {
    const text = [
      ...lines.map((line) => line.join(": ")),
      `Features: ${report.features.join(" ")}`,
      navigator.userAgent,
    ].join("\n");
    navigator.clipboard.writeText(text).then(
      () => notify("Device report copied."),
      () => notify("The browser did not allow copying."),
    );
  };
  return (
    <details className="device-report">
      <summary>This device</summary>
      <dl>
        {lines.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="button quiet" onClick={copy}>
        <Copy size={16} aria-hidden /> Copy as text
      </button>
    </details>
  );
}
