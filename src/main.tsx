import "@fontsource-variable/inter/index.css";
import "./ui/tokens.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { AppProvider } from "./app-context.ts";
import { createEngine } from "./engine/index.ts";
import { createEntityStore } from "./entities/entity-store.ts";
import { createGalleryStore } from "./gallery/gallery-store.ts";
import { createGenerationStore } from "./generation/generation-store.ts";
import { createSettingsStore } from "./settings/settings-store.ts";

const modelUrl = "models/mini";
const engine = createEngine();
const gallery = createGalleryStore();
const app = {
  engine,
  modelUrl,
  entities: createEntityStore(),
  settings: createSettingsStore(),
  gallery,
  generation: createGenerationStore(engine, modelUrl, gallery),
};

createRoot(document.getElementById("app") as HTMLElement).render(
  <StrictMode>
    <AppProvider value={app}>
      <App />
    </AppProvider>
  </StrictMode>,
);
