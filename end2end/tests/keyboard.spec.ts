// Everything by keyboard, and nothing while one types.

import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

test("keys go through the list, open parts and lead back", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const n of [1, 2, 3]) await curl(url, { body: `{"n":${n}}` });
  await expect(inspect.rows).toHaveCount(3);

  await page.keyboard.press("j");
  await expect(inspect.detail).toHaveAttribute("data-seq", "3");
  await page.keyboard.press("j");
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
  await page.keyboard.press("k");
  await expect(inspect.detail).toHaveAttribute("data-seq", "3");
  await page.keyboard.press("Shift+G");
  await expect(inspect.detail).toHaveAttribute("data-seq", "1");
  await page.keyboard.press("g");
  await expect(inspect.detail).toHaveAttribute("data-seq", "3");
  await page.keyboard.press("2");
  await expect(page).toHaveURL(/tab=headers/);
  await page.keyboard.press("1");
  await expect(page).toHaveURL(/tab=body|\/3$/);
  await page.keyboard.press("d");
  await expect(inspect.row(3)).toHaveCount(0);
  await page.keyboard.press("u");
  await expect(inspect.row(3)).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(new RegExp(`/inspect/${inspect.id}(\\?|$)`));
});

test("Escape leaves a field, and one is enough for the palette", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: '{"a":"x"}' });
  await expect(inspect.rows).toHaveCount(1);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("send");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("palette")).toBeHidden();
  await page.keyboard.press("/");
  await page.keyboard.type("xyz");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(page.getByLabel("Search the requests")).not.toBeFocused();
  await page.getByTestId("search-clear").click();
  await page.keyboard.press("j");
  await expect(inspect.detail).toHaveAttribute("data-seq", "1");
  await page.keyboard.press("f");
  await page.keyboard.type("x");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/find=x/);
  await inspect.body.getByRole("searchbox").press("Escape");
  await expect(page).not.toHaveURL(/find=/);
});

test("keys are letters while one types", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: "x" });
  await expect(inspect.rows).toHaveCount(1);
  await page.keyboard.press("/");
  await page.keyboard.type("jdgp?");
  await expect(page.locator('[data-key="search"]')).toHaveValue("jdgp?");
  await expect(page.getByTestId("palette")).toBeHidden();
  await expect(inspect.detail).toHaveCount(0);
});

test("the palette shows every key, finds commands and goes to other endpoints", async ({ page, origin }) => {
  const first = await Inspect.createLive(page, origin);
  const firstId = first.id;
  const second = await Inspect.createLive(page, origin);
  await page.keyboard.press("?");
  const palette = page.getByTestId("palette");
  await expect(palette).toBeVisible();
  await expect(palette.getByRole("option", { name: /Send a sample/ })).toContainText("s");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();

  await page.keyboard.press("Control+k");
  await page.keyboard.type("send sample");
  await expect(palette.getByRole("option")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(palette).toBeHidden();
  await expect(second.rows).toHaveCount(1);

  await page.keyboard.press("Control+k");
  await page.keyboard.type(firstId);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/inspect/${firstId}`));
});
