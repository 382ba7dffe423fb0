// The list of requests: long lists, and changes to a list while it is being read.

import type { Page } from "@playwright/test";
import { flood } from "../lib/flood.ts";
import { printFrames, watchFrames } from "../lib/frames.ts";
import { Inspect } from "../lib/pages.ts";
import { curl, github, githubPayloads, raw } from "../lib/senders.ts";
import { ALONE, expect, test } from "../lib/test.ts";

/** The most rows that a test window renders, including those just out of view. */
const DRAWN_ROWS = 150;

/** The scrolling pane on a wide page. */
function pane(page: Page) {
  return page.locator(".request-list");
}

/** Scrolls like a wheel until `done` returns true. */
async function scroll(page: Page, by: number, done: () => Promise<boolean>): Promise<void> {
  await pane(page).hover();
  await expect
    .poll(
      async () => {
        await page.mouse.wheel(0, by);
        return done();
      },
      { intervals: [20], timeout: 60_000 },
    )
    .toBe(true);
}

/** The number and position of the first row that is entirely below the list's head. */
async function read(page: Page): Promise<{ seq: number; y: number }> {
  return pane(page).evaluate((list) => {
    const edge = list.firstElementChild?.getBoundingClientRect().bottom ?? 0;
    for (const row of list.querySelectorAll<HTMLElement>("[data-seq]")) {
      const { y } = row.getBoundingClientRect();
      if (y >= edge - 1) return { seq: Number(row.dataset.seq), y };
    }
    return { seq: Number.NaN, y: Number.NaN };
  });
}

test("ten thousand requests are scrolled through, few of them drawn at a time", ALONE, async ({
  page,
  origin,
}) => {
  test.setTimeout(180_000);
  const inspect = await Inspect.create(page, origin);
  await flood(await inspect.url(), 10_000);
  await page.reload();
  await inspect.isLive();
  await expect(page.getByRole("heading", { name: "10,000 requests" })).toBeVisible();
  await watchFrames(page);
  let most = 0;
  let lowest = 10_000;
  await scroll(page, 3_000, async () => {
    const seqs = await inspect.seqs();
    most = Math.max(most, seqs.length);
    lowest = Math.min(lowest, ...seqs);
    // Consecutive, newest first, without gaps.
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) - index));
    return seqs.includes(1);
  });
  await printFrames(page, "10,000 requests scrolled");
  expect(lowest).toBe(1);
  expect(most).toBeLessThan(DRAWN_ROWS);
  await inspect.choose(1);
  await expect(inspect.detail).toHaveAttribute("data-seq", "1");
});

test("what arrives does not move the row that one reads, and a pill leads to it", async ({
  page,
  origin,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await flood(url, 120);
  await expect(inspect.rows.first()).toHaveAttribute("data-seq", "120");
  const pill = page.getByTestId("new-rows");
  await expect(pill).toBeHidden();
  await scroll(page, 400, async () => (await read(page)).seq < 90);
  const before = await read(page);

  for (let sent = 0; sent < 3; sent += 1) await curl(url, { body: "late" });
  await expect(pill).toHaveText(/3 new/);
  const after = await read(page);
  expect(after.seq).toBe(before.seq);
  expect(Math.abs(after.y - before.y)).toBeLessThan(2);

  await pill.click();
  await expect(inspect.row(123)).toBeInViewport();
  await expect(pill).toBeHidden();
  // At the top again, new requests appear on their own.
  await curl(url, { body: "latest" });
  await expect(inspect.row(124)).toBeInViewport();
  await expect(pill).toBeHidden();
});

test("a pause holds new rows back until they are asked for", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await curl(url, { body: "1" });
  await expect(inspect.rows).toHaveCount(1);
  const pause = page.getByRole("button", { name: "Pause" });
  await pause.click();
  await expect(pause).toHaveAttribute("aria-pressed", "true");
  for (const body of ["2", "3"]) await curl(url, { body });
  const pill = page.getByTestId("new-rows");
  await expect(pill).toHaveText(/2 new/);
  expect(await inspect.seqs()).toEqual([1]);
  await pill.click();
  await expect(inspect.rows).toHaveCount(3);
  await curl(url, { body: "4" });
  await expect(pill).toHaveText(/1 new/);
  expect(await inspect.seqs()).toEqual([3, 2, 1]);
  await pause.click();
  await expect(inspect.rows).toHaveCount(4);
  await expect(pill).toBeHidden();
});

test("follow opens each request as it arrives", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await page.getByRole("button", { name: "Follow" }).click();
  for (const seq of [1, 2]) {
    await curl(url, { body: `${seq}` });
    await expect(inspect.detail).toHaveAttribute("data-seq", `${seq}`);
    await expect(page).toHaveURL(new RegExp(`/${seq}$`));
  }
});

test("following waits for who types, and leaves one with an older request", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const body of ["1", "2"]) await curl(url, { body });
  await inspect.choose(1);
  // It starts with the newest.
  await page.getByRole("button", { name: "Follow" }).click();
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
  await inspect.detail.getByRole("button", { name: "Note" }).click();
  const note = inspect.detail.getByRole("textbox", { name: "Note" });
  await note.pressSequentially("order fai");
  await curl(url, { body: "3" });
  await expect(inspect.row(3)).toBeVisible();
  await page.keyboard.type("led, pending");
  await expect(note).toHaveValue("order failed, pending");
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
  await page.keyboard.press("Escape");
  await curl(url, { body: "4" });
  await expect(inspect.detail).toHaveAttribute("data-seq", "4");
  await inspect.choose(1);
  await curl(url, { body: "5" });
  await expect(inspect.row(5)).toBeVisible();
  await expect(inspect.detail).toHaveAttribute("data-seq", "1");
  await inspect.choose(5);
  await curl(url, { body: "6" });
  await expect(inspect.detail).toHaveAttribute("data-seq", "6");
});

test("a row says who sent what", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await curl(`${url}/hooks?a=1`, github("push", githubPayloads("push")[0] ?? {}));
  await expect(inspect.row(1)).toContainText("POST");
  await expect(inspect.row(1)).toContainText("GitHub push");
  await expect(inspect.row(1).locator(".request-row__target")).toHaveText("/hooks?a=1");
  await expect(inspect.row(1)).toContainText("kB");
  await curl(url, { headers: [["User-Agent", "Twitterbot/1.0"]] }, { method: "GET" });
  await expect(inspect.row(2)).toContainText("preview");
  const asks: [string, string][] = [
    ["Origin", "https://shop.example.com"],
    ["Access-Control-Request-Method", "POST"],
  ];
  await curl(url, { headers: asks }, { method: "OPTIONS" });
  await expect(inspect.row(3)).toContainText("preflight");
});

test("a row says how old it is, and what was cut off, pinned and noted", async ({
  page,
  origin,
  hookglass,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const head = `POST /${inspect.id} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n`;
  // Its sender disconnects before there is a response.
  await raw(hookglass.port, `${head}${"x".repeat(512)}`);
  const row = inspect.row(1);
  await expect(row).toContainText("cut off");
  await expect(row).toContainText("512 B");
  await expect(row.locator("time")).toHaveAttribute("datetime", /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  await expect(row.locator("time")).toHaveText(/^(now|\d+ s)$/);
  await inspect.choose(1);
  await expect(inspect.detail).toContainText("Cut off by the sender after 512 of 1,000 bytes.");
  await page.keyboard.press("p");
  await expect(row).toContainText("pinned");
  await page.keyboard.press("n");
  await page.keyboard.type("look");
  await inspect.detail.getByRole("button", { name: "Save the note" }).click();
  await expect(row.getByTitle("look")).toContainText("has a note");
});

test("on a phone every page is one column, with a way back to the list", async ({ page, origin }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const inspect = await Inspect.createLive(page, origin);
  const fits = async (state: string) => {
    const [wide, seen] = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return [scrollWidth, clientWidth];
    });
    expect(wide, state).toBe(seen);
  };
  await fits("an empty endpoint");
  const headers: [string, string][] = [["Content-Type", "application/json"], ["X-Long", "v".repeat(2_000)]];
  const body = JSON.stringify({ long: "w".repeat(2_000), list: [1, 2] });
  await curl(`${await inspect.url()}/${"path/".repeat(60)}`, { headers, body });
  await expect(inspect.rows).toHaveCount(1);
  await fits("the list");
  await inspect.choose(1);
  await expect(inspect.rows.first()).toBeHidden();
  for (const tab of ["body", "headers", "query", "wire", "reply", "compare", "signature", "attempts"] as const) {
    await page.goto(`${origin}/inspect/${inspect.id}/1?tab=${tab}`);
    await inspect.isLive();
    await expect(inspect.detail).toBeVisible();
    await fits(tab);
  }
  const back = inspect.detail.getByRole("link", { name: "All requests" });
  await expect(back).toBeInViewport();
  await back.click();
  await expect(inspect.row(1)).toBeInViewport();
  await expect(inspect.detail).toHaveCount(0);
  await page.goto(`${origin}/`);
  await fits("the start");
});

test("on a phone the list is where it was when one comes back to it", async ({ page, origin }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const inspect = await Inspect.createLive(page, origin);
  await flood(await inspect.url(), 120);
  await expect(inspect.rows.first()).toHaveAttribute("data-seq", "120");
  await scroll(page, 300, () => inspect.row(60).isVisible());
  expect((await inspect.seqs()).length).toBeLessThan(DRAWN_ROWS);
  await inspect.choose(60);
  await expect(inspect.rows.first()).toBeHidden();
  await page.goBack();
  await expect(inspect.row(60)).toBeInViewport();
});

test("what comes while the page is hidden is counted in its title and icon", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const icon = page.locator("link[rel=icon]");
  await curl(url, { body: "1" });
  await expect(inspect.rows).toHaveCount(1);
  await expect(page).toHaveTitle(/^(?!\()/);
  const turn = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, hidden);
  await turn(true);
  for (const body of ["2", "3", "4"]) await curl(url, { body });
  await expect(page).toHaveTitle(/^\(3\) .* · Hookglass$/);
  await expect(icon).toHaveAttribute("href", /^data:image\/svg\+xml,.*>3<\/text>/);
  await turn(false);
  await expect(page).toHaveTitle(/^(?!\()/);
  await expect(icon).toHaveAttribute("href", "/assets/favicon.svg");
});

test("notifications and a sound are off until one wants them", async ({ page, origin, context }) => {
  await context.grantPermissions(["notifications"], { origin });
  await page.addInitScript(() => {
    const shown: string[] = [];
    Object.assign(window, { shown });
    const Real = window.Notification;
    // Records each tone that starts.
    const tones: number[] = [];
    Object.assign(window, { tones });
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...at) {
      tones.push(this.frequency.value);
      start.apply(this, at);
    };
    window.Notification = class extends Real {
      constructor(title: string, options?: NotificationOptions) {
        super(title, options);
        shown.push(`${title}: ${options?.body}`);
      }
    };
  });
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const shown = () => page.evaluate(() => (window as unknown as { shown: string[] }).shown);
  const tones = () => page.evaluate(() => (window as unknown as { tones: number[] }).tones.length);
  await page.evaluate(() => Object.defineProperty(document, "hidden", { value: true }));
  await curl(`${url}/a`, { body: "1" });
  await expect(inspect.rows).toHaveCount(1);
  expect(await shown()).toEqual([]);
  expect(await tones()).toBe(0);
  await page.locator("summary", { hasText: "Notifications and sound" }).click();
  const notify = page.getByRole("button", { name: /^Notify me/ });
  await expect(notify).toHaveAttribute("aria-pressed", "false");
  await notify.click();
  await expect(notify).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("button", { name: /^Sound/ }).click();
  // A sample is played once, so that people recognize it.
  await expect.poll(tones).toBe(1);
  await curl(`${url}/b`, { body: "2" });
  await expect.poll(shown).toEqual([expect.stringMatching(/POST .*\/b$/)]);
  await expect.poll(tones).toBe(2);
  await page.reload();
  await inspect.isLive();
  await page.locator("summary", { hasText: "Notifications and sound" }).click();
  await expect(notify).toHaveAttribute("aria-pressed", "true");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  // The page's preloads for its script are unused then, and Chromium complains about it.
  test.beforeEach(({ complaints }) => {
    complaints.allow(/^file: csp .*\.js\)$/, /^warning: The resource .* was preloaded/);
  });

  test("a long list is read page by page", async ({ page, origin }) => {
    const inspect = await Inspect.create(page, origin);
    await flood(await inspect.url(), 120);
    await page.reload();
    const seen = new Set(await inspect.seqs());
    expect(seen.size).toBe(50);
    for (const size of [100, 120]) {
      await page.getByRole("link", { name: "Load older" }).click();
      for (const seq of await inspect.seqs()) seen.add(seq);
      expect(seen.size).toBe(size);
    }
    await page.getByRole("link", { name: /back to the newest/ }).click();
    await expect(inspect.row(120)).toBeVisible();
  });
});
