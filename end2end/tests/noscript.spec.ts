// Everything except live updates works without script.

import { curl, github, githubPayloads } from "../lib/senders.ts";
import { Inspect } from "../lib/pages.ts";
import { answered, expect, test } from "../lib/test.ts";

test.use({ javaScriptEnabled: false });

// The page's preloads for its script are unused then, and Chromium complains about it.
test.beforeEach(({ complaints }) => {
  complaints.allow(/^file: csp .*\.js\)$/, /^warning: The resource .* was preloaded .* but not used/);
});

test("an endpoint is made, a request read and deleted without script", async ({
  page,
  origin,
  complaints,
}) => {
  const inspect = await Inspect.create(page, origin);
  const id = inspect.id;
  const url = await inspect.url();
  expect(url).toBe(`${origin}/${id}`);

  const [payload = {}] = githubPayloads("push");
  const push = github("push", payload);
  expect((await curl(url, push)).status).toBe(200);
  expect((await curl(`${url}/second`, { body: "plain" })).status).toBe(200);
  await page.reload();
  expect(await inspect.seqs()).toEqual([2, 1]);

  await inspect.choose(1);
  expect(JSON.parse(await inspect.bodyText())).toEqual(payload);
  await inspect.showHeaders();
  await inspect.showsHeaders(1, push.headers);

  await page.goto(`${origin}/`);
  await expect(page.getByTestId("endpoint-row")).toHaveCount(1);
  await expect(page.getByTestId("endpoint-row")).toContainText("2 requests");

  await page.goto(`${origin}/inspect/${id}/1`);
  await inspect.detail.getByRole("button", { name: "Delete" }).click();
  await page.goto(`${origin}/inspect/${id}`);
  expect(await inspect.seqs()).toEqual([2]);

  await page.locator("summary", { hasText: "Clear or delete" }).click();
  await page.getByRole("button", { name: "Clear all requests" }).click();
  await page.goto(`${origin}/inspect/${id}`);
  expect(await inspect.seqs()).toEqual([]);

  await page.locator("summary", { hasText: "Clear or delete" }).click();
  await page.getByRole("button", { name: "Delete this endpoint" }).click();
  await page.waitForURL(`${origin}/`);
  await expect(page.getByTestId("endpoint-row")).toHaveCount(0);
  complaints.allow(answered(404, /\/inspect\//), answered(410, /\/inspect\//));
  const lost = await page.goto(`${origin}/inspect/${id}`);
  expect([404, 410]).toContain(lost?.status());
});

test("an address that is taken is refused with words and the way back", async ({
  page,
  origin,
  newBrowser,
  complaints,
}) => {
  const take = async (other: typeof page) => {
    await other.goto(`${origin}/`);
    const form = other.locator('form[action="/api/endpoints"]').first();
    await form.locator("summary").click();
    await form.locator("input[name=slug]").fill("orders");
    await other.getByTestId("create-endpoint").first().click();
  };
  await take(page);
  await page.waitForURL(`${origin}/inspect/orders`);

  const other = await (await newBrowser({ javaScriptEnabled: false })).newPage();
  complaints.allow(answered(409, /\/api\/endpoints/));
  await take(other);
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("The slug is taken");
  await expect(other.locator("body")).toContainText("Choose another");
});
