/** The line below the size. Software adapters bind buffers of 128 MiB: one wide level of a U-Net goes beyond that at 768 px, really. */
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { writeRandomTensors } from "../bench/random-unet.ts";
import { expectAccessible, generate, notices, SLOW, sentence, steps } from "./flow-steps.ts";
import { longTextEncoder, tinyDiffusion, wideUNet } from "./tiny-models.ts";

const READING = { timeout: 120_000 };

const size = (page: Page) => page.getByRole("combobox", { name: "Size" });
/** What the line says. */
const takes = (page: Page) => page.getByText(/^Takes about [\d.]+ (MB|GB) of graphics memory\.$/);
const tooLarge = (page: Page) => page.getByRole("status").filter({ hasText: "Too large for this graphics device" });

test("a size that the device cannot draw is told beforehand, with one that it can", async ({ page }, { outputDir }) => {
  // Of more than 200 MB: of smaller ones the page says nothing.
  const root = await tinyDiffusion(outputDir);
  const [words, unet] = [join(outputDir, "words.safetensors"), join(outputDir, "unet.safetensors")];
  await longTextEncoder(words);
  await writeRandomTensors(unet, new Map(wideUNet(512)), 3);
  await page.addInitScript("delete window.showOpenFilePicker");
  await page.goto("./#models");
  const room = page.getByRole("region", { name: "Add a model" });
  const chooser = page.waitForEvent("filechooser");
  await room.getByRole("button", { name: "Choose files" }).click();
  await (await chooser).setFiles([words, unet, join(root, "vae/model.safetensors")]);
  await room.getByRole("button", { name: "Import", exact: true }).click(READING);
  await expect(notices(page)).toContainText("is here and draws from now on.", READING);
  await page.getByRole("link", { name: "Studio" }).click();
  await page.getByRole("button", { name: "Take the pictures out" }).click();
  await sentence(page).fill("a beach at night");
  await steps(page).fill("1");

  await test.step("the model's own size fits", async () => {
    await expect(size(page)).toHaveValue("512x512");
    await expect(takes(page)).toBeVisible();
    await expect(tooLarge(page)).toHaveCount(0);
  });

  await test.step("a larger one does not: by how much is said, and what fits", async () => {
    await size(page).selectOption("768x768");
    await expect(tooLarge(page)).toContainText(/a buffer of (151|302) MB, and 134 MB is allowed/);
    await expect(takes(page)).toHaveCount(0);
    await expectAccessible(page, "size note");
  });

  await test.step("it is no threat: drawing there ends with the same reason", async () => {
    await generate(page).click();
    await expect(page.getByRole("alert")).toContainText("134 MB", SLOW);
    await page.getByRole("alert").getByRole("button", { name: "Close" }).click();
  });

  await test.step("the size that is offered is taken with a press", async () => {
    const offered = tooLarge(page).getByRole("button", { name: /^Use \d+ × \d+$/ });
    const side = Number(/\d+/.exec((await offered.textContent()) ?? ""));
    expect(side).toBeGreaterThanOrEqual(512);
    expect(side).toBeLessThan(768);
    await offered.click();
    await expect(size(page)).toHaveValue(`${side}x${side}`);
    await expect(takes(page)).toBeVisible();
    await expect(tooLarge(page)).toHaveCount(0);
  });
});
