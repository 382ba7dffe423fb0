// What axe finds wrong for people with disabilities: nothing, on any page, in both themes.

import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** WCAG 2.2, levels A and AA, and what went before. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

interface Axe {
  run(options: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
}

/** What axe finds on the page as it stands. */
async function findings(page: Page): Promise<string[]> {
  return page.evaluate(async (tags) => {
    const { axe } = window as unknown as { axe: Axe };
    const { violations } = await axe.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ""}`),
    );
  }, TAGS);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`nothing is wrong on any page in ${colorScheme}`, async ({ newBrowser, origin, complaints }) => {
    complaints.allow(/status of 404/);
    test.setTimeout(240_000);
    // Colours half way through a transition are nobody's.
    const context = await newBrowser({ colorScheme, reducedMotion: "reduce" });
    await context.addInitScript({ path: AXE });
    const page = await context.newPage();
    const check = async (state: string) => {
      expect.soft(await findings(page), `${state} in ${colorScheme}`).toEqual([]);
    };

    await page.goto(`${origin}/`);
    await check("the start, empty");
    const inspect = await Inspect.createLive(page, origin);
    await check("an empty endpoint");
    for (const menu of await page.locator("details[data-menu] > summary:visible").all()) {
      await menu.click();
      await check(`the menu ${await menu.innerText()}`);
      await page.keyboard.press("Escape");
    }
    await page.keyboard.press("?");
    await expect(page.getByTestId("palette")).toBeVisible();
    await check("the palette");
    await page.keyboard.press("Escape");

    const url = await inspect.url();
    await curl(url, { body: "text", headers: [["Content-Type", "text/plain"]] });
    await curl(`${url}/path?a=1&b=two`, {
      body: JSON.stringify({ repository: { id: 1, name: "x", ok: true, none: null }, list: [1, 2] }),
      headers: [["Content-Type", "application/json"], ["X-GitHub-Event", "push"]],
    });
    await expect(inspect.rows).toHaveCount(2);
    await check("the list");
    await inspect.choose(2);
    for (const tab of ["body", "headers", "query", "wire", "reply", "compare"]) {
      await page.goto(`${origin}/inspect/${inspect.id}/2?tab=${tab}`);
      await inspect.isLive();
      await check(`the tab ${tab}`);
    }
    await page.goto(`${origin}/inspect/${inspect.id}/99`);
    await check("a request that is not there");
    await page.goto(`${origin}/`);
    await check("the start with an endpoint");
    await page.goto(`${origin}/inspect/nobodys`);
    await check("an endpoint that is not there");
  });
}

test("who wants no motion sees none", async ({ newBrowser, origin }) => {
  const page = await (await newBrowser({ reducedMotion: "reduce" })).newPage();
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: "x" });
  await expect(inspect.rows).toHaveCount(1);
  const moving = await page.evaluate(() =>
    [...document.querySelectorAll("*")]
      .filter((element) => {
        const { animationName, animationDuration, transitionDuration } = getComputedStyle(element);
        const lasts = (times: string) => times.split(",").some((time) => Number.parseFloat(time) > 0.01);
        return lasts(transitionDuration) || (animationName !== "none" && lasts(animationDuration));
      })
      .map((element) => element.className.toString()),
  );
  expect(moving).toEqual([]);
});

test("arrivals are told to those who hear the page", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const body of ["one", "two", "three"]) await curl(url, { body });
  await expect(page.getByTestId("announcer")).toHaveText(/3/, { timeout: 10_000 });
});
