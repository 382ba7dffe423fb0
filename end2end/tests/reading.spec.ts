// A request's headers, query, wire and reply, shown as received and explained.

import { opened, openedLive } from "../lib/bodies.ts";
import { curl, raw } from "../lib/senders.ts";
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

test("fields stand in the order of the wire, in the case in which they came", async ({
  page,
  origin,
  hookglass,
}) => {
  const inspect = await Inspect.create(page, origin);
  const sent: [string, string][] = [
    ["zebra", "1"],
    ["Host", `localhost:${hookglass.port}`],
    ["X-Twice", "first"],
    ["aLpHa", "2"],
    ["X-Twice", "second"],
    ["Connection", "close"],
  ];
  const fields = sent.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await raw(hookglass.port, `GET /${inspect.id} HTTP/1.1\r\n${fields}\r\n`);
  await page.goto(`${origin}/inspect/${inspect.id}/1?tab=headers`);
  await inspect.isLive();
  expect(await inspect.headerFields()).toEqual(sent);
});

test("times in fields are made readable, and stay as they were sent", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, "{}", "application/json", "?tab=headers", [
    ["webhook-timestamp", "1614265330"],
    ["X-Plain", "1614265330"],
  ]);
  const field = (name: string) => inspect.headers.getByTestId("field").filter({ hasText: name });
  await expect(field("webhook-timestamp").locator(".fields__value")).toHaveText("1614265330");
  await expect(field("webhook-timestamp").locator(".fields__readable")).toContainText("2021-02-25 15:02:10");
  // A number in a header whose name does not suggest a time is not shown as one.
  await expect(field("X-Plain").locator(".fields__readable")).toHaveCount(0);
});

test("a value of ten thousand characters is shown in part, and whole by a click", async ({ page, origin }) => {
  const value = `start${"v".repeat(10_000)}end`;
  const inspect = await openedLive(page, origin, "{}", "application/json", "?tab=headers", [["X-Long", value]]);
  const field = inspect.headers.getByTestId("field").filter({ hasText: "X-Long" });
  await expect(field.locator(".fields__value")).toContainText(/^start.*more bytes$/);
  await expect(field.locator("pre")).toBeHidden();
  await field.getByText("Show all of it").click();
  await expect(field.locator("pre")).toHaveText(value);
});

test("fields of the query are decoded and repeated ones kept", async ({ page, origin }) => {
  const inspect = await Inspect.create(page, origin);
  await curl(`${origin}/${inspect.id}?a=two+words&b=%C3%A4&a=again&c`);
  await page.goto(`${origin}/inspect/${inspect.id}/1?tab=query`);
  await inspect.isLive();
  const fields = inspect.part("query").getByTestId("field");
  await expect(fields.locator(".fields__name")).toHaveText(["a", "b", "a", "c"]);
  await expect(fields.locator(".fields__value")).toHaveText(["two words", "ä", "again", ""]);
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
  // The time, and the duration.
  const field = (name: string) => reply.getByTestId("field").filter({ hasText: name }).locator(".fields__value");
  await expect(field("Sent")).toContainText(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
  await expect(field("Receiving took")).toContainText(/^[\d.]+(ns|µs|ms|s) /);
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

test("a URL alone brings back endpoint, request, part, search and span", async ({
  page,
  origin,
  context,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  for (const body of ["cup", "saucer", "second cup"]) await curl(url, { body });
  await expect(inspect.rows).toHaveCount(3);
  // Each by clicking and typing.
  await page.getByRole("link", { name: "1 hour" }).click();
  await page.getByLabel("Search the requests").fill("cup");
  await expect(inspect.rows).toHaveCount(2);
  await inspect.choose(1);
  await inspect.showHeaders();
  const other = new Inspect(await context.newPage());
  await other.page.goto(page.url());
  await other.isLive();
  expect(other.id).toBe(inspect.id);
  expect(await other.seqs()).toEqual([3, 1]);
  await expect(other.detail).toHaveAttribute("data-seq", "1");
  await expect(other.headers).toBeVisible();
  await expect(other.page.getByLabel("Search the requests")).toHaveValue("cup");
  await expect(other.page.getByRole("link", { name: "1 hour" })).toHaveAttribute("aria-current", "true");
});

test("the chosen tab is in sight on a phone", async ({ page, origin }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const inspect = await opened(page, origin, "{}", "application/json");
  const tabs = inspect.detail.getByRole("navigation", { name: "Parts of the request" });
  const chosen = tabs.locator('[aria-current="true"]');
  const inSight = async () => {
    const [row, tab] = [await tabs.boundingBox(), await chosen.boundingBox()];
    if (!row || !tab) return false;
    return tab.x >= Math.max(row.x, 0) - 1 && tab.x + tab.width <= Math.min(row.x + row.width, 390) + 1;
  };
  // By URL, the last of them first.
  for (const tab of ["attempts", "body"] as const) {
    await page.goto(`${origin}/inspect/${inspect.id}/1?tab=${tab}`);
    await inspect.isLive();
    await expect(inspect.part(tab)).toBeVisible();
    await expect.poll(inSight, tab).toBe(true);
  }
  // By key, without a reload.
  for (const [key, tab] of [["8", "attempts"], ["1", "body"], ["7", "signature"]] as const) {
    await page.keyboard.press(key);
    await expect(inspect.part(tab)).toBeVisible();
    await expect.poll(inSight, tab).toBe(true);
  }
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
