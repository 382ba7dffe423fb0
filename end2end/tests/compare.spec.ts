// Two requests side by side: what was added, removed and changed.

import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

const JSON_FIELD: [string, string] = ["Content-Type", "application/json"];

test("a request is compared with the previous of its kind, and with another", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const send = (path: string, body: object, extra: [string, string][] = []) =>
    curl(`${url}${path}`, { headers: [JSON_FIELD, ...extra], body: JSON.stringify(body) });
  await send("/orders", { total: 1, same: true });
  await send("/other", { nothing: "alike" });
  await send("/orders", { total: 2, same: true }, [["X-New", "1"]]);
  await inspect.choose(3);
  await inspect.detail.getByRole("link", { name: "Compare", exact: true }).first().click();
  const compare = inspect.part("compare");
  await expect(compare).toBeVisible();
  await expect(page).toHaveURL(/tab=compare&with=previous/);
  await expect(compare.getByRole("textbox", { name: "The number of the other request" })).toHaveValue("1");
  await expect(compare.locator('[data-mark="added"]', { hasText: "X-New" })).toHaveAttribute("data-sign", "+");
  await expect(compare).toContainText("total");

  await compare.getByRole("textbox", { name: "The number of the other request" }).fill("2");
  await compare.getByRole("button", { name: "Compare" }).click();
  await expect(page).toHaveURL(/with=2/);
  await expect(compare).toContainText("nothing");
});

test("where nothing came before there is nothing to compare with, in words", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: "1" });
  await page.goto(`${origin}/inspect/${inspect.id}/1?tab=compare`);
  await expect(inspect.detail.locator(".part")).toContainText(/nothing|no /i);
});
