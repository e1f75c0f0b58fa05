import { CONFIG_NAMES, readConfig, readSeed } from "./config.ts";
import { Connection } from "./connection.ts";
import { EmbedError } from "./embed-error.ts";
import { adoptStyle, makePoster, posterTexts } from "./poster.ts";
import {
  COLOR_NAMES,
  type Colors,
  type Command,
  type Commands,
  type EventMessage,
  type GenerateParams,
  type Look,
  type Prompt,
  type Theme,
  type WidgetConfig,
  type WidgetResult,
  type WidgetState,
} from "./protocol.ts";

/** Outside of a browser, as where pages are made on a server, the class is there and nothing more. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

const ALLOW = "cross-origin-isolated; storage-access";

/** Where the widget lies: beside this script. */
let home = "";
export function setHome(url: string): void {
  home = url;
}

/**
 * `<kosmos-g>`: the widget in a frame, behind a poster until it is opened. Commands open it too and wait until it is ready; they reject with
 * EmbedError. Events are `kosmosg-ready`, `-resize`, `-progress`, `-preview`, `-result` and `-error`.
 */
export class KosmosGElement extends Base {
  static readonly observedAttributes = ["src", ...CONFIG_NAMES];

  private iframe: HTMLIFrameElement | undefined;
  private connection: Connection | undefined;
  private wanted = false;

  connectedCallback(): void {
    if (!this.shadowRoot) adoptStyle(this.attachShadow({ mode: "open" }));
    if (this.wanted) this.open();
    else this.showPoster();
  }

  /** Whatever was being drawn ends here: the frame's workers go with it. */
  disconnectedCallback(): void {
    this.connection?.close({ code: "removed", message: "The widget was taken out of the page." });
    this.connection = undefined;
    this.iframe?.remove();
    this.iframe = undefined;
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected || !this.shadowRoot) return;
    if (!this.iframe) this.showPoster();
    else if (name === "src") this.open();
    else this.command("configure", { config: this.config() }).catch(() => {});
  }

  /** Builds the frame, as a press on the poster does. Nothing large is fetched before a person says so inside it. */
  open(): void {
    this.wanted = true;
    if (!this.isConnected || !this.shadowRoot) return;
    this.disconnectedCallback();
    const id = crypto.randomUUID();
    const url = this.frameUrl();
    const { theme, lang } = this.config();
    if (theme) url.searchParams.set("theme", theme);
    if (lang) url.searchParams.set("lang", lang);
    url.hash = `frame=${id}`;
    const iframe = document.createElement("iframe");
    iframe.allow = ALLOW;
    iframe.referrerPolicy = "strict-origin";
    iframe.title = this.title || posterTexts(this.lang).title;
    this.iframe = iframe;
    this.connection = new Connection({
      iframe,
      origin: url.origin,
      id,
      config: () => this.config(),
      onEvent: (event) => this.tell(event),
    });
    iframe.src = url.href;
    this.shadowRoot.replaceChildren(iframe);
  }

  setPrompt(prompt: Prompt): Promise<null> {
    return this.command("setPrompt", { prompt });
  }

  /** @returns the picture's id, for the parts of a prompt */
  async addEntity(image: Blob, label: string): Promise<string> {
    return (await this.command("addEntity", { image, label })).id;
  }

  /** Draws one picture. Rejects with `needs-model` while no person has agreed to fetch the model. */
  generate(params: GenerateParams = {}): Promise<WidgetResult> {
    return this.command("generate", { params });
  }

  /** Stops what is being drawn and what waits. @returns how many pictures that were */
  async cancel(): Promise<number> {
    return (await this.command("cancel", {})).stopped;
  }

  getState(): Promise<WidgetState> {
    return this.command("getState", {});
  }

  /** What is left out stays; the colours of the element's custom properties are read anew. */
  setTheme(look: Look = {}): Promise<null> {
    return this.command("setTheme", { look: { ...look, colors: { ...this.colors(), ...look.colors } } });
  }

  get model(): string {
    return this.getAttribute("model") ?? "";
  }
  set model(value: string) {
    this.setAttribute("model", value);
  }
  get prompt(): string {
    return this.getAttribute("prompt") ?? "";
  }
  set prompt(value: string) {
    this.setAttribute("prompt", value);
  }
  /** null: another one with each picture. */
  get seed(): number | null {
    return readSeed(this.getAttribute("seed"));
  }
  set seed(value: number | null) {
    if (value === null) this.removeAttribute("seed");
    else this.setAttribute("seed", String(value));
  }
  get theme(): Theme {
    return this.config().theme ?? "system";
  }
  set theme(value: Theme) {
    this.setAttribute("theme", value);
  }
  get readonly(): boolean {
    return this.config().readonly === true;
  }
  set readonly(value: boolean) {
    this.toggleAttribute("readonly", value);
  }
  get autosize(): boolean {
    return this.config().autosize === true;
  }
  set autosize(value: boolean) {
    this.toggleAttribute("autosize", value);
  }
  /** Address of the widget's page; empty: `embed.html` beside this script. */
  get src(): string {
    return this.getAttribute("src") ?? "";
  }
  set src(value: string) {
    this.setAttribute("src", value);
  }

  private command<C extends Command>(t: C, args: Commands[C]["args"]): Promise<Commands[C]["value"]> {
    if (!this.connection) this.open();
    if (this.connection) return this.connection.call(t, args);
    return Promise.reject(new EmbedError({ code: "removed", message: "The widget is not in the page." }));
  }

  private tell({ t, detail }: EventMessage): void {
    if (t === "resize") this.iframe?.style.setProperty("--height", `${detail.height}px`);
    // Its own promises and the error beside it say as much.
    const type = t === "closed" ? "error" : t;
    this.dispatchEvent(new CustomEvent(`kosmosg-${type}`, { detail, bubbles: true, composed: true }));
  }

  private showPoster(): void {
    const poster = makePoster(this.lang, this.frameUrl().host, () => {
      this.open();
      // The button that had the focus is gone.
      this.iframe?.focus();
    });
    this.shadowRoot?.replaceChildren(poster);
  }

  private frameUrl(): URL {
    return new URL(this.src || new URL("embed.html", home || document.baseURI), document.baseURI);
  }

  private config(): WidgetConfig {
    return { ...readConfig((name) => this.getAttribute(name)), colors: this.colors() };
  }

  private colors(): Colors {
    const style = getComputedStyle(this);
    const set = COLOR_NAMES.map((name) => [name, style.getPropertyValue(`--kosmosg-${name}`).trim()]);
    return Object.fromEntries(set.filter(([, value]) => value));
  }
}
