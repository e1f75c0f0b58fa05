/** The stores of one app, made once and handed down: several apps can live on one page, and tests make their own. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { CutoutStore } from "./cutout/cutout-store.ts";
import type { Engine } from "./engine/index.ts";
import type { EntityState, EntityStore } from "./entities/entity-store.ts";
import type { GalleryState, GalleryStore } from "./gallery/gallery-store.ts";
import type { QueueState, QueueStore } from "./generation/queue-store.ts";
import type { ImportState, ImportStore } from "./models/import-store.ts";
import type { ModelsState, ModelsStore } from "./models/models-store.ts";
import type { SettingsState, SettingsStore } from "./settings/settings-store.ts";

export interface AppContext {
  readonly engine: Engine;
  readonly models: ModelsStore;
  readonly imports: ImportStore;
  readonly entities: EntityStore;
  readonly cutout: CutoutStore;
  readonly settings: SettingsStore;
  readonly gallery: GalleryStore;
  readonly generation: QueueStore;
}

export const AppProvider = createContext<AppContext | null>(null);

export function useApp(): AppContext {
  const app = useContext(AppProvider);
  if (!app) throw new Error("useApp outside of AppProvider");
  return app;
}

export const useEntities = <T>(select: (state: EntityState) => T): T => useStore(useApp().entities, select);
export const useSettings = <T>(select: (state: SettingsState) => T): T => useStore(useApp().settings, select);
export const useGallery = <T>(select: (state: GalleryState) => T): T => useStore(useApp().gallery, select);
export const useGeneration = <T>(select: (state: QueueState) => T): T => useStore(useApp().generation, select);
export const useModels = <T>(select: (state: ModelsState) => T): T => useStore(useApp().models, select);
export const useImport = <T>(select: (state: ImportState) => T): T => useStore(useApp().imports, select);
