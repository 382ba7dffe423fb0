// The pages' messages on limits, retention and storage. The feed is scripted in cases in which the
// real server would need a full disk or ten thousand requests.

import type { Page } from "@playwright/test";
import { ScriptedFeed } from "../lib/feed.ts";
import { get } from "../lib/http.ts";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { answered, expect, test } from "../lib/test.ts";

/** The API's response for a path, as the page's own workspace gets it. */
async function ask(page: Page, path: string): Promise<Record<string, unknown>> {
  const [key] = await page.context().cookies();
  const url = new URL(path, page.url()).href;
  const answer = await get(url, { authorization: `Bearer ${key?.value}` });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body.toString()) as Record<string, unknown>;
}

/** A request's summary as lists show it. */
function summary(endpoint: string, seq: number) {
  return {
    endpoint,
    seq,
    received_at: new Date().toISOString(),
    method: "POST",
    target: `/${endpoint}/upload`,
    remote_addr: "203.0.113.9",
    content_type: "application/zip",
    body_bytes: 0,
    complete: true,
    label: null,
  };
}

test("open pages say that nothing can be stored for as long as that is so", async ({
  page,
  context,
  origin,
  newBrowser,
}) => {
  const inspect = await Inspect.create(page, origin);
  const feeds = [];
  for (const path of ["/", `/inspect/${inspect.id}`]) {
    // In a separate browser: tabs of one browser share a feed.
    const other = await newBrowser({ storageState: await context.storageState() });
    const tab = await other.newPage();
    const feed = await ScriptedFeed.install(tab);
    await tab.goto(`${origin}${path}`);
    await expect.poll(() => tab.evaluate(() => (window as never as { scriptedFeeds: [] }).scriptedFeeds.length)).toBe(1);
    feeds.push(feed);
  }
  for (const feed of feeds) {
    const banner = feed.page.getByTestId("outage");
    await expect(banner).toBeHidden();
    await feed.say("alive", { change: 1, storing: false });
    await expect(banner).toBeVisible();
    await expect(banner).toContainText("This server cannot store requests right now");
    await feed.say("alive", { change: 1 });
    await expect(banner).toBeHidden();
  }
});

test("the end of the list says what was dropped, until it is cleared", async ({ page, origin }) => {
  const feed = await ScriptedFeed.install(page);
  const inspect = await Inspect.createLive(page, origin);
  const endpoint = inspect.id;
  const own = await ask(page, `/api/endpoints/${endpoint}`);
  const settings = { ...own, requests: 0, last_seq: 12_300, max_requests: 10_000 };
  await feed.say("endpoint", settings, "90");
  const dropped = page.getByTestId("dropped");
  await expect(dropped).toHaveText("");
  await feed.say("dropped", { endpoint, below: 2_301 }, "91");
  await expect(dropped).toHaveText("#1–#2,300 dropped: limit 10,000");
  await feed.say("cleared", { endpoint, through: 12_300 }, "92");
  await expect(dropped).toHaveText("");
});

test("an endpoint that is full and refuses says so on top of its list", async ({ page, origin }) => {
  const feed = await ScriptedFeed.install(page);
  const inspect = await Inspect.createLive(page, origin);
  const own = await ask(page, `/api/endpoints/${inspect.id}`);
  const full = page.getByText("Full: 2 kept, new requests are refused (429).");
  for (const seq of [1, 2]) {
    await feed.say("captured", summary(inspect.id, seq), `${90 + seq}`);
  }
  await expect(inspect.rows).toHaveCount(2);
  await expect(full).toBeHidden();
  const settings = { ...own, requests: 2, last_seq: 2, max_requests: 2, on_limit: "refuse" };
  await feed.say("endpoint", settings, "93");
  await expect(full).toBeVisible();
  await feed.say("deleted", { endpoint: inspect.id, seqs: [1] }, "94");
  await expect(full).toBeHidden();
});

test("a refused request is marked and says why", async ({ page, origin, complaints }) => {
  // The request is made up, so its parts cannot be read.
  complaints.allow(answered(404, /\/requests\/1\/reading/));
  const feed = await ScriptedFeed.install(page);
  const inspect = await Inspect.createLive(page, origin);
  const endpoint = inspect.id;
  const refused = { limit: "max-body", value: 26_214_400 };
  const one = { ...summary(endpoint, 1), complete: false, refused };
  await page.route(`**/api/endpoints/${endpoint}/requests/1`, (route) =>
    route.fulfill({
      json: {
        ...one,
        http_version: "HTTP/1.1",
        peer: "127.0.0.1:4000",
        trailers: [],
        headers: [["Content-Length", "30000000"]],
        exact: true,
        redacted: false,
        duration_us: 40,
        body: { sha256: "0".repeat(64) },
      },
    }),
  );
  await feed.say("captured", one, "90");
  await expect(inspect.row(1)).toContainText("refused");
  await inspect.choose(1);
  await expect(inspect.detail).toContainText("26,214,400 bytes");
  await expect(inspect.detail).toContainText("The sender got 413.");
  await expect(inspect.detail).not.toContainText("Cut off by the sender");
  await expect(inspect.detail).toContainText("via 127.0.0.1:4000");
});

test("a setting is changed in place and shown", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const own = await ask(page, `/api/endpoints/${inspect.id}`);
  const sent: unknown[] = [];
  await page.route(`**/api/endpoints/${inspect.id}`, async (route) => {
    if (route.request().method() !== "PATCH") return route.continue();
    const change = route.request().postDataJSON() as Record<string, unknown>;
    sent.push(change);
    const expires_at = "expires_in" in change ? null : "2030-01-01T12:00:00Z";
    return route.fulfill({ json: { ...own, expires_at, on_limit: "refuse" } });
  });
  await inspect.mark();
  const menu = page.getByTestId("endpoint-menu");
  await menu.locator("summary").click();
  await menu.getByRole("button", { name: "Refuse new ones" }).click();
  await expect(menu).toContainText("it refuses new ones (429)");
  await expect(menu).toContainText("2030-01-01");
  await menu.getByRole("button", { name: "Never" }).click();
  await expect(menu).toContainText("It never expires.");
  expect(sent).toEqual([{ on_limit: "refuse" }, { expires_in: 0 }]);
  await inspect.wasNotReloaded();
});

test.describe("with limits of the real server", () => {
  // These need the server: it applies these settings and lists its refusals.

  test("settings are kept", async ({ page, origin }) => {
    const inspect = await Inspect.createLive(page, origin);
    const menu = page.getByTestId("endpoint-menu");
    await menu.locator("summary").click();
    await menu.getByRole("button", { name: "Refuse new ones" }).click();
    await menu.getByRole("button", { name: "30 days" }).click();
    await expect(menu).toContainText("expires in 30 d");
    const kept = await ask(page, `/api/endpoints/${inspect.id}`);
    expect(kept.on_limit).toBe("refuse");
    await page.reload();
    await menu.locator("summary").click();
    await expect(menu).toContainText("it refuses new ones (429)");
  });

  test("a setting is changed without script", async ({ newBrowser, origin, complaints }) => {
    complaints.allow(/^file: csp .*\.js\)$/);
    const page = await (await newBrowser({ javaScriptEnabled: false })).newPage();
    const inspect = await Inspect.create(page, origin);
    const id = inspect.id;
    const menu = page.getByTestId("endpoint-menu");
    for (const name of ["Refuse new ones", "Never"]) {
      await menu.locator("summary").click();
      await menu.getByRole("button", { name }).click();
      await page.waitForURL(`${origin}/inspect/${id}`);
    }
    await menu.locator("summary").click();
    await expect(menu).toContainText("it refuses new ones (429)");
    await expect(menu).toContainText("It never expires.");
  });

  test("a body over the limit is listed as refused, live and after a reload", async ({
    page,
    origin,
  }) => {
    const inspect = await Inspect.createLive(page, origin);
    const answer = await curl(await inspect.url(), { body: "x".repeat(27_000_000) });
    expect(answer.status).toBe(413);
    await expect(inspect.row(1)).toContainText("refused");
    await page.reload();
    await inspect.choose(1);
    await expect(inspect.detail).toContainText("The sender got 413.");
    await expect(inspect.body).toContainText("refused before its body was read");
  });
});
