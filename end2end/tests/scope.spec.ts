// The scope: the time line across the top of an endpoint.

import type { Page } from "@playwright/test";
import { flood } from "../lib/flood.ts";
import { printFrames, watchFrames } from "../lib/frames.ts";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { ALONE, expect, test } from "../lib/test.ts";

function says(page: Page) {
  return page.getByTestId("scope-says");
}

/** The outlines drawn in one colour. */
function ticks(page: Page, kind: string) {
  return page.locator(`.scope__kind[data-state="${kind}"]`);
}

test("each request raises a tick at once, in the colour of its method", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await page.getByRole("link", { name: "15 min" }).click();
  await expect(says(page)).toHaveText("Quiet: no requests in the last 15 minutes");
  await expect(ticks(page, "post")).toHaveAttribute("d", "");
  await curl(url, { body: "1" });
  await expect(says(page)).toHaveText("1 request in the last 15 minutes");
  await expect(ticks(page, "post")).toHaveAttribute("d", /^M\d+ 1000V/);
  await expect(ticks(page, "delete")).toHaveAttribute("d", "");
  await curl(url, {}, { method: "DELETE" });
  await expect(ticks(page, "delete")).toHaveAttribute("d", /^M\d+ \d+V/);
  await expect(says(page)).toHaveText(/^2 requests in the last 15 minutes, most at \d\d:\d\d:\d\d$/);
  // A reload shows the same, counted by the server.
  await page.reload();
  await expect(says(page)).toHaveText(/^2 requests in the last 15 minutes/);
  await expect(ticks(page, "delete")).toHaveAttribute("d", /^M\d+ \d+V/);
  await expect(page.getByRole("img", { name: /^2 requests in the last 15 minutes/ })).toBeVisible();
  await expect(page.getByRole("link", { name: "15 min" })).toHaveAttribute("aria-current", "true");
});

test("methods and refusals are told apart by their colours in both themes", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "REPORT"]) await curl(url, {}, { method });
  expect((await curl(url, { body: "x".repeat(27_000_000) })).status).toBe(413);
  const kinds = ["read", "post", "put", "patch", "delete", "other", "refused"];
  for (const kind of kinds) await expect(ticks(page, kind)).toHaveAttribute("d", /^M\d+ \d+V/);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const fills = await Promise.all(
      kinds.map((kind) => ticks(page, kind).evaluate((path) => getComputedStyle(path).fill)),
    );
    expect(new Set(fills).size, `${colorScheme}: ${fills.join(", ")}`).toBe(kinds.length);
  }
});

test("a brush by mouse or by keys narrows the list, and back widens it", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const from = new Date(Date.now() - 100).toISOString();
  await flood(url, 5);
  await page.reload();
  await inspect.isLive();
  await flood(url, 3);
  const to = new Date(Date.now() + 100).toISOString();
  await page.goto(`${origin}/inspect/${inspect.id}?span=${from}..${to}`);
  await inspect.isLive();
  await expect(inspect.rows).toHaveCount(8);
  const box = await page.getByTestId("scope").boundingBox();
  if (!box) throw new Error("the scope is not shown");

  // The first burst ends at the largest gap between ticks.
  const path = (await ticks(page, "post").getAttribute("d")) ?? "";
  const begins = [...path.matchAll(/M(\d+)/g)].map(([, x]) => Number(x));
  const gaps = begins.slice(1).map((begin, index) => begin - (begins[index] ?? 0));
  const last = begins[gaps.indexOf(Math.max(...gaps))] ?? 0;
  const x = (unit: number) => box.x + (unit / 1_200) * box.width;
  const y = box.y + box.height / 2;
  await page.mouse.move(x(last + 4), y);
  await expect(says(page)).toHaveText(/: \d requests?$/);
  await page.mouse.move(x(2), y);
  // Escape cancels the drawing.
  await page.mouse.down();
  await page.mouse.move(x(last + 4), y, { steps: 4 });
  await page.keyboard.press("Escape");
  await expect(says(page)).not.toHaveText(/narrows/);
  await page.mouse.up();
  await expect(page).toHaveURL(new RegExp(to));
  await expect(inspect.rows).toHaveCount(8);

  // A click on a tick selects it if it contains requests.
  await page.mouse.move(x(last + 4), y);
  const [, pointed] = /: (\d) requests?$/.exec(await says(page).innerText()) ?? [];
  await page.mouse.click(x(last + 4), y);
  await expect(page).not.toHaveURL(new RegExp(to));
  await expect(inspect.rows).toHaveCount(Number(pointed));
  await page.goBack();
  await expect(inspect.rows).toHaveCount(8);

  await page.mouse.move(x(2), y);
  await page.mouse.down();
  await page.mouse.move(x(last + 4), y, { steps: 4 });
  await expect(says(page)).toHaveText(/: 5 requests\. Enter narrows to it$/);
  await page.mouse.up();
  await expect(page).not.toHaveURL(new RegExp(to));
  await expect(inspect.rows).toHaveCount(5);
  expect(await inspect.seqs()).toEqual([5, 4, 3, 2, 1]);
  const link = page.url();

  await page.getByRole("link", { name: /clear the span/ }).click();
  await expect(page).not.toHaveURL(/span=/);
  await expect(inspect.rows).toHaveCount(8);
  await page.goBack();
  await expect(inspect.rows).toHaveCount(5);
  await page.goBack();
  await expect(inspect.rows).toHaveCount(8);
  await expect(page).toHaveURL(new RegExp(to));

  // By keys: from the end, until only the second burst is enclosed.
  await page.getByRole("slider", { name: /^From/ }).focus();
  await page.keyboard.press("End");
  for (let part = 0; part < 120; part += 1) {
    if (/: 3 requests/.test(await says(page).innerText())) break;
    await page.keyboard.press("ArrowLeft");
  }
  await page.keyboard.press("Enter");
  await expect(inspect.rows).toHaveCount(3);
  await page.getByRole("slider", { name: /^To/ }).focus();
  await page.keyboard.press("Escape");
  await expect(inspect.rows).toHaveCount(8);

  await page.goto(link);
  await expect(inspect.rows).toHaveCount(5);
});

test("spans and the search narrow each other, and the line counts what is found", async ({
  page,
  origin,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await flood(url, 6, { body: (index) => (index % 2 ? "odd" : "even") });
  await page.goto(`${origin}/inspect/${inspect.id}?q=odd`);
  await inspect.isLive();
  await expect(says(page)).toHaveText(/^3 requests found/);
  await page.getByRole("link", { name: "1 hour" }).click();
  await expect(says(page)).toHaveText(/^3 requests found in the last hour/);
  await expect(inspect.rows).toHaveCount(3);
  await curl(url, { body: "odd too" });
  await expect(says(page)).toHaveText(/^4 requests found in the last hour/);
  await expect(inspect.rows).toHaveCount(4);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  // The page's preloads for its script are unused then, and Chromium complains about it.
  test.beforeEach(({ complaints }) => {
    complaints.allow(/^file: csp .*\.js\)$/, /^warning: The resource .* was preloaded/);
  });

  test("the line is drawn and spans are links", async ({ page, origin }) => {
    const inspect = await Inspect.create(page, origin);
    await curl(await inspect.url(), { body: "1" });
    await page.reload();
    await page.getByRole("link", { name: "1 hour" }).click();
    await expect(page).toHaveURL(/span=1h/);
    await expect(says(page)).toHaveText("1 request in the last hour");
    await expect(ticks(page, "post")).toHaveAttribute("d", /^M\d+ 1000V/);
  });
});

test("a burst of five hundred leaves the page usable", ALONE, async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await watchFrames(page);
  const begun = Date.now();
  await flood(url, 500);
  const sent = Date.now() - begun;
  await expect(page.getByRole("heading", { name: "500 requests" })).toBeVisible();
  await expect(says(page)).toHaveText(/^500 requests/);
  await expect(inspect.rows.first()).toHaveAttribute("data-seq", "500");
  await printFrames(page, `500 requests sent in ${sent} ms`);
});
