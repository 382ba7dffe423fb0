// Headers, query, wire and reply of a request, as they came and explained.

import { opened, openedLive } from "../lib/bodies.ts";
import { raw } from "../lib/senders.ts";
import { Inspect } from "../lib/pages.ts";
import { expect, test } from "../lib/test.ts";

test("headers stand in their order, are explained and copied", async ({ page, origin, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const inspect = await openedLive(page, origin, "{}", "application/json", "?tab=headers", [
    ["X-GitHub-Event", "ping"],
  ]);
  const fields = inspect.headers.getByTestId("field");
  const type = fields.filter({ hasText: "Content-Type" });
  await expect(type).toContainText("RFC 9110");
  await type.hover();
  await type.getByRole("button", { name: "Copy the value" }).click();
  await expect(type.getByRole("button")).toHaveAttribute("data-state", "copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("application/json");
});

test("fields of the query are decoded and repeated ones kept", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, "", undefined, "?tab=query");
  const fields = inspect.part("query").getByTestId("field");
  await expect(fields.locator(".fields__name")).toHaveText(["a"]);
  await expect(fields.locator(".fields__value")).toHaveText(["1"]);
});

test("the wire shows line ends, control and bidi characters, and copies them as sent", async ({
  page,
  origin,
  hookglass,
}) => {
  const inspect = await Inspect.create(page, origin);
  const body = "a\u001bb\u202ec";
  const head = `POST /${inspect.id} HTTP/1.1\r\nhOsT: localhost:${hookglass.port}\r\nX-One:  two\r\n`;
  const length = Buffer.byteLength(body);
  await raw(
    hookglass.port,
    Buffer.from(`${head}Content-Length: ${length}\r\nConnection: close\r\n\r\n${body}`),
  );
  await page.goto(`${origin}/inspect/${inspect.id}/1?tab=wire`);
  await inspect.isLive();
  const wire = inspect.part("wire");
  await expect(wire.locator('[data-kind~="crlf"]').first()).toHaveAttribute("data-code", "CRLF");
  await expect(wire.locator('[data-kind~="control"]')).toHaveAttribute("data-code", "ESC");
  await expect(wire.locator('[data-kind~="bidi"]')).toHaveAttribute("data-code", "U+202e");
  const lines = await inspect.lines(wire);
  expect(lines[1]?.trimEnd()).toBe(`hOsT: localhost:${hookglass.port}`);
  expect(lines[2]?.trimEnd()).toBe("X-One:  two");
  expect(lines.at(-1)).toBe(body);
  const copied = await wire.getByTestId("rows").evaluate((element) => {
    getSelection()?.selectAllChildren(element);
    return getSelection()?.toString() ?? "";
  });
  expect(copied).not.toContain("CRLF");
  expect(copied).not.toContain("U+202e");
  expect(copied).toContain(body);
});

test("the reply says what the sender was answered", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, "x", "text/plain", "?tab=reply");
  const reply = inspect.part("reply");
  await expect(reply).toContainText("200");
  await expect(reply).toContainText(/hookglass-seq/i);
  await expect(inspect.detail.locator(".request-head__status")).toHaveText("answered 200");
});

test("tabs are links with URLs of their own, and keep the rest of the URL", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, "{}", "application/json", "?q=place");
  await inspect.mark();
  const tabs = inspect.detail.getByRole("navigation", { name: "Parts of the request" });
  for (const [name, part] of [
    ["Headers", "headers"],
    ["Query", "query"],
    ["Wire", "wire"],
    ["Reply", "reply"],
    ["Body", "body"],
  ] as const) {
    await tabs.getByRole("link", { name }).click();
    await expect(inspect.part(part)).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`[?]q=place&tab=${part}$`));
  }
  await page.goBack();
  await expect(inspect.part("reply")).toBeVisible();
  await inspect.wasNotReloaded();
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ complaints }) => complaints.allow(/^file: csp .*\.js\)$/));

  test("every part is read by its URL", async ({ page, origin }) => {
    const inspect = await opened(page, origin, "{}", "application/json", "");
    for (const part of ["headers", "query", "wire", "reply", "body"] as const) {
      await page.goto(`${origin}/inspect/${inspect.id}/1?tab=${part}`);
      await expect(inspect.part(part)).toBeVisible();
    }
  });
});
