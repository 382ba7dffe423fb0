// Responses that come late or never: nothing stale is counted, shown or copied.

import { openedLive } from "../lib/bodies.ts";
import { ScriptedFeed } from "../lib/feed.ts";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { answered, expect, test } from "../lib/test.ts";

test("a gap that cannot be closed at once is closed later", async ({ page, origin, complaints }) => {
  complaints.allow(answered(503, /\/api\/endpoints\//));
  const feed = await ScriptedFeed.install(page);
  const inspect = await Inspect.create(page, origin);
  const url = await inspect.url();
  await curl(url, { body: "1" });
  await page.reload();
  await inspect.isLive();
  await inspect.mark();
  for (const body of ["2", "3", "4"]) await curl(url, { body });
  let refused = 0;
  await page.route(`**/api/endpoints/${inspect.id}`, (route) => {
    refused += 1;
    if (refused > 1) return route.continue();
    return route.fulfill({ status: 503, contentType: "application/problem+json", body: "{}" });
  });
  await feed.say("gap", { endpoint: inspect.id });
  await expect(inspect.rows).toHaveCount(4);
  expect(await inspect.seqs()).toEqual([4, 3, 2, 1]);
  expect(refused).toBe(2);
  await expect(page.getByRole("alert")).toBeEmpty();
  await inspect.wasNotReloaded();
});

test("what arrives while it is counted is counted", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, "{}", "application/json");
  const url = await inspect.url();
  const says = page.getByTestId("scope-says");
  let answer = () => {};
  let asks = 0;
  const isAsked = new Promise<void>((asked) => {
    void page.route("**/requests/counts?**", async (route) => {
      asks += 1;
      if (asks > 1) return route.continue();
      // The first response predates the new arrival, but comes after it.
      const old = await route.fetch();
      asked();
      await new Promise<void>((done) => (answer = done));
      await route.fulfill({ response: old });
    });
  });
  await page.getByRole("link", { name: "1 hour" }).click();
  await isAsked;
  for (const body of ["2", "3", "4"]) await curl(url, { body });
  await expect(inspect.rows).toHaveCount(4);
  answer();
  await expect(says).toHaveText(/^4 requests in the last hour/);
});

test("the value of the line that is chosen is copied, whatever came last", async ({ page, origin }) => {
  await openedLive(page, origin, '{"first":111,"second":222}', "application/json");
  let answer = () => {};
  const isAsked = new Promise<void>((asked) => {
    void page.route("**/value?**line=1**", async (route) => {
      asked();
      await new Promise<void>((done) => (answer = done));
      await route.continue();
    });
  });
  const rows = page.getByTestId("body-view").locator(".reader__row");
  await rows.filter({ hasText: "first" }).click();
  await isAsked;
  await rows.filter({ hasText: "second" }).click();
  await expect(page.getByTestId("json-path")).toHaveText("second");
  const late = page.waitForResponse(/value\?.*line=1/);
  answer();
  await late;
  // A frame in which a response could take effect.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await expect(page.getByTestId("json-path")).toHaveText("second");
});
