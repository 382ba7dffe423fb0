// Menu texts are readable: whole sentences, on any screen.

import type { Locator } from "@playwright/test";
import { openedLive } from "../lib/bodies.ts";
import { expect, test } from "../lib/test.ts";

/** Returns the unreadable lines of text of an open menu, after scrolling to each. */
async function hiddenLines(menu: Locator): Promise<string[]> {
  return menu.locator(".menu__panel").evaluate((panel) => {
    const hidden: string[] = [];
    const texts = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement;
      if (!element || !text.textContent?.trim() || element.closest(".unseen")) continue;
      if (!element.checkVisibility()) continue;
      element.scrollIntoView({ block: "nearest" });
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const { left, right, top, bottom } of range.getClientRects()) {
        // The first and the last pixels of a line are neither cut off nor covered.
        const isSeen = [left + 1, right - 1].every((x) => {
          const at = document.elementFromPoint(x, (top + bottom) / 2);
          return at !== null && panel.contains(at) && element.contains(at);
        });
        if (!isSeen) hidden.push(`${text.textContent} at ${Math.round(left)} to ${Math.round(right)}`);
      }
    }
    return hidden;
  });
}

for (const [width, height] of [
  [1440, 900],
  [1000, 600],
  [600, 800],
  [390, 844],
] as const) {
  test(`every sentence of a menu is whole on a screen ${width} px wide`, async ({ page, origin }) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.setViewportSize({ width, height });
    const inspect = await openedLive(page, origin, "{}", "application/json");
    const read: string[] = [];
    const readMenus = async () => {
      for (const menu of await page.locator("details[data-menu]").all()) {
        const button = menu.locator("> summary");
        if (!(await button.isVisible())) continue;
        await button.click();
        await expect(menu).toHaveAttribute("open");
        expect(await hiddenLines(menu), await button.innerText()).toEqual([]);
        read.push(await menu.innerText());
        await page.keyboard.press("Escape");
        await expect(menu).not.toHaveAttribute("open");
      }
    };
    await readMenus();
    await page.goto(`${origin}/inspect/${inspect.id}`);
    await inspect.isLive();
    await readMenus();
    const all = read.join("\n");
    for (const sentence of [
      "Once it keeps 10,000 requests, it drops the oldest.",
      "Deletes 1 request for good. The next one is #2.",
      "Deletes it with all its requests for good. Senders get 410 from then on.",
    ]) {
      expect(all).toContain(sentence);
    }
  });
}

test("an endpoint is renamed from its menu", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, "{}", "application/json");
  await page.getByTestId("endpoint-menu").locator("> summary").click();
  await page.getByLabel("Name of this endpoint").fill('Orders <b> & "returns"');
  await page.getByRole("button", { name: "Rename" }).click();
  await page.waitForURL(`${origin}/inspect/${inspect.id}`);
  await inspect.isLive();
  await expect(page.locator(".switcher__title").first()).toHaveText('Orders <b> & "returns"');
  await expect(page).toHaveTitle(/Orders <b> & "returns"/);
});
