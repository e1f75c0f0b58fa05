/** A host's colours on the page: the few that it may set, and those that follow from them. */
import { COLOR_NAMES, type Colors } from "../embed/protocol.ts";

/** What is mixed from a host's paper and ink. */
const DERIVED: Readonly<Record<string, string>> = {
  "--paper-raised": "color-mix(in oklch, var(--paper), white 30%)",
  "--paper-sunken": "color-mix(in oklch, var(--paper), var(--ink) 5%)",
  "--line": "color-mix(in oklch, var(--paper), var(--ink) 16%)",
  "--ink-soft": "color-mix(in oklch, var(--ink), var(--paper) 25%)",
  "--check": "color-mix(in oklch, var(--paper), var(--ink) 7%)",
};

/** Sets what is a colour and nothing else; what is none, or left out, is as the widget has it. */
export function setColors(colors: Colors, { style } = document.documentElement): void {
  for (const name of COLOR_NAMES) {
    const color = colors[name] ?? "";
    if (isColor(color)) style.setProperty(`--${name}`, color);
    else style.removeProperty(`--${name}`);
  }
  const own = isColor(colors.paper ?? "") || isColor(colors.ink ?? "");
  for (const [name, value] of Object.entries(DERIVED)) {
    if (own) style.setProperty(name, value);
    else style.removeProperty(name);
  }
  // Words on a host's accent are black or white, whichever is read better.
  if (isColor(colors.accent ?? "") && !isColor(colors["accent-ink"] ?? "")) {
    style.setProperty("--accent-ink", isLight(colors.accent as string) ? "black" : "white");
  }
  if (isColor(colors.accent ?? "")) {
    style.setProperty("--accent-soft", "color-mix(in oklch, var(--accent), var(--paper) 85%)");
  } else style.removeProperty("--accent-soft");
}

/** No variables, which would reach into the widget's own. */
const isColor = (text: string) => text !== "" && !/var\s*\(|;|\{/i.test(text) && CSS.supports("color", text);

/** By WCAG's relative luminance, at the point where black and white are read equally well. */
function isLight(color: string): boolean {
  const context = new OffscreenCanvas(1, 1).getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
    const value = byte / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
}
