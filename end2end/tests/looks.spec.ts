// The viewer's display preferences, which this browser remembers: light or dark, and the width of
// the list.

import type { Page } from "@playwright/test";
import { openedLive } from "../lib/bodies.ts";
import { expect, test } from "../lib/test.ts";

/** The brightness of the page's background as rendered, 0 to 1. */
const ground = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d");
    if (!canvas) throw new Error("no canvas");
    canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    return (canvas.getImageData(0, 0, 1, 1).data[1] ?? 0) / 255;
  });

const isDark = async (page: Page) => (await ground(page)) < 0.5;

for (const system of ["light", "dark"] as const) {
  test(`where the system is ${system}, pages can be of the other theme and back`, async ({ page, origin }) => {
    await page.emulateMedia({ colorScheme: system });
    const inspect = await openedLive(page, origin, "{}", "application/json");
    expect(await isDark(page)).toBe(system === "dark");
    await page.getByRole("button", { name: "Light or dark" }).click();
    expect(await isDark(page)).toBe(system === "light");

    // On every page from then on, from the first paint.
    await page.addInitScript(() => {
      const themes: (string | null)[] = [];
      Object.assign(window, { themes });
      const look = () => themes.push(document.documentElement.getAttribute("data-theme"));
      new MutationObserver((_, observer) => {
        if (!document.body) return;
        look();
        observer.disconnect();
      }).observe(document, { childList: true, subtree: true });
    });
    const other = system === "light" ? "dark" : "light";
    for (const path of ["", `inspect/${inspect.id}/answers`, `inspect/${inspect.id}`]) {
      await page.goto(`${origin}/${path}`);
      expect(await isDark(page), path).toBe(system === "light");
      expect(await page.evaluate(() => (window as unknown as { themes: string[] }).themes), path).toEqual([other]);
    }
    await inspect.isLive();

    // Switching back restores the system's theme, and follows it.
    await page.keyboard.press("l");
    expect(await isDark(page)).toBe(system === "dark");
    await page.emulateMedia({ colorScheme: other });
    expect(await isDark(page)).toBe(system === "light");
    await page.reload();
    expect(await isDark(page)).toBe(system === "light");
  });
}

test("the list is made wider by mouse and by keys, and stays so", async ({ page, origin }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  const inspect = await openedLive(page, origin, "{}", "application/json");
  const list = page.locator(".request-list");
  const splitter = page.getByTestId("splitter");
  const width = async () => Math.round((await list.boundingBox())?.width ?? 0);
  expect(await width()).toBe(420);
  const drag = async (to: number) => {
    const box = await splitter.boundingBox();
    if (!box) throw new Error("no splitter");
    await page.mouse.move(box.x + box.width / 2, 600);
    await page.mouse.down();
    await page.mouse.move(to, 620, { steps: 5 });
    await page.mouse.up();
  };
  await drag(560);
  expect(await width()).toBe(560);
  await expect(splitter).toHaveAttribute("aria-valuenow", "560");
  // The drag selected no text.
  expect(await page.evaluate(() => String(getSelection()))).toBe("");
  // Moving without a pressed button does nothing.
  await page.mouse.move(300, 620);
  expect(await width()).toBe(560);

  await page.reload();
  await inspect.isLive();
  expect(await width()).toBe(560);
  await splitter.focus();
  await page.keyboard.press("ArrowRight");
  expect(await width()).toBe(580);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  expect(await width()).toBe(540);

  // Neither pane is ever squeezed out.
  await drag(1_400);
  expect(await width()).toBe(864);
  await page.setViewportSize({ width: 1000, height: 700 });
  expect(await width()).toBe(600);
  await drag(2);
  expect(await width()).toBe(240);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(splitter).toBeHidden();
  await page.setViewportSize({ width: 1440, height: 900 });

  await splitter.dblclick();
  expect(await width()).toBe(420);
  await page.reload();
  await inspect.isLive();
  expect(await width()).toBe(420);
});
