// A request is copied as a command that sends it again.

import { execFileSync } from "node:child_process";
import { opened, openedLive } from "../lib/bodies.ts";
import { expect, test } from "../lib/test.ts";

test("curl that was copied sends the same request again", async ({ page, origin, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const body = `@file 'quoted' "double" $(no) \`no\` !x`;
  const inspect = await openedLive(page, origin, body, "text/odd", "", [["X-Odd", "a'b"]]);
  const menu = page.getByTestId("copy-as");
  await menu.locator("summary").click();
  await menu.getByRole("link", { name: "curl" }).click();
  await expect(menu).toContainText("Copied");
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const here = "curl() { command curl --silent --noproxy '*' \"$@\"; }";
  execFileSync("sh", ["-c", `${here}\n${command}`]);
  await expect(inspect.row(2)).toBeVisible();
  await inspect.choose(2);
  expect(await inspect.bodyText()).toBe(body);
  await inspect.showHeaders();
  await inspect.showsHeaders(2, [["X-Odd", "a'b"], ["Content-Type", "text/odd"]]);
});

test("each tool copies the text that is made for it", async ({ page, origin, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  await openedLive(page, origin, "the body", "text/odd");
  const menu = page.getByTestId("copy-as");
  const tools = menu.getByRole("link", { includeHidden: true });
  const names = await tools.allInnerTexts();
  const copied = new Set<string>();
  for (const [index, name] of names.entries()) {
    await menu.locator("summary").click();
    const href = await tools.nth(index).evaluate((link) => (link as HTMLAnchorElement).href);
    await tools.nth(index).click();
    const made = await (await page.request.get(href)).text();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), name).toBe(made);
    expect(made, name).toContain("the body");
    copied.add(made);
  }
  expect(copied.size).toBe(9);
});

test("its key copies the request, not the sample", async ({ page, origin, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  await openedLive(page, origin, "the body", "text/odd");
  await page.keyboard.press("c");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain("the body");
});

test("the menu opens by keyboard and closes by Escape", async ({ page, origin }) => {
  await openedLive(page, origin, "x", "text/plain");
  const menu = page.getByTestId("copy-as");
  await menu.locator("summary").focus();
  await page.keyboard.press("Enter");
  await expect(menu.getByRole("link")).toHaveCount(9);
  await page.keyboard.press("Escape");
  await expect(menu).not.toHaveAttribute("open");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ complaints }) => complaints.allow(/^file: csp .*\.js\)$/));

  test("each tool is a link to its text", async ({ page, origin }) => {
    await opened(page, origin, "x", "text/plain");
    const menu = page.getByTestId("copy-as");
    const hrefs = await menu
      .getByRole("link", { includeHidden: true })
      .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    expect(hrefs).toHaveLength(9);
    for (const href of hrefs) {
      const answer = await page.request.get(href);
      expect(answer.status(), href).toBe(200);
      expect(answer.headers()["content-type"]).toMatch(/^text\/plain/);
    }
  });
});
