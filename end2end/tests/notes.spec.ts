// Notes and pins: written in one tab, visible in the others and after a reload.

import { flood } from "../lib/flood.ts";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

/** A note that tries to break out of its field, its line and its place. */
const HOSTILE = 'Look at "total"\nagain </textarea><img src=x onerror=alert(1)>&lt;';

test("a note is written, seen in another tab, changed and taken back", async ({
  page,
  origin,
  context,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: "1" });
  await inspect.choose(1);
  const other = new Inspect(await context.newPage());
  await other.page.goto(page.url());
  await other.isLive();
  const write = async (text: string, button: string) => {
    await inspect.detail.getByRole("button", { name: button }).click();
    const field = inspect.detail.getByRole("textbox", { name: "Note" });
    await expect(field).toBeFocused();
    await field.fill(text);
    await inspect.detail.getByRole("button", { name: "Save the note" }).click();
  };
  await write(HOSTILE, "Note");
  for (const { detail } of [inspect, other]) {
    await expect(detail.locator(".note__text")).toHaveText(HOSTILE);
  }
  await page.reload();
  await inspect.isLive();
  await expect(inspect.detail.locator(".note__text")).toHaveText(HOSTILE);
  await expect(inspect.detail.locator("img")).toHaveCount(0);
  await expect(inspect.detail.locator('textarea[name="note"]')).toHaveValue(HOSTILE);
  await write("", "Edit note");
  await expect(other.detail.locator(".note__text")).toBeHidden();
});

test("a note that is half written outlives what comes between", async ({ page, origin, complaints }) => {
  complaints.allow(/ERR_FAILED/);
  const inspect = await Inspect.createLive(page, origin);
  for (const body of ["1", "2"]) await curl(await inspect.url(), { body });
  await inspect.choose(1);
  const field = inspect.detail.getByRole("textbox", { name: "Note" });
  await inspect.detail.getByRole("button", { name: "Note" }).click();
  await field.fill("half of a thought");
  await inspect.choose(2);
  await expect(field).toBeHidden();
  await page.reload();
  await inspect.isLive();
  await inspect.choose(1);
  // The draft is visible, but the keys still move through the list.
  await expect(field).toHaveValue("half of a thought");
  await expect(field).not.toBeFocused();
  await page.keyboard.press("k");
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
  await inspect.choose(1);

  // A draft that the server rejects is not lost either.
  const api = /\/api\/endpoints\/[^/]+\/requests\/1$/;
  await page.route(api, (route) => route.abort());
  await inspect.detail.getByRole("button", { name: "Save the note" }).click();
  await expect(page.getByRole("main")).toContainText("No answer from the server");
  await expect(field).toHaveValue("half of a thought");
  await page.unroute(api);
  await inspect.detail.getByRole("button", { name: "Save the note" }).click();
  await expect(inspect.detail.locator(".note__text")).toHaveText("half of a thought");
  await expect(field).toBeHidden();
  await page.reload();
  await inspect.isLive();
  await expect(field).toBeHidden();
});

test("a request is pinned and let go", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: "1" });
  await inspect.choose(1);
  await inspect.detail.getByRole("button", { name: "Pin", exact: true }).click();
  const pinned = inspect.detail.getByRole("button", { name: "Pinned" });
  await expect(pinned).toHaveAttribute("aria-pressed", "true");
  await page.reload();
  await inspect.isLive();
  await pinned.click();
  await expect(inspect.detail.getByRole("button", { name: "Pin", exact: true })).toBeVisible();
});

test("the hundred and first pin is refused with words", async ({ page, origin, complaints }) => {
  complaints.allow(/^error: Failed to load resource: the server responded with a status of 4\d\d .*\/requests\/101/);
  const inspect = await Inspect.createLive(page, origin);
  await flood(await inspect.url(), 101);
  await expect(page.getByRole("heading", { name: "101 requests" })).toBeVisible();
  const pinned = await page.evaluate(async (id) => {
    const headers = { "Content-Type": "application/json" };
    const init = { method: "PATCH", headers, body: '{"pinned":true}' };
    let pinned = 0;
    for (let seq = 1; seq <= 100; seq += 1) {
      pinned += Number((await fetch(`/api/endpoints/${id}/requests/${seq}`, init)).ok);
    }
    return pinned;
  }, inspect.id);
  expect(pinned).toBe(100);
  await inspect.choose(101);
  await inspect.detail.getByRole("button", { name: "Pin", exact: true }).click();
  const words = page.getByText("An endpoint may have 100 pinned requests; unpin one first.");
  await expect(words).toBeVisible();
  // Screen readers announce it, too.
  expect(await words.evaluate((element) => Boolean(element.closest("[role=alert], [role=status]")))).toBe(true);
  await expect(inspect.detail.getByRole("button", { name: "Pin", exact: true })).toHaveAttribute("aria-pressed", "false");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ complaints }) => complaints.allow(/^file: csp .*\.js\)$/));

  test("a note is written and a request pinned by forms", async ({ page, origin }) => {
    const inspect = await Inspect.create(page, origin);
    await curl(await inspect.url(), { body: "1" });
    await page.goto(`${origin}/inspect/${inspect.id}/1`);
    await inspect.detail.locator("summary", { hasText: "Write a note" }).click();
    await inspect.detail.getByRole("textbox", { name: "Note" }).fill("by hand <b>");
    await inspect.detail.getByRole("button", { name: "Save the note" }).click();
    await page.goto(`${origin}/inspect/${inspect.id}/1`);
    await expect(inspect.detail.locator(".note__text")).toHaveText("by hand <b>");
    await inspect.detail.getByRole("button", { name: "Pin", exact: true }).click();
    await page.goto(`${origin}/inspect/${inspect.id}/1`);
    await expect(inspect.detail.getByRole("button", { name: "Pinned" })).toBeVisible();
  });
});
