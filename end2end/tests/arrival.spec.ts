// From nothing to the first request on the screen.

import { curl, github, githubPayloads } from "../lib/senders.ts";
import { Inspect } from "../lib/pages.ts";
import { ALONE, expect, test } from "../lib/test.ts";

/** The requirement: visible within a second of being sent. */
const PROMPT_MS = 1_000;

test("a GitHub push appears within a second, whole, and stays chosen over a reload", ALONE, async ({
  page,
  origin,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  expect(url).toBe(`${origin}/${inspect.id}`);
  await inspect.mark();

  for (const [index, payload] of githubPayloads("push").slice(0, 3).entries()) {
    const seq = index + 1;
    const push = github("push", payload);
    const [answer] = await Promise.all([
      curl(url, push),
      expect(inspect.row(seq)).toBeVisible({ timeout: PROMPT_MS }),
    ]);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("hookglass-seq")).toBe(String(seq));
    await expect(inspect.row(seq)).toContainText("push");

    await inspect.choose(seq);
    await inspect.showBody();
    expect(JSON.parse(await inspect.bodyText())).toEqual(payload);
    await inspect.showHeaders();
    const sent: [string, string][] = [
      ["Host", new URL(origin).host],
      ...push.headers,
      ["Content-Length", String(Buffer.byteLength(push.body))],
    ];
    expect(await inspect.headerFields()).toHaveLength(sent.length);
    await inspect.showsHeaders(seq, sent);
  }
  await inspect.wasNotReloaded();
  expect(await inspect.seqs()).toEqual([3, 2, 1]);

  await inspect.choose(2);
  const before = page.url();
  await page.reload();
  expect(page.url()).toBe(before);
  await inspect.isLive();
  await expect(inspect.row(2).getByRole("link").first()).toHaveAttribute("aria-current", "true");
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
  await expect(inspect.headers).toBeVisible();
});

test("numbers, key order and escapes stand as they were sent", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const body = String.raw`{"z":123456789012345678901234567890,"a":1.10,"a":"caf\u00e9","z":-0}`;
  await curl(await inspect.url(), { headers: [["Content-Type", "application/json"]], body });
  await inspect.choose(1);
  const exact = [
    "{",
    '"z": 123456789012345678901234567890,',
    '"a": 1.10,',
    String.raw`"a": "caf\u00e9",`,
    '"z": -0',
    "}",
  ].join("\n");
  expect(await inspect.bodyText()).toBe(exact);
  await page.reload();
  expect(await inspect.bodyText()).toBe(exact);
});

test("new arrivals move neither the chosen request nor the scroll position", async ({
  page,
  origin,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (let sent = 1; sent <= 60; sent += 1) await curl(url, { body: `${sent}` });
  await expect(inspect.rows.first()).toHaveAttribute("data-seq", "60");
  await inspect.choose(20);
  const place = async () => (await inspect.row(20).boundingBox())?.y;
  await inspect.row(20).scrollIntoViewIfNeeded();
  const before = await place();
  await curl(url, { body: "61" });
  await expect(page.getByTestId("new-rows")).toHaveText(/1 new/);
  expect(Math.abs(((await place()) ?? NaN) - (before ?? NaN))).toBeLessThan(2);
  await expect(inspect.detail).toHaveAttribute("data-seq", "20");
});

test("the home page counts arrivals as they come", async ({ page, origin, context }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const home = await context.newPage();
  await home.goto(`${origin}/`);
  const row = home.getByTestId("endpoint-row");
  await expect(row).toHaveCount(1);
  await expect(row).toContainText("0 requests");
  await curl(url, { body: "1" });
  await expect(row).toContainText("1 request");
  await curl(url, { body: "2" });
  await expect(row).toContainText("2 requests");
});

test("what a page loaded on the server is in it, and not asked for again", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const tags = "</script><script>document.title = 'ran'</script><!-- <script>";
  await curl(await inspect.url(), { body: tags });
  await expect(inspect.row(1)).toBeVisible();

  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (request.resourceType() === "fetch" && pathname.startsWith("/api/")) asked.push(pathname);
  });
  await page.goto(`${origin}/inspect/${inspect.id}/1?tab=body`);
  await expect(inspect.body).toContainText(tags);
  await inspect.isLive();
  await page.goto(`${origin}/`);
  // Ages are known once the page is hydrated.
  await expect(page.getByTestId("endpoint-row")).toContainText(/1 request.* ago/s);
  expect(asked).toEqual([]);
});
