/** The engine without any page, bundled with your own: ORT's wasm and the model lie where your server has them. */
import { createEngine, EngineError } from "kosmos-g-web/engine";

export async function draw(canvas: HTMLCanvasElement, animal: Blob, signal: AbortSignal): Promise<string> {
  const engine = createEngine({ wasmPaths: new URL("/kosmos-g/ort/", location.href).href });
  try {
    await engine.load("/kosmos-g/models/mini", { signal, onProgress: console.log });
    const { picture, metadata } = await engine.generate(
      {
        prompt: [
          { kind: "entity", image: animal },
          { kind: "text", text: " in the snow" },
        ],
        seed: 1,
      },
      { signal },
    );
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d")?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
    return `Seed ${metadata.settings.seed}`;
  } catch (error) {
    return error instanceof EngineError ? error.message : String(error);
  } finally {
    engine.dispose();
  }
}
