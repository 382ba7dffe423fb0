// Secrets are masked for demonstrations and screenshots, from the first paint.

import type { Locator } from "@playwright/test";
import { opened, openedLive } from "../lib/bodies.ts";
import { curl } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

const colour = (part: Locator) => part.evaluate((element) => getComputedStyle(element).color);
const CLEAR = "rgba(0, 0, 0, 0)";
const JSON_TYPE = "application/json";

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

for (const [kind, query, type, count] of [
  ["header fields", "?tab=headers", "text/plain", 1],
  ["bytes", "?tab=wire", "text/plain", 2],
  ["a tree", "", JSON_TYPE, 1],
  ["text", "?form=text", JSON_TYPE, 1],
  // In both columns.
  ["a hex dump", "?form=hex", JSON_TYPE, 2],
] as const) {
  test(`what others could send by is masked in ${kind} until it is pressed`, async ({ page, origin }) => {
    const body = JSON.stringify({ clientState: "it", resource: "me/messages" });
    const inspect = await openedLive(page, origin, body, type, query, [["X-Gitlab-Token", "it"]]);
    const tokens = inspect.detail.locator('[data-kind~="token"]');
    await expect(tokens).toHaveCount(count);
    for (const token of await tokens.all()) {
      await expect(token).toContainText(/it|69\s+74/);
      expect(await colour(token)).toBe(CLEAR);
      await token.click();
      await page.mouse.move(0, 0);
      expect(await colour(token)).not.toBe(CLEAR);
      await token.click();
      await page.mouse.move(0, 0);
      expect(await colour(token)).toBe(CLEAR);
    }
  });
}

test("secrets are hidden where two requests are compared, old and new", async ({ page, origin }) => {
  const type: [string, string] = ["Content-Type", "text/plain"];
  const inspect = await openedLive(page, origin, "x", "text/plain", "", [["Authorization", "Bearer old-secret"]]);
  await curl(await inspect.url(), { headers: [type, ["Authorization", "Bearer new-secret"]], body: "x" });
  await page.goto(`${origin}/inspect/${inspect.id}/2?tab=compare&with=1`);
  await inspect.isLive();
  const compare = inspect.part("compare");
  for (const text of ["old-secret", "new-secret"]) await expect(compare.getByText(text).last()).toBeVisible();
  await page.getByTestId("hide-secrets").click();
  for (const text of ["old-secret", "new-secret"]) {
    expect(await colour(compare.getByText(text).last())).toBe(CLEAR);
  }
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ complaints }) => {
    complaints.allow(/^file: csp .*\.js\)$/, /^warning: The resource .* was preloaded .* but not used/);
  });

  test("a masked token is shown while it is pressed", async ({ page, origin }) => {
    const inspect = await opened(page, origin, "x", "text/plain", "?tab=headers", [["X-Gitlab-Token", "it"]]);
    const token = inspect.detail.locator('[data-kind~="token"]');
    expect(await colour(token)).toBe(CLEAR);
    await token.hover();
    await page.mouse.down();
    expect(await colour(token)).not.toBe(CLEAR);
    await page.mouse.up();
    expect(await colour(token)).toBe(CLEAR);
  });
});
