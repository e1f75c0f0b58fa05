/**
 * embed.js: defines `<kosmos-g>`.
 *
 *     <script type="module" src="https://w.example/embed.js"></script>
 *     <kosmos-g prompt="‹penguin› in the snow" autosize></kosmos-g>
 */
import type { KosmosGElement } from "./kosmos-g-element.ts";
import type { WidgetEvents } from "./protocol.ts";
import { register } from "./register.ts";

export { EmbedError } from "./embed-error.ts";
export { KosmosGElement } from "./kosmos-g-element.ts";
export type * from "./protocol.ts";

register(import.meta.url);

type ElementEvents = {
  [E in Exclude<keyof WidgetEvents, "closed"> as `kosmosg-${E}`]: CustomEvent<WidgetEvents[E]>;
};

declare global {
  interface HTMLElementTagNameMap {
    "kosmos-g": KosmosGElement;
  }
  interface HTMLElementEventMap extends ElementEvents {}
}
