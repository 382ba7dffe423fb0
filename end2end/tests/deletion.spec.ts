// Deletion, and updates in other tabs.

import type { BrowserContext, Page } from "@playwright/test";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { answered, expect, test } from "../lib/test.ts";

/** An endpoint with four requests in one tab, and a second tab with the same endpoint. */
async function twoTabs(page: Page, context: BrowserContext, origin: string) {
  const first = await Inspect.createLive(page, origin);
  const url = await first.url();
  for (const body of ["1", "2", "3", "4"]) await curl(url, { body });
  await expect(first.rows).toHaveCount(4);
  const second = new Inspect(await context.newPage());
  await second.page.goto(page.url());
  await second.isLive();
  await second.mark();
  return { first, second, url };
}

test("a request that was deleted elsewhere says so where it is open", async ({ page, origin, complaints }) => {
  complaints.allow(answered(404, /\/requests\/1/));
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: "1" });
  await inspect.choose(1);
  const path = `${origin}/api/endpoints/${inspect.id}/requests/1`;
  const status = await page.evaluate(async (path) => (await fetch(path, { method: "DELETE" })).status, path);
  expect(status).toBe(204);
  await expect(inspect.rows).toHaveCount(0);
  await expect(page.getByRole("main")).toContainText("Request #1 is not here");
  await expect(inspect.detail).toHaveCount(0);
});

test("a deleted request leaves both tabs and does not come back", async ({ page, context, origin }) => {
  const { first, second, url } = await twoTabs(page, context, origin);
  await first.choose(3);
  await first.detail.getByRole("button", { name: "Delete" }).click();
  await expect(first.row(3)).toHaveCount(0);
  await page.getByTestId("undo").getByRole("button", { name: "Dismiss" }).click();
  await expect(second.row(3)).toHaveCount(0);
  await curl(url, { body: "5" });
  await expect(second.row(5)).toBeVisible();
  expect(await first.seqs()).toEqual([5, 4, 2, 1]);
  expect(await second.seqs()).toEqual([5, 4, 2, 1]);
  await second.wasNotReloaded();
  await page.goto(`${origin}/inspect/${second.id}`);
  await first.isLive();
  expect(await first.seqs()).toEqual([5, 4, 2, 1]);
});

test("clearing empties both tabs, and numbers go on", async ({ page, context, origin }) => {
  const { first, second, url } = await twoTabs(page, context, origin);
  await page.locator("summary", { hasText: "Clear or delete" }).click();
  await page.getByRole("button", { name: "Clear all requests" }).click();
  await expect(first.rows).toHaveCount(0);
  await page.getByTestId("undo").getByRole("button", { name: "Dismiss" }).click();
  await expect(second.rows).toHaveCount(0);
  await curl(url, { body: "5" });
  await expect(first.row(5)).toBeVisible();
  await expect(second.row(5)).toBeVisible();
  await second.wasNotReloaded();
});

test("a deleted endpoint ends the other tab's feed and answers no more", async ({
  page,
  context,
  origin,
  complaints,
}) => {
  const { first, second, url } = await twoTabs(page, context, origin);
  const id = first.id;
  const home = await context.newPage();
  await home.goto(`${origin}/`);
  await expect(home.getByTestId("endpoint-row")).toHaveCount(1);

  await page.locator("summary", { hasText: "Clear or delete" }).click();
  await page.getByRole("button", { name: "Delete this endpoint" }).click();
  await page.waitForURL(`${origin}/`);
  await expect(page.getByTestId("endpoint-row")).toHaveCount(0);

  // For a while it can be undone, and the endpoint still answers.
  expect((await curl(url, { body: "held" })).status).toBe(200);
  await page.getByTestId("undo").getByRole("button", { name: "Undo" }).click();
  await page.waitForURL(`${origin}/inspect/${id}`);
  await page.locator("summary", { hasText: "Clear or delete" }).click();
  await page.getByRole("button", { name: "Delete this endpoint" }).click();
  await page.waitForURL(`${origin}/`);
  await page.getByTestId("undo").getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByTestId("endpoint-row")).toHaveCount(0);
  await expect(home.getByTestId("endpoint-row")).toHaveCount(0);
  await expect(second.connection).toHaveAttribute("data-state", "ended");
  await second.wasNotReloaded();
  expect([404, 410]).toContain((await curl(url, { body: "late" })).status);

  complaints.allow(answered(404, /\/inspect\//), answered(410, /\/inspect\//));
  const answer = await page.goto(`${origin}/inspect/${id}`);
  expect([404, 410]).toContain(answer?.status());
});

test("older requests are loaded page by page, with those that came meanwhile on top", async ({
  page,
  origin,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (let sent = 1; sent <= 120; sent += 1) await curl(url, { body: `${sent}` });
  await page.reload();
  await inspect.isLive();
  await curl(url, { body: "121" });
  await expect(inspect.row(121)).toBeVisible();
  const seen = new Set(await inspect.seqs());
  expect(seen.size).toBeLessThan(60);
  await page.locator(".request-list").hover();
  await expect
    .poll(
      async () => {
        await page.mouse.wheel(0, 300);
        for (const seq of await inspect.seqs()) seen.add(seq);
        return seen.has(1);
      },
      { intervals: [50], timeout: 20_000 },
    )
    .toBe(true);
  expect(seen.size).toBe(121);
  await expect(page.getByText("Load older")).toHaveCount(0);
});
