import { useState } from "react";
import { useTexts } from "../ui/texts.ts";
import { crashTexts } from "./texts.ts";

/** What a report of a crash holds: for whoever mends it, nothing of what was made. */
export function crashReport(error: unknown): string {
  const what = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  return [what, location.href.replace(/#.*$/, ""), navigator.userAgent].join("\n\n");
}

/** Shown in the place of what broke. It uses nothing of the app but words: everything else may be what is broken. */
export function CrashPage({ of, error }: { of: "page" | "part"; error: unknown }) {
  const t = useTexts(crashTexts);
  const [copied, setCopied] = useState(false);
  const report = crashReport(error);
  return (
    <main className="crash">
      <div className="trouble" role="alert">
        <h2>{of === "page" ? t.title : t.part}</h2>
        <p>{of === "page" ? t.kept : t.partKept}</p>
        <div className="trouble-actions">
          <button type="button" className="button primary" onClick={() => location.reload()}>
            {t.reload}
          </button>
          <button
            type="button"
            className="button quiet"
            onClick={() => void navigator.clipboard?.writeText(report).then(() => setCopied(true))}
          >
            {copied ? t.copied : t.copy}
          </button>
        </div>
        <details>
          <summary>{t.details}</summary>
          <pre>{report}</pre>
        </details>
      </div>
    </main>
  );
}
