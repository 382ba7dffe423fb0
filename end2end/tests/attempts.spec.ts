// Attempts of one delivery: marked in the list, hidden by a click, on a time line with their gaps.

import { Inspect } from "../lib/pages.ts";
import { curl, github, githubPayloads } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

test("a redelivery is marked, folded by a click, and leads to its other tries", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const push = github("push", githubPayloads("push")[0] ?? {});
  await curl(url, push);
  await curl(url, github("ping", githubPayloads("ping")[0] ?? {}));
  await expect(inspect.rows).toHaveCount(2);
  await expect(page.getByTestId("fold")).toBeHidden();
  await curl(url, push);
  await expect(inspect.row(3)).toContainText("try 2");
  await expect(inspect.row(2)).not.toContainText("try");

  await page.getByTestId("fold").click();
  await expect(page).toHaveURL(/q=attempt/);
  await expect(inspect.rows).toHaveCount(2);
  expect(await inspect.seqs()).toEqual([2, 1]);
  await page.getByTestId("fold").click();
  await expect(inspect.rows).toHaveCount(3);

  await inspect.choose(3);
  await inspect.detail.getByRole("link", { name: "attempt 2" }).click();
  const attempts = inspect.part("attempts");
  const row = (seq: number) => attempts.locator(".reader__row", { hasText: `#${seq}` });
  await expect(row(1)).toContainText("200");
  await expect(row(3)).toHaveText(/\+ [\d.]+ m?s/);
  await expect(row(3)).toHaveAttribute("data-mark", "this");
  await expect(row(2)).toHaveCount(0);
  await expect(attempts).toContainText("GitHub does not retry by itself");
  await row(1).getByRole("link").click();
  await expect(inspect.detail).toHaveAttribute("data-seq", "1");
  await expect(row(1)).toHaveAttribute("data-mark", "this");
  await attempts.getByRole("link", { name: "Show the 2 tries alone" }).click();
  await expect(inspect.rows).toHaveCount(2);
  expect(await inspect.seqs()).toEqual([3, 1]);
});

test("the attempts that are shown follow what arrives", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const headers: [string, string][] = [["Idempotency-Key", "d-1"]];
  await curl(url, { body: "1", headers });
  await inspect.choose(1);
  await page.keyboard.press("8");
  const rows = inspect.part("attempts").locator(".reader__row[data-margin]");
  await expect(rows).toHaveCount(1);
  await curl(url, { body: "other" });
  await curl(url, { body: "2", headers });
  await expect(rows).toHaveCount(2);
});

test("an equal body is a guess, and said to be one", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const _ of [1, 2]) await curl(url, { body: '{"order":1234567890}' });
  await expect(inspect.row(2)).toContainText("try 2");
  await inspect.choose(1);
  await page.keyboard.press("8");
  await expect(inspect.part("attempts")).toContainText("A guess");
  await expect(inspect.part("attempts").locator(".reader__row[data-margin]")).toHaveCount(2);
});
