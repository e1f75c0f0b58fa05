/** What stands in the element's place until somebody wants it: a button that names what it fetches. */

/** Of the frame's page, its script and its example pictures, gzipped; a test of the build holds it to that. */
export const FRAME_MEGABYTES = 0.4;

const TEXTS = {
  en: {
    title: "Kosmos-G: sentences in which pictures are words",
    open: (size: string) => `Open Kosmos-G, ${size} MB`,
    about: (host: string) =>
      `Draws on this device, nothing is uploaded. From ${host}; its model is larger and is asked for separately.`,
    locale: "en",
  },
  de: {
    title: "Kosmos-G: Sätze, in denen Bilder Wörter sind",
    open: (size: string) => `Kosmos-G öffnen, ${size} MB`,
    about: (host: string) =>
      `Zeichnet auf diesem Gerät, nichts wird hochgeladen. Von ${host}; das Modell ist größer und wird eigens erfragt.`,
    locale: "de",
  },
};

/** @param lang a language tag, or empty: the browser's */
export function posterTexts(lang: string) {
  const tags = lang ? [lang] : navigator.languages;
  return tags.some((tag) => tag.startsWith("de")) && !tags[0]?.startsWith("en") ? TEXTS.de : TEXTS.en;
}

/** Written by hand and not as a <style>: pages with a strict policy let no script write styles into the document. */
const STYLE = `
:host { display: block; block-size: 640px; min-inline-size: 0; contain: content; }
:host([autosize]) { block-size: auto; }
:host([hidden]) { display: none; }
iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; color-scheme: light dark; }
:host([autosize]) iframe { block-size: var(--height, 640px); }
.poster {
  display: grid; place-content: center; justify-items: center; gap: 12px; box-sizing: border-box;
  block-size: 100%; min-block-size: 240px; padding: 24px; text-align: center;
  border: 1px solid color-mix(in srgb, currentColor 24%, transparent); border-radius: 10px;
  font: 15px/1.5 system-ui, sans-serif;
}
p { margin: 0; max-inline-size: 44ch; font-size: 13px; opacity: .8; }
button {
  font: inherit; font-weight: 600; min-block-size: 44px; padding: 4px 22px; border: 0; border-radius: 999px; cursor: pointer;
  background: var(--kosmosg-accent, light-dark(#005359, #55c1c4));
  color: var(--kosmosg-accent-ink, light-dark(#f6fdfd, #0a2325));
}
button:focus-visible { outline: 2px solid currentColor; outline-offset: 3px; }
@media (forced-colors: active) { button { border: 2px solid ButtonText; } }
`;

let sheet: CSSStyleSheet | undefined;

export function adoptStyle(root: ShadowRoot): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  root.adoptedStyleSheets = [sheet];
}

/**
 * The poster; a picture of the host's own goes into its slot `poster`.
 * @param lang as in posterTexts
 * @param host who serves what is fetched
 */
export function makePoster(lang: string, host: string, onOpen: () => void): HTMLElement {
  const t = posterTexts(lang);
  const poster = document.createElement("div");
  poster.className = "poster";
  poster.part.add("poster");
  const slot = document.createElement("slot");
  slot.name = "poster";
  const title = document.createElement("strong");
  title.textContent = t.title;
  slot.append(title);
  const button = document.createElement("button");
  button.type = "button";
  button.part.add("button");
  button.textContent = t.open(FRAME_MEGABYTES.toLocaleString(t.locale));
  button.addEventListener("click", onOpen);
  const about = document.createElement("p");
  about.textContent = t.about(host);
  poster.append(slot, button, about);
  return poster;
}
