import type { ManifestOptions } from "vite-plugin-pwa";

/** What an operating system is told of the installed app. Addresses are relative: it may lie below any path. */
export const webAppManifest: Partial<ManifestOptions> = {
  id: "./",
  start_url: "./",
  scope: "./",
  name: "Kosmos-G",
  short_name: "Kosmos-G",
  description: "Put cut-out pictures into a sentence and see it drawn, on your own machine. Nothing is uploaded.",
  lang: "en",
  dir: "ltr",
  display: "standalone",
  // The paper of tokens.css, light.
  background_color: "#f9f6f1",
  theme_color: "#f9f6f1",
  categories: ["graphics", "photo"],
  icons: [
    { src: "icon.svg", sizes: "any", type: "image/svg+xml" },
    { src: "icons/192.png", sizes: "192x192", type: "image/png" },
    { src: "icons/512.png", sizes: "512x512", type: "image/png" },
    { src: "icons/maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
  ],
  screenshots: [
    {
      src: "screenshots/wide.png",
      sizes: "1280x960",
      type: "image/png",
      form_factor: "wide",
      label: "A sentence with pictures in it, and what was drawn of it",
    },
    {
      src: "screenshots/narrow.png",
      sizes: "390x844",
      type: "image/png",
      form_factor: "narrow",
      label: "The same on a phone",
    },
  ],
  shortcuts: [
    { name: "Gallery", url: "./#gallery", icons: [{ src: "icons/192.png", sizes: "192x192", type: "image/png" }] },
    { name: "Models", url: "./#models", icons: [{ src: "icons/192.png", sizes: "192x192", type: "image/png" }] },
  ],
  file_handlers: [
    // The page tells by the file whether it is a project, a picture of this app or one to cut out.
    { action: "./", accept: { "application/x-kosmosg": [".kosmosg"], "image/png": [".png"] } },
  ],
  // Read by the service worker (src/offline/shared-pictures.ts).
  share_target: {
    action: "./share-target",
    method: "POST",
    enctype: "multipart/form-data",
    params: { files: [{ name: "pictures", accept: ["image/png", "image/jpeg", "image/webp"] }] },
  },
  // A file that is opened comes to the window that is there, which may be drawing: it is not navigated away.
  launch_handler: { client_mode: ["focus-existing", "auto"] },
};
