/**
 * Fills the gallery's tables with small results, made without a model. Runs in the page, whose app has opened the database before: it may
 * use nothing from outside. Seeds count up from 1000, the newest first; 1004 to 1008 were made together; 1010 has a picture that is not
 * on the shelf.
 */
export async function seedGallery(count: number): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open("kosmosg-gallery");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const fox = await (await fetch("examples/fox.png")).blob();
  const chip = await (async () => {
    const bitmap = await createImageBitmap(fox, { resizeWidth: 64, resizeHeight: 64 });
    const canvas = new OffscreenCanvas(64, 64);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    return canvas.convertToBlob();
  })();
  const draw = (i: number) => {
    const canvas = new OffscreenCanvas(96, 96);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.fillStyle = `hsl(${(i * 37) % 360} 45% 60%)`;
    context.fillRect(0, 0, 96, 96);
    context.fillStyle = "#222";
    context.font = "20px sans-serif";
    context.fillText(String(i), 30, 54);
    return canvas.convertToBlob();
  };
  const pictures: Blob[] = [];
  for (let i = 0; i < count; i++) pictures.push(await draw(i));
  const now = Date.now();
  const tx = db.transaction(["results", "details", "pictures", "thumbnails"], "readwrite");
  for (const [i, picture] of pictures.entries()) {
    const id = `seeded-${String(i).padStart(5, "0")}`;
    const entity = i === 10 ? { id: "owl-elsewhere", label: "owl" } : { id: "example-fox", label: "fox" };
    const group = i >= 4 && i < 9 ? { id: "group", kind: "guidance" } : undefined;
    const text = group || i % 2 === 0 ? " in the snow at night" : " on the beach";
    const sentence = [
      { kind: "entity", id: entity.id },
      { kind: "text", text },
    ];
    const settings = {
      negativePrompt: i % 3 === 0 ? "blurry" : "",
      seed: 1000 + i,
      steps: 25,
      guidanceScale: group ? i : 2.5,
      scheduler: "dpmsolver++",
      eta: 0,
      width: 96,
      height: 96,
    };
    const metadata = {
      model: {
        id: "mini",
        name: "The mini",
        files: { "kosmosg.safetensors": "ab".repeat(32), "unet.safetensors": "cd".repeat(32) },
      },
      settings,
      tokens: [0, 5, 2],
      device: {
        vendor: "google",
        architecture: "swiftshader",
        description: "",
        isFallbackAdapter: true,
        features: [],
        limits: {},
        shaderF16: false,
        precision: "fp32",
        attention: { form: "plain", reason: "self-test" },
      },
      seconds: { condition: 0.4, sampling: 5.1, perStep: 0.2, total: 5.6 },
    };
    tx.objectStore("results").put({
      id,
      // Seconds apart: all of them on one day, unless the test runs at midnight.
      madeAt: now - i * 1000,
      starred: false,
      caption: `‹${entity.label}›${text}`,
      sentence,
      settings,
      seconds: 5.6,
      precision: "fp32",
      ...(group && { group }),
    });
    tx.objectStore("details").put({ metadata, entities: [{ ...entity, thumbnail: chip }] }, id);
    tx.objectStore("pictures").put(picture, id);
    tx.objectStore("thumbnails").put(picture, id);
  }
  await new Promise((resolve, reject) => {
    tx.oncomplete = resolve;
    tx.onabort = () => reject(tx.error);
  });
  db.close();
}
