// Accessibility: axe finds no violations, on any page, in both themes.

import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { multipart, PNG } from "../lib/bodies.ts";
import { Inspect } from "../lib/pages.ts";
import { curl, github, githubPayloads } from "../lib/senders.ts";
import { answered, expect, OUTAGE, test } from "../lib/test.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** WCAG 2.2, levels A and AA, and earlier versions. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

interface Axe {
  run(options: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
}

/** The violations that axe finds on the current page. */
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
    // Colours during a transition belong to no theme.
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

for (const colorScheme of ["light", "dark"] as const) {
  test(`nothing is wrong in any state that comes by use in ${colorScheme}`, async ({
    newBrowser,
    origin,
    complaints,
  }) => {
    // An invalid search, an offline page and a preview cause their own complaints.
    complaints.allow(answered(400, /\/requests/), ...OUTAGE, /srcdoc|Content Security Policy|sandboxed|policy:/i);
    test.setTimeout(240_000);
    const context = await newBrowser({ colorScheme, reducedMotion: "reduce" });
    await context.addInitScript({ path: AXE });
    const page = await context.newPage();
    const check = async (state: string) => {
      expect.soft(await findings(page), `${state} in ${colorScheme}`).toEqual([]);
    };
    const inspect = await Inspect.createLive(page, origin);
    const url = await inspect.url();
    const at = `${origin}/inspect/${inspect.id}`;

    // Bodies of each kind, each in its best form.
    const form = multipart(PNG);
    const kinds: [string, string | Buffer, string][] = [
      ["text/html", "<p class=a>x<script>1</script><img src='http://evil.test/a.png'></p>", "html"],
      ["application/x-www-form-urlencoded", "a=1&b=two+words", "form"],
      [form.type, form.body, "multipart"],
      ["image/png", PNG, "image"],
      ["application/json", '{"a": [1,\n oops', "json"],
      ["application/octet-stream", Buffer.from([0, 1, 255]), "hex"],
    ];
    for (const [index, [type, body, kind]] of kinds.entries()) {
      await curl(url, { headers: [["Content-Type", type]], body });
      await page.goto(`${at}/${index + 1}`);
      await inspect.isLive();
      await expect(inspect.body).toHaveAttribute("data-state", kind);
      await check(`a body as ${kind}`);
    }
    await page.goto(`${at}/1?form=preview`);
    await inspect.isLive();
    await check("a preview");

    // Deliveries of a sender that signs, the second another attempt of the first.
    const push = github("push", githubPayloads("push")[0] ?? {});
    for (let sent = 0; sent < 2; sent += 1) await curl(url, push);
    for (const tab of ["signature", "attempts", "compare", "body&find=ref", "headers"]) {
      await page.goto(`${at}/8?tab=${tab}`);
      await inspect.isLive();
      await check(`the tab ${tab}`);
    }
    await page.getByTestId("hide-secrets").click();
    await check("secrets that are hidden");
    await page.keyboard.press("p");
    await expect(inspect.row(8)).toContainText("pinned");
    await page.keyboard.press("n");
    await check("a note that is written");
    await inspect.detail.getByRole("textbox", { name: "Note" }).fill("look");
    await inspect.detail.getByRole("button", { name: "Save the note" }).click();
    await expect(inspect.row(8)).toContainText("has a note");
    await check("a request with a note and a pin");
    await page.keyboard.press("d");
    await expect(page.getByTestId("undo")).toBeVisible();
    await check("what can be undone");
    await page.keyboard.press("u");
    await expect(inspect.row(8)).toHaveCount(1);

    await page.goto(at);
    await inspect.isLive();
    const search = page.getByRole("combobox", { name: "Search the requests" });
    await search.click();
    await page.keyboard.type("meth");
    await expect(page.getByRole("option").first()).toBeVisible();
    await page.keyboard.press("ArrowDown");
    await check("what the search suggests");
    await search.fill("method:POST (path:/");
    await search.press("Enter");
    await expect(page.locator(".search__fault")).toBeVisible();
    await check("a search that cannot be read");
    await search.fill("nothing of the kind");
    await expect(page.getByText("Nothing that is kept matches.")).toBeVisible();
    await check("a search that finds nothing");
    await search.fill("path:/");
    await expect(page.getByTestId("delete-found")).toBeVisible();
    await check("what a search finds");
    await page.goto(`${at}?span=1h`);
    await inspect.isLive();
    await page.getByRole("button", { name: "Pause" }).click();
    await curl(url, { body: "held back" });
    await expect(page.getByTestId("new-rows")).toBeVisible();
    await page.getByRole("slider", { name: /^From/ }).focus();
    await page.keyboard.press("ArrowLeft");
    await check("a list that is paused, a span that is drawn");

    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(at);
    await inspect.isLive();
    await check("the list on a phone");
    await page.goto(`${at}/8`);
    await inspect.isLive();
    await check("a request on a phone");
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.goto(at);
    await inspect.isLive();
    await context.setOffline(true);
    await expect(inspect.connection).toHaveAttribute("data-state", "offline");
    await check("a page without network");
    await context.setOffline(false);
    await inspect.isLive();
    await page.evaluate((id) => fetch(`/api/endpoints/${id}`, { method: "DELETE" }), inspect.id);
    await expect(inspect.connection).toHaveAttribute("data-state", "ended");
    await check("an endpoint that has ended");
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
  const announcer = page.getByTestId("announcer");
  // A status is polite: it waits until the current announcement ends.
  await expect(announcer).toHaveRole("status");
  await expect(announcer).not.toHaveAttribute("aria-live", "assertive");
  await expect(announcer).toHaveText(/: number 3$/, { timeout: 10_000 });
});

test("those who hear the page find each of its parts by its name", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: "x" });
  await inspect.choose(1);
  await expect(page).toHaveTitle(/.+ · Hookglass$/);
  const main = page.getByRole("main");
  for (const part of [
    page.getByRole("banner"),
    main.getByRole("region", { name: "Where to send to" }),
    main.getByRole("region", { name: "Requests over time" }).getByRole("img", { name: "1 request" }),
    main.getByRole("region", { name: "Requests", exact: true }).getByRole("heading", { name: "1 request" }),
    main.getByRole("search").filter({ has: page.getByRole("combobox", { name: "Search the requests" }) }),
    main.getByRole("article", { name: "Request #1" }).getByRole("heading", { name: /^POST/ }),
    main.getByRole("navigation", { name: "Parts of the request" }),
    main.getByRole("region", { name: "The body" }),
  ]) {
    await expect(part).toHaveCount(1);
    await expect(part).toBeVisible();
  }
  // The selected request and part are announced, too.
  await expect(inspect.row(1).getByRole("link")).toHaveAttribute("aria-current", "true");
  await expect(page.getByRole("link", { name: "Body", exact: true })).toHaveAttribute("aria-current", "true");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});
