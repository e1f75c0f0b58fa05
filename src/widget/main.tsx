import "@fontsource-variable/inter/index.css";
import "../ui/tokens.css";
import "../ui/touch.css";
import "../ui/forced-colors.css";
import "../ui/trouble.css";
import { createRef, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { type AppContext, AppProvider } from "../app-context.ts";
import type { ComposerHandle } from "../composer/composer.tsx";
import { CrashBoundary } from "../crash/crash-boundary.tsx";
import { createCutoutStore } from "../cutout/cutout-store.ts";
import { readConfig } from "../embed/config.ts";
import { readCheckedConfig } from "../embed/protocol-schemas.ts";
import { createEngine } from "../engine/index.ts";
import { createEntityStore } from "../entities/entity-store.ts";
import { firstSentence } from "../examples/example-sentences.ts";
import { createGalleryStore } from "../gallery/gallery-store.ts";
import { runningJob } from "../generation/job.ts";
import { pictureToPng } from "../generation/picture.ts";
import { createQueueStore } from "../generation/queue-store.ts";
import { entitiesOf, promptOf } from "../generation/sentence-pictures.ts";
import { createImportStore } from "../models/import-store.ts";
import { createModelsStore } from "../models/models-store.ts";
import { tellImport } from "../models/tell-import.ts";
import { createSettingsStore } from "../settings/settings-store.ts";
import { translateEngine } from "../ui/engine-messages.ts";
import { history } from "../ui/history.ts";
import { notify } from "../ui/notices.tsx";
import { pageStorage } from "../ui/page-storage.ts";
import { preferences } from "../ui/preferences-store.ts";
import { textsNow } from "../ui/texts.ts";
import { createCommands } from "./commands.ts";
import { HostLink } from "./host-link.ts";
import { areAllowed, fetchHosts, originsAround } from "./hosts.ts";
import { JobResults } from "./job-results.ts";
import { memoryEntities, memoryResults } from "./memory-tables.ts";
import { createModelAccess } from "./model-access.ts";
import { modelSource } from "./model-source.ts";
import { widgetResult } from "./results.ts";
import { tellHost } from "./tell-host.ts";
import { widgetTexts } from "./texts.ts";
import type { Returned } from "./visit.ts";
import { Widget } from "./widget.tsx";
import { applyLook, createWidgetStore } from "./widget-store.ts";

const around = originsAround();
const query = new URLSearchParams(location.search);
const config = readCheckedConfig(readConfig((name) => query.get(name)));
// Its theme and language are its host's affair, not the app's.
// Where all storage is denied, zustand has attached nothing to set.
preferences.persist?.setOptions({ storage: pageStorage(false) });
applyLook({ theme: "system", lang: "", ...config });

const engine = createEngine();
const access = createModelAccess(engine, window.parent !== window);
const view = createWidgetStore(config, around[0] ?? null);
const composer = createRef<ComposerHandle>();
const entities = createEntityStore({ history, tables: memoryEntities() });
const gallery = createGalleryStore({ tables: memoryResults() });
const settings = createSettingsStore({ history, kept: false });
const models = createModelsStore(
  {
    describe: access.describe,
    listModels: () => engine.listModels(),
    storageUsage: () => engine.storageUsage(),
    verifyModel: (...args) => engine.verifyModel(...args),
    deleteModel: (id) => engine.deleteModel(id),
    openModel: (id) => engine.openModel(id),
  },
  { kept: false },
);
const generation = createQueueStore({
  engine: {
    get bundle() {
      return engine.bundle;
    },
    load: (source, options) => access.load(source as string, options),
    generate: (request, options) => engine.generate(request, options),
  },
  promptOf: (sentence) => promptOf(sentence, entities.getState().entities),
  keep: async ({ picture, ...result }) => {
    const known = entities.getState().entities;
    const id = await gallery.getState().add({
      ...result,
      entities: entitiesOf(result.sentence, known),
      picture: await pictureToPng(picture),
    });
    const job = runningJob(generation.getState().jobs);
    if (job) jobResults.note(job.id, id);
    void tellResult(id);
    return id;
  },
  // A guest's queue ends with the page.
  storage: { takeOver: async () => [], save: async () => {} },
});
const app: AppContext = {
  engine,
  models,
  imports: createImportStore({ engine, models, tell: tellImport }),
  entities,
  cutout: createCutoutStore(entities),
  settings,
  gallery,
  generation,
};
const jobResults = new JobResults(app);
translateEngine();
const commands = createCommands({ app, access, view, composer, resultOf: (id) => jobResults.of(id) });

const allowed = fetchHosts(new URL("widget.json", document.baseURI)).then(
  (hosts) => (origins: readonly string[]) => areAllowed(origins, hosts, location.origin),
  // A list that cannot be read lets nobody.
  () => (origins: readonly string[]) => areAllowed(origins, [], location.origin),
);
const arrived = entities.getState().restore();

const link = new HostLink({
  id: /[#&]frame=([\w-]{1,64})/.exec(location.hash)?.[1] ?? "",
  parentOrigin: around[0],
  isAllowed: async (origin) => (await allowed)([origin, ...around]),
  onInit: (config, origin) => {
    view.setState({ host: origin });
    void start.then(() => {
      commands.configure(config, true);
      link.send("ready", commands.state());
    });
  },
  carryOut: async (request) => {
    await start;
    return commands.carryOut(request);
  },
});
tellHost(app, link);

async function tellResult(id: string): Promise<void> {
  const result = await widgetResult(gallery, id);
  if (result) link.send("result", result);
}

async function takeBack({ result }: Returned): Promise<void> {
  const id = await gallery.getState().add(result);
  generation.getState().show(id);
  notify(textsNow(widgetTexts).returned);
  await tellResult(id);
}

const start = (async () => {
  await arrived;
  models.getState().use(modelSource(config.model));
  settings.getState().setSentence(firstSentence(entities.getState().shelf));
  commands.configure(config, true);
  const framed = window.parent !== window;
  const admitted = !framed || (await allowed)(around);
  view.setState({ admission: admitted ? "admitted" : "refused", ready: true });
})();

createRoot(document.getElementById("widget") as HTMLElement).render(
  <StrictMode>
    <CrashBoundary of="page">
      <AppProvider value={app}>
        <Widget
          access={access}
          view={view}
          composer={composer}
          onHeight={(height) => link.send("resize", { height })}
          onReturned={(returned) => void takeBack(returned)}
        />
      </AppProvider>
    </CrashBoundary>
  </StrictMode>,
);
