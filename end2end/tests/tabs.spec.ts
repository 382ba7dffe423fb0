// Many tabs of one browser: all live, although browsers allow only six HTTP/1.1 connections to a
// server.

import type { BrowserContext, Page } from "@playwright/test";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { expect, OUTAGE, test } from "../lib/test.ts";

/** Twice as many as the connections allowed. */
const TABS = 12;

/** The time limit for a tab to take over from one that crashed silently, plus a margin. */
const TAKE_OVER_MS = 30_000;

interface Tab {
  page: Page;
  inspect: Inspect;
  url: string;
}

async function open(context: BrowserContext, origin: string): Promise<Tab> {
  const page = await context.newPage();
  const inspect = await Inspect.createLive(page, origin);
  return { page, inspect, url: await inspect.url() };
}

async function openAll(context: BrowserContext, origin: string, count: number): Promise<Tab[]> {
  const tabs: Tab[] = [];
  for (let n = 0; n < count; n++) tabs.push(await open(context, origin));
  return tabs;
}


test("twelve tabs on twelve endpoints are all live, and further pages load", async ({ context, origin }) => {
  test.setTimeout(120_000);
  const tabs = await openAll(context, origin, TABS);
  for (const { url } of tabs) await curl(url, { body: "one" });
  for (const { inspect } of tabs) await expect(inspect.rows).toHaveCount(1);
  for (const { inspect } of tabs) await inspect.isLive();
});

test("the tabs go on without loss when the one that leads is closed, and when all were away", async ({
  context,
  origin,
  hookglass,
  complaints,
}) => {
  test.setTimeout(120_000);
  const tabs = await openAll(context, origin, 4);
  const [first, ...others] = tabs as [Tab, ...Tab[]];
  await first.page.close();
  for (const { url } of others) await curl(url, { body: "after the first was closed" });
  for (const { inspect } of others) await expect(inspect.rows).toHaveCount(1);

  complaints.allow(...OUTAGE);
  await hookglass.kill();
  for (const { inspect } of others) {
    await expect(inspect.connection).not.toHaveAttribute("data-state", "live", { timeout: 20_000 });
  }
  await hookglass.run();
  for (const { url } of others) await curl(url, { body: "after a restart" }, { retry: true });
  for (const { inspect } of others) {
    await expect(inspect.rows).toHaveCount(2, { timeout: TAKE_OVER_MS });
    expect(await inspect.seqs()).toEqual([2, 1]);
  }
});

test("a tab that comes later hears what came before it and while it was loading", async ({ context, origin }) => {
  const leader = await open(context, origin);
  const other = await open(context, origin);
  const sending = Array.from({ length: 20 }, (_, n) => curl(leader.url, { body: `${n}` }));
  const page = await context.newPage();
  await page.goto(leader.page.url());
  await Promise.all(sending);
  await expect(new Inspect(page).rows).toHaveCount(20);
  await expect(leader.inspect.rows).toHaveCount(20);
  await expect(other.inspect.rows).toHaveCount(0);
});

test("two workspaces in one browser keep to their own feeds", async ({ context, newBrowser, origin }) => {
  const mine = await open(context, origin);
  const theirs = await open(await newBrowser(), origin);
  await curl(mine.url, { body: "mine" });
  await expect(mine.inspect.rows).toHaveCount(1);
  await curl(theirs.url, { body: "theirs" });
  await expect(theirs.inspect.rows).toHaveCount(1);
});
