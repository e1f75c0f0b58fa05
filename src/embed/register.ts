import { KosmosGElement, setHome } from "./kosmos-g-element.ts";

/** Defines `<kosmos-g>`, once a page, whichever of the scripts comes first. @param home address of the script */
export function register(home: string): void {
  setHome(home);
  if (globalThis.customElements && !customElements.get("kosmos-g")) customElements.define("kosmos-g", KosmosGElement);
}
