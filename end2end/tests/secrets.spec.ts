// Secrets are masked for demonstrations and pictures, from the first thing that is drawn on.

import type { Locator } from "@playwright/test";
import { openedLive } from "../lib/bodies.ts";
import { expect, test } from "../lib/test.ts";

const colour = (part: Locator) => part.evaluate((element) => getComputedStyle(element).color);
const CLEAR = "rgba(0, 0, 0, 0)";

test("secrets are hidden by a switch that the browser remembers, and shown by a press", async ({
  page,
  origin,
}) => {
  const inspect = await openedLive(page, origin, "{}", "application/json", "?tab=headers", [
    ["Authorization", "Bearer not-for-the-screen"],
    ["Cookie", "session=1"],
    ["X-Plain", "plain"],
  ]);
  const value = (name: string) =>
    inspect.headers.getByTestId("field").filter({ hasText: name }).locator(".fields__value");
  expect(await colour(value("Authorization"))).not.toBe(CLEAR);
  await page.getByTestId("hide-secrets").click();
  for (const name of ["Authorization", "Cookie"]) expect(await colour(value(name))).toBe(CLEAR);
  expect(await colour(value("X-Plain"))).not.toBe(CLEAR);

  await page.reload();
  expect(await colour(value("Authorization"))).toBe(CLEAR);
  await inspect.isLive();
  await expect(page.getByTestId("hide-secrets")).toHaveAttribute("aria-pressed", "true");
  await value("Authorization").click();
  expect(await colour(value("Authorization"))).not.toBe(CLEAR);
  expect(await colour(value("Cookie"))).toBe(CLEAR);

  await page.goto(page.url().replace("tab=headers", "tab=wire"));
  await inspect.isLive();
  const secret = inspect.part("wire").locator('[data-kind~="secret"]').first();
  await expect(secret).toContainText("not-for-the-screen");
  expect(await colour(secret)).toBe(CLEAR);
  await page.getByTestId("copy-as").locator("summary").click();
  await expect(page.getByTestId("copy-as")).toContainText("has the secrets that are hidden here");
  await page.keyboard.press("Escape");
  await page.getByTestId("hide-secrets").click();
  expect(await colour(secret)).not.toBe(CLEAR);
});
