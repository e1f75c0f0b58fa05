import "@fontsource-variable/inter/index.css";
import "./ui/tokens.css";
import "./ui/touch.css";
import "./ui/forced-colors.css";
import "./ui/trouble.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { AppProvider } from "./app-context.ts";
import { CrashBoundary } from "./crash/crash-boundary.tsx";
import { createCutoutStore } from "./cutout/cutout-store.ts";
import { createEngine } from "./engine/index.ts";
import { createEntityStore } from "./entities/entity-store.ts";
import { createGalleryStore } from "./gallery/gallery-store.ts";
import { pictureToPng } from "./generation/picture.ts";
import { createQueueStorage } from "./generation/queue-storage.ts";
import { createQueueStore } from "./generation/queue-store.ts";
import { entitiesOf, promptOf } from "./generation/sentence-pictures.ts";
import { createEarlierImports } from "./models/earlier-imports.ts";
import { createImportStore } from "./models/import-store.ts";
import { createModelsStore } from "./models/models-store.ts";
import { tellImport } from "./models/tell-import.ts";
import { awaitInstallOffer } from "./offline/install-offer.ts";
import { startOffline } from "./offline/start-offline.ts";
import { createSettingsStore } from "./settings/settings-store.ts";
import { translateEngine } from "./ui/engine-messages.ts";
import { history } from "./ui/history.ts";

const engine = createEngine();
const gallery = createGalleryStore();
const models = createModelsStore(engine);
const entities = createEntityStore({ history });
const app = {
  engine,
  models,
  imports: createImportStore({ engine, models, tell: tellImport, memory: createEarlierImports() }),
  entities,
  cutout: createCutoutStore(entities),
  settings: createSettingsStore({ history }),
  gallery,
  generation: createQueueStore({
    engine,
    promptOf: (sentence) => promptOf(sentence, entities.getState().entities),
    keep: async ({ picture, ...result }) =>
      gallery.getState().add({
        ...result,
        entities: entitiesOf(result.sentence, entities.getState().entities),
        picture: await pictureToPng(picture),
      }),
    storage: createQueueStorage(),
  }),
};

translateEngine();
awaitInstallOffer();
// In development files change under their names: nothing of them is kept.
if (import.meta.env.PROD) {
  // Behind everything that the page itself waits for. Where it fails, the page works with a network.
  addEventListener("load", () => void startOffline(app).catch(() => {}));
}

createRoot(document.getElementById("app") as HTMLElement).render(
  <StrictMode>
    <CrashBoundary of="page">
      <AppProvider value={app}>
        <App />
      </AppProvider>
    </CrashBoundary>
  </StrictMode>,
);
