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
  await expect(inspect.detail.locator(".tab-panel")).toContainText(/nothing|no /i);
});

test("one key compares with the previous of the same event, JSON by structure", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const event = (name: string, body: string) =>
    curl(url, { headers: [JSON_FIELD, ["X-GitHub-Event", name]], body });
  await event("push", '{"id":12345678901234567890,"tags":["a","b"],"same":1,"gone":true}');
  await event("ping", '{"zen":"Speak like a human."}');
  // The order of members is not a difference, and numbers are compared as sent.
  await event("push", '{"same":1,"tags":["a","x","b"],"id":12345678901234567891}');
  await inspect.choose(3);
  await page.keyboard.press("x");
  const compare = inspect.part("compare");
  await expect(compare.getByRole("textbox", { name: "The number of the other request" })).toHaveValue("1");
  const marked = (mark: string) => compare.locator(`.reader__row[data-mark="${mark}"]`);
  await expect(marked("changed").filter({ hasText: "12345678901234567890 → 12345678901234567891" })).toHaveCount(1);
  await expect(marked("added").filter({ hasText: 'tags[1]: "x"' })).toHaveCount(1);
  await expect(marked("removed").filter({ hasText: "gone: true" })).toHaveCount(1);
  for (const mark of ["changed", "added", "removed"]) {
    await expect(marked(mark).filter({ hasText: "same" })).toHaveCount(0);
  }
});

test("text is compared by line", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const headers: [string, string][] = [["Content-Type", "text/plain"]];
  await curl(url, { headers, body: "one\ntwo\nthree\n" });
  await curl(url, { headers, body: "one\n2\nthree\n" });
  await inspect.choose(2);
  await page.keyboard.press("x");
  const rows = inspect.part("compare").locator(".reader__row");
  await expect(rows.filter({ hasText: /^2$/ })).toHaveAttribute("data-mark", "added");
  await expect(rows.filter({ hasText: /^two$/ })).toHaveAttribute("data-mark", "removed");
  await expect(rows.filter({ hasText: /^three$/ })).not.toHaveAttribute("data-mark", /added|removed|changed/);
});
