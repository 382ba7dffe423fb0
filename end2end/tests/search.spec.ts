// Searching for requests: by URL, typed, during arrivals, and without script.

import type { Page } from "@playwright/test";
import { flood } from "../lib/flood.ts";
import { Inspect } from "../lib/pages.ts";
import { curl, github, githubPayloads } from "../lib/senders.ts";
import { answered, expect, test } from "../lib/test.ts";

/** Sends the requests to search: #1 a push, #2 an order, #3 a refund, #4 a GET. */
async function fill(url: string): Promise<void> {
  await curl(`${url}/hooks`, github("push", githubPayloads("push")[0] ?? {}));
  const json: [string, string][] = [["Content-Type", "application/json"]];
  await curl(`${url}/orders`, { headers: json, body: '{"order":{"id":12345678901234567890}}' });
  await curl(`${url}/refunds`, { headers: json, body: '{"order":{"id":7},"why":"broken cup"}' });
  await curl(`${url}/health`, {}, { method: "GET" });
}

function field(page: Page) {
  return page.getByRole("combobox", { name: "Search the requests" });
}

/** The complaint about the response to an invalid search. */
const REFUSED = answered(400, /\/requests/);

test("a search by URL shows what it finds, and back shows all again", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await fill(await inspect.url());
  await expect(inspect.rows).toHaveCount(4);
  await page.goto(`${origin}/inspect/${inspect.id}?q=method%3APOST+path%3A%2Fre`);
  await inspect.isLive();
  expect(await inspect.seqs()).toEqual([3]);
  await expect(page.getByRole("heading", { name: "1 found" })).toBeVisible();
  await expect(field(page)).toHaveValue("method:POST path:/re");
  await inspect.choose(3);
  expect(new URL(page.url()).searchParams.get("q")).toBe("method:POST path:/re");

  await page.getByTestId("search-clear").click();
  await expect(inspect.rows).toHaveCount(4);
  await expect(field(page)).toHaveValue("");
  await page.goBack();
  await expect(inspect.rows).toHaveCount(1);
  await expect(field(page)).toHaveValue("method:POST path:/re");
});

test("what one types is searched, numbers exactly as they were sent", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await fill(await inspect.url());
  await inspect.mark();
  await field(page).fill("body.order.id:12345678901234567890");
  await expect(inspect.rows).toHaveCount(1);
  expect(await inspect.seqs()).toEqual([2]);
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("body.order.id:12345678901234567890");
  await field(page).fill('"broken cup"');
  await expect(inspect.row(3)).toBeVisible();
  await expect(inspect.rows).toHaveCount(1);
  await field(page).fill("nothing of the kind");
  await expect(page.getByText("Nothing that is kept matches.")).toBeVisible();
  await field(page).fill("");
  await expect(inspect.rows).toHaveCount(4);
  await inspect.wasNotReloaded();
});

test("fields, quotes, AND, OR, NOT and brackets find what they say", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await fill(url);
  await curl(`${url}/large`, { body: "cup ".repeat(4_000) }, { method: "PUT" });
  await expect(inspect.rows).toHaveCount(5);
  for (const [query, found] of [
    ["header.x-github-event:push", [1]],
    ["size:>10k", [5]],
    ["after:-1h status:200", [5, 4, 3, 2, 1]],
    ["before:-1h", []],
    ["CUP", [5, 3]],
    ['"cup broken"', []],
    ["cup broken", [3]],
    ["cup AND -method:PUT", [3]],
    ["NOT method:POST", [5, 4]],
    ["method:GET OR path:/orders", [4, 2]],
    ["(method:GET OR method:POST) path:/refunds", [3]],
    ["-label:push method:POST", [3, 2]],
    ["is:cut", []],
  ] as const) {
    await field(page).fill(query);
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe(query);
    await expect.poll(() => inspect.seqs(), query).toEqual(found);
  }
});

test("suggestions are taken by keys", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await fill(await inspect.url());
  await field(page).click();
  await page.keyboard.type("meth");
  const options = page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await expect(options.first()).toContainText("method:");
  await page.keyboard.press("ArrowDown");
  await expect(field(page)).toHaveAttribute("aria-activedescendant", "search-option-0");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(field(page)).toHaveValue("method:");
  await expect(options.filter({ hasText: "GET" })).toBeVisible();
  await options.filter({ hasText: "GET" }).click();
  await expect(field(page)).toHaveValue(/method:GET/);
  await expect(inspect.rows).toHaveCount(1);
  expect(await inspect.seqs()).toEqual([4]);
  await page.keyboard.press("Escape");
  await expect(options).toHaveCount(0);
});

test("an error is said below its character", async ({ page, origin, complaints }) => {
  complaints.allow(REFUSED);
  const inspect = await Inspect.createLive(page, origin);
  await fill(await inspect.url());
  await field(page).fill("method:POST (path:/re");
  await field(page).press("Enter");
  const fault = page.locator(".search__fault");
  await expect(fault).toBeVisible();
  await expect(field(page)).toHaveAttribute("aria-invalid", "true");
  // The mark starts below the field's character that it refers to.
  const { left, width } = await page.evaluate(() => {
    const input = document.querySelector<HTMLInputElement>(".search__input");
    const mark = document.querySelector(".search__mark")?.getBoundingClientRect();
    if (!input || !mark) throw new Error("something is missing");
    const style = getComputedStyle(input);
    // As wide as a hundred characters of the field.
    const ruler = document.createElement("span");
    ruler.textContent = "0".repeat(100);
    ruler.className = "search__input wire";
    ruler.style.cssText = `position: absolute; padding: 0; border: 0; font: ${style.font}`;
    document.body.append(ruler);
    const width = ruler.getBoundingClientRect().width / 100;
    ruler.remove();
    const start = input.getBoundingClientRect().left + Number.parseFloat(style.paddingLeft) + 1;
    return { left: mark.left - start, width };
  });
  const at = left / width;
  expect(Math.abs(at - Math.round(at))).toBeLessThan(0.2);
  const query = encodeURIComponent("method:POST (path:/re");
  const api = await page.request.get(`${origin}/api/endpoints/${inspect.id}/requests?q=${query}`, {
    headers: { "Sec-Fetch-Site": "same-origin" },
  });
  const problem = (await api.json()) as { start: number; detail: string };
  expect(Math.round(at)).toBe(problem.start);
  await expect(fault).toContainText(problem.detail);
  // Also when the search sent to the server contains more than the field.
  await page.getByRole("link", { name: "1 hour" }).click();
  await expect(page).toHaveURL(/span=1h/);
  await expect(fault).toContainText(problem.detail);
  await field(page).fill("method:POST");
  await expect(fault).toBeHidden();
  await expect(inspect.rows).toHaveCount(3);
  // Its URL finds nothing, instead of everything.
  await page.goto(`${origin}/inspect/${inspect.id}?q=${query}`);
  await inspect.isLive();
  await expect(fault).toContainText(problem.detail);
  await expect(inspect.rows).toHaveCount(0);
  await expect(page.getByText("The search cannot be read.")).toBeVisible();
});

test("what was taken is not offered again", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await fill(await inspect.url());
  await field(page).click();
  await page.keyboard.type("label:pu");
  const options = page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await expect(options).toHaveCount(1);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(inspect.rows).toHaveCount(1);
  await expect(page).toHaveURL(/q=label/);
  await expect(options).toHaveCount(0);
});

test("the live list obeys the search", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await fill(url);
  await field(page).fill("cup");
  await expect(inspect.rows).toHaveCount(1);
  await curl(url, { body: "a saucer" });
  await curl(url, { body: "a second cup" });
  await expect(inspect.row(6)).toBeVisible();
  expect(await inspect.seqs()).toEqual([6, 3]);
  await expect(page.getByRole("heading", { name: "2 found" })).toBeVisible();
  await flood(url, 40, { body: (index) => (index % 4 ? "saucer" : "cup") });
  await expect(page.getByRole("heading", { name: "12 found" })).toBeVisible();
  await expect(inspect.rows).toHaveCount(12);
  await page.getByTestId("search-clear").click();
  await expect(page.getByRole("heading", { name: "46 requests" })).toBeVisible();
});

test("a search that finds little asks before it goes on and on", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await fill(await inspect.url());
  // A server whose time limit ends on each page.
  let asked = 0;
  await page.route(/\/requests\?.*q=/, async (route) => {
    asked += 1;
    const page = { requests: [], next_before: 5_000 - asked * 100, change: 0 };
    await route.fulfill({ json: page });
  });
  await field(page).fill("needle");
  const more = page.locator(".request-list__older");
  await expect(more).toHaveText("Searched back to #4,600: go on");
  expect(asked).toBe(4);
  await more.click();
  await expect(more).toHaveText("Searched back to #4,300: go on");
});

test("what is found is deleted at once, and can be taken back", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await fill(url);
  await page.goto(`${origin}/inspect/${inspect.id}?q=method%3APOST`);
  await inspect.isLive();
  await expect(inspect.rows).toHaveCount(3);
  // It shows the number first.
  await expect(page.getByTestId("delete-found")).toHaveAttribute("title", "Delete all 3 that are found");
  await page.getByTestId("delete-found").click();
  await expect(inspect.rows).toHaveCount(0);
  const undo = page.getByTestId("undo");
  await expect(undo).toContainText("Deleted 3 requests");
  await undo.getByRole("button", { name: /^Undo/ }).click();
  await expect(inspect.rows).toHaveCount(3);
  await page.getByTestId("delete-found").click();
  await undo.getByRole("button", { name: "Dismiss" }).click();
  await page.getByTestId("search-clear").click();
  await expect(inspect.rows).toHaveCount(1);
  await page.reload();
  expect(await inspect.seqs()).toEqual([4]);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  // The page's preloads for its script are unused then, and Chromium complains about it.
  test.beforeEach(({ complaints }) => {
    complaints.allow(/^file: csp .*\.js\)$/, /^warning: The resource .* was preloaded/);
  });

  test("the search is a form", async ({ page, origin }) => {
    const inspect = await Inspect.create(page, origin);
    const id = inspect.id;
    await fill(await inspect.url());
    await page.goto(`${origin}/inspect/${id}?span=1h`);
    await field(page).fill("path:/orders");
    await field(page).press("Enter");
    await page.waitForURL(/q=path%3A%2Forders/);
    expect(new URL(page.url()).searchParams.get("span")).toBe("1h");
    expect(await inspect.seqs()).toEqual([2]);
    await expect(field(page)).toHaveValue("path:/orders");
    await page.getByTestId("search-clear").click();
    await expect(inspect.rows).toHaveCount(4);
    await field(page).fill("method:");
    await field(page).press("Enter");
    await expect(page.locator(".search__fault")).toBeVisible();
  });
});
