/** The page in German, down to what its workers say. No model is loaded here. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { expectAccessible } from "./flow-steps.ts";

test.use({ locale: "de" });

/** safetensors with one tensor of 2880 float32, of which only the first bytes are there. */
function cutOff(): Buffer {
  const offsets = [0, 11_520];
  const header = JSON.stringify({ "conv_in.weight": { dtype: "F32", shape: [320, 9], data_offsets: offsets } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(100)]);
}

test("files that cannot be used are refused in German, and in English when the page changes to it", async ({ page }, {
  outputDir,
}) => {
  await mkdir(outputDir, { recursive: true });
  const [half, evil] = [join(outputDir, "halb.safetensors"), join(outputDir, "fremd.ckpt")];
  await writeFile(half, cutOff());
  // A pickle that would call os.system.
  await writeFile(evil, Buffer.concat([Buffer.from([0x80, 2]), Buffer.from("cos\nsystem\nq\x00.", "latin1")]));

  // No test can drive the dialogs of File System Access: here files are chosen as in browsers without it.
  await page.addInitScript("delete window.showOpenFilePicker");
  await page.goto("./#models");
  const room = page.getByRole("region", { name: "Modell hinzufügen" });
  const chooser = page.waitForEvent("filechooser");
  await room.getByRole("button", { name: "Dateien wählen" }).click();
  await (await chooser).setFiles([half, evil]);
  const refused = room.getByRole("alert");
  await expect(refused).toContainText("Diese Dateien sind nicht zu gebrauchen", { timeout: 60_000 });
  const lines = refused.getByRole("listitem");
  await expect(lines).toHaveText([
    /^halb\.safetensors, Tensor conv_in\.weight: endet bei Byte 11\.\d{3}, doch die Datei hat \d{3}: abgeschnitten\? Holen Sie die Datei noch einmal$/,
    /^fremd\.ckpt: In Python geöffnet, würde diese Datei os\.system ausführen\. Hier wurde nichts ausgeführt/,
  ]);
  await expectAccessible(page, "refused, in German");

  await page.getByRole("button", { name: "Aussehen und Sprache" }).click();
  await page.getByRole("combobox", { name: /^Sprache/ }).selectOption("en");
  await expect(page.getByRole("region", { name: "Add a model" }).getByRole("alert").getByRole("listitem")).toHaveText([
    /^halb\.safetensors, tensor conv_in\.weight: ends at byte 11\d{3}, but the file has \d{3}: cut off\? Fetch the file again$/,
    /^fremd\.ckpt: opening it in Python would run os\.system\. Nothing was run/,
  ]);
});
