// A deletion can be undone for ten seconds, and becomes final when the viewer leaves.

import type { Page } from "@playwright/test";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

async function withFour(page: Page, origin: string): Promise<Inspect> {
  await page.clock.install();
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const body of ["1", "2", "3", "4"]) await curl(url, { body });
  await expect(inspect.rows).toHaveCount(4);
  return inspect;
}

/** Stops the page's clock, so that a slow machine has time to act within the ten seconds. */
async function stopClock(page: Page): Promise<void> {
  const now = await page.evaluate(() => Date.now());
  await page.clock.pauseAt(now + 2_000);
}

/** The numbers of the requests that the server has stored. */
async function kept(page: Page, id: string): Promise<number[]> {
  return page.evaluate(async (id) => {
    const answer = await fetch(`/api/endpoints/${id}/requests`);
    const { requests } = (await answer.json()) as { requests: { seq: number }[] };
    return requests.map(({ seq }) => seq);
  }, id);
}

const undo = (page: Page) => page.getByTestId("undo");

async function remove(inspect: Inspect): Promise<void> {
  await stopClock(inspect.page);
  await inspect.detail.getByRole("button", { name: "Delete" }).click();
}

test("a deleted request is hidden at once, kept by the server, and comes back by undo", async ({
  page,
  origin,
}) => {
  const inspect = await withFour(page, origin);
  await inspect.choose(3);
  await remove(inspect);
  await expect(undo(page)).toContainText("Deleted #3.");
  await expect(inspect.row(3)).toHaveCount(0);
  await expect(page).toHaveURL(new RegExp(`/inspect/${inspect.id}/2$`));
  expect(await kept(page, inspect.id)).toEqual([4, 3, 2, 1]);
  await undo(page).getByRole("button", { name: "Undo" }).click();
  await expect(inspect.row(3)).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`/inspect/${inspect.id}/3$`));
  await expect(undo(page)).toHaveCount(0);
  expect(await kept(page, inspect.id)).toEqual([4, 3, 2, 1]);
});

test("several are taken back together", async ({ page, origin }) => {
  const inspect = await withFour(page, origin);
  await inspect.choose(4);
  await remove(inspect);
  await expect(inspect.detail).toHaveAttribute("data-seq", "3");
  await remove(inspect);
  await expect(undo(page)).toContainText("Deleted 2 requests.");
  expect(await inspect.seqs()).toEqual([2, 1]);
  await undo(page).getByRole("button", { name: "Undo" }).click();
  await expect(inspect.rows).toHaveCount(4);
  expect(await kept(page, inspect.id)).toEqual([4, 3, 2, 1]);
});

test("after ten seconds it is deleted for good", async ({ page, origin }) => {
  const inspect = await withFour(page, origin);
  await inspect.choose(2);
  await remove(inspect);
  await page.clock.runFor(9_000);
  await expect(undo(page)).toHaveCount(1);
  await page.clock.runFor(1_500);
  await expect(undo(page)).toHaveCount(0);
  await expect.poll(() => kept(page, inspect.id)).toEqual([4, 3, 1]);
  expect(await inspect.seqs()).toEqual([4, 3, 1]);
});

test("who leaves the page leaves the deletion behind", async ({ page, origin }) => {
  const inspect = await withFour(page, origin);
  const id = inspect.id;
  await inspect.choose(2);
  await remove(inspect);
  await expect(undo(page)).toHaveCount(1);
  await page.goto(`${origin}/healthz`);
  await expect.poll(() => kept(page, id)).toEqual([4, 3, 1]);
});

test("who goes elsewhere within the app can still take it back", async ({ page, origin }) => {
  const inspect = await withFour(page, origin);
  const id = inspect.id;
  await inspect.choose(2);
  await remove(inspect);
  await page.getByRole("link", { name: "Hookglass" }).click();
  await expect(page).toHaveURL(`${origin}/`);
  await undo(page).getByRole("button", { name: "Undo" }).click();
  await expect(page).toHaveURL(`${origin}/`);
  expect(await kept(page, id)).toEqual([4, 3, 2, 1]);
});

test("clearing is taken back, and what came meanwhile is never part of it", async ({ page, origin }) => {
  const inspect = await withFour(page, origin);
  const clear = async () => {
    await stopClock(page);
    await page.locator("summary", { hasText: "lear or delete" }).click();
    await page.getByRole("button", { name: "Clear all requests" }).click();
    await expect(undo(page)).toContainText("requests.");
  };
  await clear();
  await expect(inspect.rows).toHaveCount(0);
  await undo(page).getByRole("button", { name: "Undo" }).click();
  await expect(inspect.rows).toHaveCount(4);

  await clear();
  await curl(await inspect.url(), { body: "5" });
  await expect(inspect.row(5)).toBeVisible();
  await undo(page).getByRole("button", { name: "Dismiss" }).click();
  await expect.poll(() => kept(page, inspect.id)).toEqual([5]);
  expect(await inspect.seqs()).toEqual([5]);
});

test("a key that is pressed twice deletes one request, and says so", async ({ page, origin }) => {
  const inspect = await withFour(page, origin);
  await inspect.choose(4);
  await stopClock(page);
  await inspect.detail.getByRole("button", { name: "Delete" }).dblclick();
  await expect(inspect.detail).toHaveAttribute("data-seq", "3");
  await expect(undo(page)).toContainText("Deleted #4.");
  await undo(page).getByRole("button", { name: "Dismiss" }).click();
  await expect.poll(() => kept(page, inspect.id)).toEqual([3, 2, 1]);
});

test("what a search finds later is shown, though it found and deleted others before", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  for (const body of ["1", "2"]) await curl(await inspect.url(), { body });
  await inspect.choose(1);
  await inspect.detail.getByRole("button", { name: "Pin" }).click();
  await page.goto(`${origin}/inspect/${inspect.id}?q=is:pinned`);
  await inspect.isLive();
  await expect(inspect.rows).toHaveCount(1);
  await page.getByTestId("delete-found").click();
  await undo(page).getByRole("button", { name: "Dismiss" }).click();
  await expect.poll(() => kept(page, inspect.id)).toEqual([2]);
  const pinned = await page.evaluate(async (path) => {
    const headers = { "content-type": "application/json" };
    return (await fetch(path, { method: "PATCH", headers, body: '{"pinned":true}' })).status;
  }, `/api/endpoints/${inspect.id}/requests/2`);
  expect(pinned).toBe(200);
  await page.getByTestId("search-clear").click();
  await expect(inspect.rows).toHaveCount(1);
  await page.keyboard.press("/");
  await page.keyboard.type("is:pinned");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/q=is/);
  await expect(inspect.row(2)).toBeVisible();
});

test("a search that moves with time deletes what it found when it was asked", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await curl(url, { body: "1" });
  const found = async () => {
    const answer = await page.request.get(`${origin}/api/endpoints/${inspect.id}/requests?q=before:-2s`);
    const { requests } = (await answer.json()) as { requests: { seq: number }[] };
    return requests.map(({ seq }) => seq);
  };
  await expect.poll(found).toEqual([1]);
  await curl(url, { body: "2" });
  await page.goto(`${origin}/inspect/${inspect.id}?q=before:-2s`);
  await inspect.isLive();
  await expect(inspect.rows).toHaveCount(1);
  await page.getByTestId("delete-found").click();
  await expect(undo(page)).toContainText("Deleted 1 request.");
  // By now it would find the second one, too.
  await expect.poll(found).toEqual([2, 1]);
  await undo(page).getByRole("button", { name: "Dismiss" }).click();
  await expect.poll(() => kept(page, inspect.id)).toEqual([2]);
});
