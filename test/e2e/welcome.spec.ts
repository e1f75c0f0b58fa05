/** The first visit: what the page shows and explains before anything is pressed. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";

const welcome = (page: Page) => page.getByRole("region", { name: "How this works" });
const modelFile = "public/models/mini/model.json";

test("it explains itself with the model's own size, is put away for good, and comes back on demand", async ({
  page,
}) => {
  const { files } = JSON.parse(readFileSync(modelFile, "utf8")) as { files: Record<string, { size: number }> };
  const bytes = Object.values(files).reduce((sum, { size }) => sum + size, 0);
  await page.goto("./");
  await expect(welcome(page)).toContainText(`One download, ${Math.round(bytes / 1e6)} MB`);
  await expect(welcome(page)).toContainText("never leave this machine");
  // It is in nobody's way: the sentence is ready, and so is Generate.
  await expect(page.getByRole("button", { name: /then generate/ })).toBeEnabled();
  await page.getByRole("button", { name: "Close: how this works" }).click();
  await expect(welcome(page)).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("button", { name: /then generate/ })).toBeVisible();
  await expect(welcome(page)).toHaveCount(0);

  await page.getByRole("link", { name: "Gallery" }).click();
  await page.getByRole("button", { name: "How this works" }).click();
  await expect(welcome(page)).toBeInViewport();
  await expect(welcome(page).getByRole("heading")).toBeFocused();
});

test("the stage shows what this model made of the sentence; another example, another picture", async ({ page }) => {
  await page.goto("./");
  const picture = page.locator(".mat img.picture");
  await expect(picture).toHaveAttribute("alt", "‹penguin› in the snow at night");
  await expect(page.getByText(/An example, drawn by this model with seed \d+/)).toBeVisible();
  await page
    .getByRole("button", { name: /on the beach/ })
    .first()
    .click();
  await expect(picture).toHaveAttribute("alt", "‹fox› on the beach");
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(96);
});

test("pictures of another model are not shown as this one's", async ({ page, context }) => {
  const body = readFileSync("public/examples/made/pictures.json", "utf8").replaceAll(/[0-9a-f]{64}/g, "0".repeat(64));
  await context.route("**/examples/made/pictures.json", (route) =>
    route.fulfill({ contentType: "application/json", body }),
  );
  const answered = page.waitForEvent("requestfinished", (request) => request.url().endsWith("/made/pictures.json"));
  await page.goto("./");
  await answered;
  await page.getByRole("button", { name: "More examples" }).click();
  await expect(page.getByRole("heading", { name: "What this model does well" })).toBeVisible();
  await expect(page.locator(".example-made")).toHaveCount(0);
  await expect(page.getByText("Your picture appears here.")).toBeVisible();
});
