/** The tools of the cut-out dialog, and the letter that takes each. */
import {
  Brush,
  Eraser,
  Lasso,
  type LucideIcon,
  Maximize,
  MousePointerClick,
  Square,
  Type,
  WandSparkles,
} from "lucide-react";

export type Tool = "box" | "brush" | "eraser" | "lasso" | "wand" | "whole" | "describe" | "click";

export const TOOLS: readonly { readonly tool: Tool; readonly key: string; readonly icon: LucideIcon }[] = [
  { tool: "box", key: "x", icon: Square },
  { tool: "brush", key: "b", icon: Brush },
  { tool: "eraser", key: "e", icon: Eraser },
  { tool: "lasso", key: "l", icon: Lasso },
  { tool: "wand", key: "w", icon: WandSparkles },
  { tool: "whole", key: "a", icon: Maximize },
  { tool: "describe", key: "d", icon: Type },
  { tool: "click", key: "c", icon: MousePointerClick },
];

/** Tools that a cross-hair aims from the keyboard. */
export const AIMED: ReadonlySet<Tool> = new Set<Tool>(["brush", "eraser", "lasso", "wand", "click"]);

/** Of 255. */
export const TOLERANCE = { min: 2, max: 96, step: 1 } as const;
/** Parts of the photo's longer side. */
export const BRUSH = { min: 0.005, max: 0.12, step: 0.005 } as const;
/** Radius, pixels of the photo. */
export const FEATHER = { min: 0, max: 16, step: 1 } as const;

/** How the ground is shown while one works. */
export const PREVIEWS = ["dim", "checker", "white"] as const;
export type Preview = (typeof PREVIEWS)[number];
