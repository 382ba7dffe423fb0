// Nothing is lost and nothing is shown twice, regardless of failures of server, proxy and network.

import { openedLive } from "../lib/bodies.ts";
import { ScriptedFeed } from "../lib/feed.ts";
import { curl } from "../lib/senders.ts";
import { Inspect } from "../lib/pages.ts";
import { Proxy } from "../lib/proxy.ts";
import { expect, OUTAGE, test } from "../lib/test.ts";

/** The silence after which the badge may no longer be "live", plus a margin for the measurement. */
const SILENCE_MS = 20_000;

const TEN = Array.from({ length: 10 }, (_, index) => index + 1);

test("ten requests around a crash appear once each, without a reload", async ({
  page,
  origin,
  hookglass,
  complaints,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await curl(url, { body: "before" });
  await inspect.choose(1);
  await inspect.mark();

  complaints.allow(...OUTAGE);
  await hookglass.kill();
  await expect(inspect.connection).toHaveAttribute("data-state", "reconnecting");
  // Five senders keep retrying from before the start, five come after it.
  const early = TEN.slice(0, 5).map((n) => curl(url, { body: `early ${n}` }, { retry: true }));
  await hookglass.run();
  await Promise.all(early);
  for (const n of TEN.slice(5)) expect((await curl(url, { body: `late ${n}` })).status).toBe(200);

  await expect(inspect.rows).toHaveCount(11, { timeout: 15_000 });
  await inspect.isLive();
  const stored = await page.evaluate(async (id) => {
    const answer = await fetch(`/api/endpoints/${id}/requests`);
    return ((await answer.json()) as { requests: { seq: number }[] }).requests.map(({ seq }) => seq);
  }, inspect.id);
  expect(stored).toHaveLength(11);
  expect(await inspect.seqs()).toEqual(stored);
  await expect(inspect.detail).toHaveAttribute("data-seq", "1");
  await inspect.wasNotReloaded();

  // And the feed works again.
  await curl(url, { body: "after" });
  await expect(inspect.rows).toHaveCount(12);
});

test("the same behind a proxy that answers 502 meanwhile", async ({
  page,
  host,
  hookglass,
  complaints,
}) => {
  const proxy = await Proxy.start(() => hookglass.port);
  try {
    const origin = `http://${host}:${proxy.port}`;
    const inspect = await Inspect.createLive(page, origin);
    const url = await inspect.url();
    expect(url).toBe(`${origin}/${inspect.id}`);
    await curl(url, { body: "before" });
    await expect(inspect.rows).toHaveCount(1);
    await inspect.mark();

    complaints.allow(...OUTAGE);
    await hookglass.kill();
    await expect(inspect.connection).toHaveAttribute("data-state", "reconnecting");
    // The page itself must have seen the 502s, more than one.
    const met = () => proxy.refused.filter((path) => path.startsWith("/api/")).length;
    await expect.poll(met, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    const early = TEN.slice(0, 5).map((n) => curl(url, { body: `early ${n}` }, { retry: true }));
    await hookglass.run();
    await Promise.all(early);
    for (const n of TEN.slice(5)) await curl(url, { body: `late ${n}` });

    await expect(inspect.rows).toHaveCount(11, { timeout: 15_000 });
    await inspect.isLive();
    expect(await inspect.seqs()).toEqual(Array.from({ length: 11 }, (_, index) => 11 - index));
    await inspect.wasNotReloaded();
  } finally {
    await page.close();
    await proxy.stop();
  }
});

test("what could not be read while the server was away is read once it is back", async ({
  page,
  origin,
  hookglass,
  complaints,
}) => {
  const inspect = await openedLive(page, origin, "first", "text/plain");
  await curl(await inspect.url(), { body: "second" });
  await expect(inspect.rows).toHaveCount(2);
  await inspect.mark();
  complaints.allow(...OUTAGE, /favicon\.svg/);
  await hookglass.kill();
  await expect(inspect.connection).toHaveAttribute("data-state", "reconnecting");
  await page.getByRole("link", { name: "Wire" }).click();
  const trouble = page.getByTestId("part-trouble");
  await expect(trouble).toBeVisible();
  await inspect.row(2).getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: "No answer from the server" })).toBeVisible();

  await hookglass.run();
  await expect(inspect.detail).toHaveAttribute("data-seq", "2", { timeout: 15_000 });
  await expect(page.getByTestId("wire-view")).toContainText("second");
  await expect(trouble).toBeHidden();
  await inspect.wasNotReloaded();
});

test("requests that arrive while a page is being loaded are on it", async ({
  page,
  origin,
  context,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (let round = 1; round <= 5; round += 1) {
    const tab = await context.newPage();
    const loading = tab.goto(page.url());
    await Promise.all([1, 2, 3, 4].map((n) => curl(url, { body: `${round}.${n}` })));
    await loading;
    const other = new Inspect(tab);
    await expect(other.rows).toHaveCount(4 * round);
    expect(await other.seqs()).toEqual(
      Array.from({ length: 4 * round }, (_, index) => 4 * round - index),
    );
    await tab.close();
  }
});

test("a server that is only silent is noticed within 20 seconds, and found again", async ({
  page,
  origin,
  hookglass,
  complaints,
}) => {
  test.setTimeout(90_000);
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await inspect.mark();
  complaints.allow(...OUTAGE);
  hookglass.freeze();
  await expect(inspect.connection).not.toHaveAttribute("data-state", "live", {
    timeout: SILENCE_MS + 2_000,
  });
  hookglass.thaw();
  await curl(url, { body: "after" });
  await inspect.isLive(45_000);
  await expect(inspect.rows).toHaveCount(1);
  await inspect.wasNotReloaded();
});

test("a browser without network says so and catches up", async ({
  page,
  context,
  origin,
  complaints,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await inspect.mark();
  complaints.allow(...OUTAGE);
  await context.setOffline(true);
  await expect(inspect.connection).toHaveAttribute("data-state", "offline");
  for (const n of TEN) await curl(url, { body: `${n}` });
  await expect(inspect.rows).toHaveCount(0);
  await context.setOffline(false);
  await expect(inspect.rows).toHaveCount(10);
  await inspect.isLive();
  expect(await inspect.seqs()).toEqual([...TEN].reverse());
  await inspect.wasNotReloaded();
});

test("a page that is told of a gap loads what it missed, once", async ({ page, origin }) => {
  const feed = await ScriptedFeed.install(page);
  const inspect = await Inspect.create(page, origin);
  const url = await inspect.url();
  for (const n of [1, 2]) await curl(url, { body: `${n}` });
  await page.reload();
  await inspect.isLive();
  await inspect.mark();
  await expect(inspect.rows).toHaveCount(2);
  // The server continues, but the feed does not report it: it lags.
  for (const n of TEN) await curl(url, { body: `${n}` });
  await expect(inspect.rows).toHaveCount(2);
  await feed.say("gap", { endpoint: inspect.id });
  await expect(inspect.rows).toHaveCount(12);
  expect(await inspect.seqs()).toEqual(Array.from({ length: 12 }, (_, index) => 12 - index));
  await inspect.wasNotReloaded();
});

test("a page that slept through a restart shows all that came meanwhile, once", async ({
  page,
  browser,
  origin,
  hookglass,
  complaints,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await curl(url, { body: "before" });
  await expect(inspect.rows).toHaveCount(1);
  await inspect.mark();
  // The longest time in which no script of the page ran, by its own clock.
  await page.evaluate(() => {
    let last = Date.now();
    Object.assign(window, { slept: 0 });
    setInterval(() => {
      const own = window as unknown as { slept: number };
      own.slept = Math.max(own.slept, Date.now() - last);
      last = Date.now();
    }, 20);
  });
  complaints.allow(...OUTAGE);
  // As on a closed laptop: the processes behind the pages are stopped.
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  const signal = (name: NodeJS.Signals) => {
    for (const id of renderers) process.kill(id, name);
  };
  const begun = Date.now();
  let slept = 0;
  signal("SIGSTOP");
  try {
    await hookglass.kill();
    await hookglass.run();
    for (const n of TEN) await curl(url, { body: `${n}` });
    slept = Date.now() - begun;
  } finally {
    signal("SIGCONT");
  }
  await expect(inspect.rows).toHaveCount(11, { timeout: 20_000 });
  const told = await page.evaluate(() => (window as unknown as { slept: number }).slept);
  expect(told, "the page slept").toBeGreaterThanOrEqual(slept - 50);
  await inspect.isLive();
  expect(await inspect.seqs()).toEqual(Array.from({ length: 11 }, (_, index) => 11 - index));
  await inspect.wasNotReloaded();
});
