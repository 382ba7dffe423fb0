// An empty endpoint explains itself, and an expired one offers a way back.

import { ScriptedFeed } from "../lib/feed.ts";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { answered, expect, test } from "../lib/test.ts";

test("a sample arrives as a stranger's request would, without the cookie", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await page.getByRole("button", { name: "GitHub push" }).click();
  await expect(inspect.rows).toHaveCount(1);
  await expect(inspect.row(1)).toContainText("push");
  const head = await page.evaluate(async (id) => {
    const answer = await fetch(`/api/endpoints/${id}/requests/1`);
    return (await answer.json()) as { headers: [string, string][]; redacted: boolean };
  }, inspect.id);
  expect(head.headers.map(([name]) => name.toLowerCase())).not.toContain("cookie");
  expect(head.redacted).toBe(false);
});

test("a sample that an endpoint answers badly is captured all the same, each by itself", async ({
  page,
  origin,
  complaints,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  complaints.allow(answered(503, new RegExp(`/${inspect.id}`)));
  const set = await page.evaluate(async (id) => {
    const reply = { status: 503 };
    const headers = { "Content-Type": "application/json" };
    const init = { method: "PATCH", headers, body: JSON.stringify({ reply }) };
    return (await fetch(`/api/endpoints/${id}`, init)).status;
  }, inspect.id);
  expect(set).toBe(200);
  const button = page.locator(".endpoint-bar").getByRole("button", { name: "Send a sample" });
  await button.click();
  await expect(inspect.rows).toHaveCount(1);
  await button.click();
  await expect(inspect.rows).toHaveCount(2);
  await expect(button).toBeVisible();
  await expect(inspect.row(2)).not.toContainText("try");
});

test("it shows the URL, commands, where to paste it, and a code for a phone", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const main = page.getByRole("main");
  await expect(main.locator("code", { hasText: /^curl / })).toContainText(await inspect.url());
  await expect(main.locator("code", { hasText: /^await fetch/ })).toContainText(inspect.id);
  await main.getByText("Where to paste it").click();
  for (const name of ["GitHub", "Stripe", "Slack", "Shopify"]) {
    await expect(main.getByRole("term").filter({ hasText: new RegExp(`^${name}$`) })).toBeVisible();
  }
  await expect(main.getByText("Payload URL")).toBeVisible();
  // The URL is the most prominent text.
  const size = (text: ReturnType<typeof main.locator>) =>
    text.evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
  const large = main.locator(".empty-state__url");
  await expect(large).toHaveText(await inspect.url());
  expect(await size(large)).toBeGreaterThan(await size(main.locator(".empty-state__command").first()));
  await main.getByText("Open it on a phone").click();
  const picture = main.getByRole("img", { name: "The URL as a QR code" });
  await expect(picture).toBeVisible();
  await expect
    .poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(20);
});

test("a deleted endpoint keeps what it shows and its URL can be had back", async ({
  page,
  origin,
  newBrowser,
  complaints,
}) => {
  complaints.allow(/status of 400/);
  const inspect = await Inspect.createLive(page, origin);
  const { id } = inspect;
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  await expect(inspect.rows).toHaveCount(1);
  await page.evaluate((id) => fetch(`/api/endpoints/${id}`, { method: "DELETE" }), id);
  await expect(inspect.connection).toHaveAttribute("data-state", "ended");
  await expect(inspect.rows).toHaveCount(1);

  const stranger = await (await newBrowser()).newPage();
  await Inspect.create(stranger, origin);
  const refused = await stranger.evaluate(async (slug) => {
    const body = JSON.stringify({ slug });
    const headers = { "Content-Type": "application/json" };
    return (await fetch("/api/endpoints", { method: "POST", headers, body })).status;
  }, id);
  expect(refused).toBe(400);

  await page.getByTestId("bring-back").click();
  await page.waitForURL(new RegExp(`/inspect/${id}$`));
  await inspect.isLive();
  await expect(inspect.rows).toHaveCount(0);
});

test("an endpoint that ends within a day warns of it, until it is kept longer", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const menu = page.getByTestId("endpoint-menu");
  const warning = page.getByText(/This endpoint expires in .* unless something reaches it/);
  const keep = async (name: string) => {
    await menu.locator("summary").click();
    await menu.getByRole("button", { name, exact: true }).click();
    await page.keyboard.press("Escape");
  };
  await keep("7 days");
  await expect(warning).toHaveCount(0);
  await keep("1 hour");
  await expect(warning).toBeVisible();
  await page.reload();
  await inspect.isLive();
  await expect(warning).toBeVisible();
  await keep("30 days");
  await expect(warning).toHaveCount(0);
});

test("an endpoint that expires while it is open says so, and keeps what it shows", async ({ page, origin }) => {
  // The real server would take an hour.
  const feed = await ScriptedFeed.install(page);
  const inspect = await Inspect.create(page, origin);
  await curl(await inspect.url(), { body: "kept" });
  await page.reload();
  await inspect.isLive();
  await inspect.choose(1);
  await feed.say("gone", { endpoint: inspect.id, reason: "expired" }, "90");
  await expect(inspect.connection).toHaveAttribute("data-state", "ended");
  await expect(page.getByText("This endpoint has expired. What you see is what this page had loaded")).toBeVisible();
  await expect(page.getByTestId("bring-back")).toBeVisible();
  await expect(inspect.rows).toHaveCount(1);
  expect(await inspect.bodyText()).toBe("kept");
});
