// Everything works by keyboard, and shortcuts are off while typing.

import { flood } from "../lib/flood.ts";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

test("keys go through the list, open parts and lead back", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const n of [1, 2, 3]) await curl(url, { body: `{"n":${n}}` });
  await expect(inspect.rows).toHaveCount(3);

  await page.keyboard.press("j");
  await expect(inspect.detail).toHaveAttribute("data-seq", "3");
  await page.keyboard.press("j");
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
  await page.keyboard.press("k");
  await expect(inspect.detail).toHaveAttribute("data-seq", "3");
  await page.keyboard.press("Shift+G");
  await expect(inspect.detail).toHaveAttribute("data-seq", "1");
  await page.keyboard.press("g");
  await expect(inspect.detail).toHaveAttribute("data-seq", "3");
  await page.keyboard.press("2");
  await expect(page).toHaveURL(/tab=headers/);
  await page.keyboard.press("1");
  await expect(page).toHaveURL(/tab=body|\/3$/);
  await page.keyboard.press("d");
  await expect(inspect.row(3)).toHaveCount(0);
  await page.keyboard.press("u");
  await expect(inspect.row(3)).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(new RegExp(`/inspect/${inspect.id}(\\?|$)`));
});

test("keys open the chosen request and each of its parts", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const n of [1, 2]) await curl(url, { body: `{"n":${n}}` });
  await expect(inspect.rows).toHaveCount(2);
  await page.keyboard.press("Enter");
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
  const parts = ["body", "headers", "query", "wire", "reply", "compare", "signature", "attempts"] as const;
  // Backwards, so that no part is shown before its key.
  for (const [index, part] of [...parts.entries()].reverse()) {
    await page.keyboard.press(`${index + 1}`);
    await expect(inspect.part(part)).toBeVisible();
  }
});

test("keys pin, write a note and copy the URL", async ({ page, origin, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await curl(url, { body: "x" });
  await inspect.choose(1);
  await page.keyboard.press("p");
  await expect(inspect.detail.getByRole("button", { name: "Pinned" })).toBeVisible();
  await expect(inspect.row(1)).toContainText("pinned");
  await page.keyboard.press("p");
  await expect(inspect.detail.getByRole("button", { name: "Pin", exact: true })).toBeVisible();
  await page.keyboard.press("y");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(url);
  await page.keyboard.press("n");
  await page.keyboard.type("by keys");
  await expect(inspect.detail.getByRole("textbox", { name: "Note" })).toHaveValue("by keys");
});

test("keys send a sample, follow, pause and lead to what is new", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await page.keyboard.press("s");
  await expect(inspect.rows).toHaveCount(1);
  await page.keyboard.press("w");
  await curl(url, { body: "2" });
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
  await page.keyboard.press("w");
  await page.keyboard.press("z");
  await curl(url, { body: "3" });
  await expect(page.getByTestId("new-rows")).toHaveText(/1 new/);
  expect(await inspect.seqs()).toEqual([2, 1]);
  await page.keyboard.press("t");
  await expect(inspect.row(3)).toBeVisible();
  // It no longer follows arrivals.
  await expect(inspect.detail).toHaveAttribute("data-seq", "2");
});

test("a key that is held goes through requests of all kinds", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (let n = 0; n < 5; n += 1) {
    await curl(url, { body: `{"n":${n}}`, headers: [["Content-Type", "application/json"]] });
    await curl(url, {}, { method: "GET" });
    await curl(url, { body: `a=${n}&b=2`, headers: [["Content-Type", "application/x-www-form-urlencoded"]] });
  }
  await expect(inspect.rows).toHaveCount(15);
  // An exception in the page fails this test on its own.
  for (let round = 0; round < 4; round += 1) {
    await inspect.choose(15);
    for (let step = 0; step < 14; step += 1) await page.keyboard.press("j", { delay: 10 });
    await expect(inspect.detail).toHaveAttribute("data-seq", "1");
  }
});

test("whatever has the focus shows it", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: '{"a":{"b":1}}', headers: [["Content-Type", "application/json"]] });
  await inspect.choose(1);
  // To the start of the page, and once through all of it.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const seen = new Set<string>();
  const unseen: string[] = [];
  for (let step = 0; step < 120; step += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return;
      // A ring around the element, its label or its container, which is absent without the focus.
      const near = [element, element.parentElement, element.parentElement?.parentElement];
      near.push(element.nextElementSibling);
      const rings = () =>
        near.map((at) => {
          if (!at) return "";
          const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(at);
          return outlineStyle === "none" ? boxShadow : `${outlineWidth} ${outlineColor} ${boxShadow}`;
        });
      const { left, top } = element.getBoundingClientRect();
      const name = `${element.outerHTML.slice(0, 120)} at ${Math.round(left)}, ${Math.round(top)}`;
      const focused = rings();
      // Tab continues from the last focus position.
      (element as HTMLElement).blur();
      return { name, isRinged: rings().some((ring, at) => ring !== focused[at]) };
    });
    if (!stop || seen.has(stop.name)) break;
    seen.add(stop.name);
    if (!stop.isRinged) unseen.push(stop.name);
  }
  expect(seen.size).toBeGreaterThan(25);
  expect(unseen).toEqual([]);
});

test("Escape leaves a field, and one is enough for the palette", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: '{"a":"x"}' });
  await expect(inspect.rows).toHaveCount(1);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("send");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("palette")).toBeHidden();
  await page.keyboard.press("/");
  await page.keyboard.type("xyz");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(page.getByLabel("Search the requests")).not.toBeFocused();
  await page.getByTestId("search-clear").click();
  await page.keyboard.press("j");
  await expect(inspect.detail).toHaveAttribute("data-seq", "1");
  await page.keyboard.press("f");
  await page.keyboard.type("x");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/find=x/);
  await inspect.body.getByRole("searchbox").press("Escape");
  await expect(page).not.toHaveURL(/find=/);
});

test("keys are letters while one types", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await curl(await inspect.url(), { body: "x" });
  await expect(inspect.rows).toHaveCount(1);
  await page.keyboard.press("/");
  await page.keyboard.type("jdgp?");
  await expect(page.locator('[data-key="search"]')).toHaveValue("jdgp?");
  await expect(page.getByTestId("palette")).toBeHidden();
  await expect(inspect.detail).toHaveCount(0);
});

test("the palette shows every key, finds commands and goes to other endpoints", async ({ page, origin }) => {
  const first = await Inspect.createLive(page, origin);
  const firstId = first.id;
  const second = await Inspect.createLive(page, origin);
  await page.keyboard.press("?");
  const palette = page.getByTestId("palette");
  await expect(palette).toBeVisible();
  await expect(palette.getByRole("option", { name: /Send a sample/ })).toContainText("s");
  const keys = await palette.getByRole("option").locator("kbd").allTextContents();
  const promised = ["j", "k", "g", "G", "/", "Enter", "1", "2", "3", "4", "5", "6", "c", "y", "d", "p", "Esc"];
  expect(keys).toEqual(expect.arrayContaining(promised));
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();

  await page.keyboard.press("Control+k");
  await page.keyboard.type("send sample");
  await expect(palette.getByRole("option")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(palette).toBeHidden();
  await expect(second.rows).toHaveCount(1);

  await page.keyboard.press("Control+k");
  await page.keyboard.type("make coffee");
  await expect(palette.getByText("Neither a command nor an endpoint is called that.")).toBeVisible();
  await page.keyboard.press("Control+a");
  await expect(palette.getByRole("option")).toHaveCount(0);
  await page.keyboard.type(firstId);
  await expect(palette.getByText("Neither a command")).toBeHidden();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/inspect/${firstId}`));
});

test("keys go on from a request that the list has not loaded", async ({ page, origin }) => {
  const inspect = await Inspect.create(page, origin);
  await flood(await inspect.url(), 300);
  await page.goto(`${origin}/inspect/${inspect.id}/9`);
  await inspect.isLive();
  await expect(inspect.detail).toHaveAttribute("data-seq", "9");
  await page.keyboard.press("j");
  await expect(inspect.detail).toHaveAttribute("data-seq", "8");
  await page.keyboard.press("k");
  await expect(inspect.detail).toHaveAttribute("data-seq", "9");
  await page.keyboard.press("k");
  await expect(inspect.detail).toHaveAttribute("data-seq", "10");
  // Its neighbours are not known yet: no other request may take its place under the finger.
  await page.keyboard.press("d");
  await expect(page).toHaveURL(new RegExp(`/inspect/${inspect.id}$`));
  await page.keyboard.press("u");
  await expect(page).toHaveURL(new RegExp(`/inspect/${inspect.id}/10$`));
  await expect(inspect.detail).toHaveAttribute("data-seq", "10");
});

test("a command that the page has nothing for is not chosen", async ({ page, origin }) => {
  await Inspect.createLive(page, origin);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("pin, or unpin");
  const palette = page.getByTestId("palette");
  await expect(palette.getByRole("option")).toHaveAttribute("aria-disabled", "true");
  await page.keyboard.press("Enter");
  await expect(palette).toBeVisible();
});
