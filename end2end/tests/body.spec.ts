// Each kind of body is shown so that it can be read, exactly as it was sent.

import { readFile } from "node:fs/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { multipart, opened, openedLive, PNG } from "../lib/bodies.ts";
import { askedElsewhere } from "../lib/elsewhere.ts";
import { expect, test } from "../lib/test.ts";

const JSON_TYPE = "application/json";

test("JSON is set out as a tree whose numbers and strings are as sent", async ({ page, origin }) => {
  const body = '{"id":123456789012345678901234567890,"price":1.10,"e":1E+2,"s":"\\u00e4\\/","n":{},"a":[]}';
  const inspect = await openedLive(page, origin, body, JSON_TYPE);
  await expect(inspect.body).toHaveAttribute("data-state", "json");
  const lines = (await inspect.lines(inspect.body)).map((line) => line.trim());
  expect(lines).toEqual([
    "{",
    '"id": 123456789012345678901234567890,',
    '"price": 1.10,',
    '"e": 1E+2,',
    '"s": "\\u00e4\\/",',
    '"n": {},',
    '"a": []',
    "}",
  ]);
});

test("JSON that breaks off says where, and the rest is text", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, '{"a": [1,\n  oops]}\nmore', JSON_TYPE);
  await expect(inspect.body).toContainText("line 2, character 3");
  expect((await inspect.lines(inspect.body)).join("\n")).toContain("oops]}\nmore");
});

test("lines of a tree are folded, opened to a depth, and the URL says so", async ({ page, origin }) => {
  const body = JSON.stringify({ a: { b: { c: 1 } }, d: [1, 2] });
  const inspect = await openedLive(page, origin, body, JSON_TYPE);
  const rows = inspect.body.locator(".reader__row");
  await expect(rows).toHaveCount(11);
  await inspect.mark();
  await inspect.body.getByRole("link", { name: "Fold line 2" }).click();
  await expect(rows).toHaveCount(7);
  await expect(rows.nth(1)).toContainText("1 member");
  await expect(page).toHaveURL(/toggled=1(&|$)/);
  await inspect.body.getByRole("link", { name: "Unfold line 2" }).click();
  await expect(rows).toHaveCount(11);
  await inspect.body.getByRole("link", { name: "Open to depth 1" }).click();
  await expect(rows).toHaveCount(4);
  await page.reload();
  await expect(rows).toHaveCount(4);
  await inspect.isLive();
  await inspect.body.getByRole("link", { name: "Open to depth All" }).click();
  await expect(rows).toHaveCount(11);
});

test("a line says its path and value to copy, by pointer and by keyboard", async ({
  page,
  origin,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const body = '{"repository":{"full name":"x","ids":[7,12345678901234567890]}}';
  const inspect = await openedLive(page, origin, body, JSON_TYPE);
  const path = page.getByTestId("json-path");
  await inspect.body.getByText("12345678901234567890").click();
  await expect(path).toHaveText("repository.ids[1]");
  await page.getByTestId("copy-value").click();
  await expect(page.getByTestId("copy-value")).toContainText("Copied");
  const pasted = () => page.evaluate(() => navigator.clipboard.readText());
  expect(await pasted()).toBe("12345678901234567890");
  await page.getByTestId("rows").focus();
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("ArrowUp");
  await expect(path).toHaveText('repository["full name"]');
  await page.getByTestId("copy-path").click();
  await expect(page.getByTestId("copy-path")).toContainText("Copied");
  expect(await pasted()).toBe('repository["full name"]');
});

test("text is found within a body, counted, and gone through", async ({ page, origin }) => {
  const body = JSON.stringify({ one: "needle", two: { three: "NEEDLE" }, four: "hay" });
  const inspect = await openedLive(page, origin, body, JSON_TYPE);
  const find = inspect.body.getByRole("searchbox");
  await find.fill("needle");
  await find.press("Enter");
  await expect(page.getByTestId("found")).toHaveText("2 found");
  await expect(inspect.body.locator('[data-kind~="hit"]')).toHaveText(["needle", "NEEDLE"]);
  await expect(page).toHaveURL(/find=needle/);
  await inspect.body.getByRole("button", { name: "Next hit" }).click();
  await find.fill("nowhere");
  await find.press("Enter");
  await expect(page.getByTestId("found")).toHaveText("not found");
});

test("a hit comes into sight from under what lies over the rows", async ({ page, origin }) => {
  const members = Array.from({ length: 150 }, (_, at) => [`m${at}`, at % 50 === 49 ? "needle" : "hay"]);
  const body = JSON.stringify(Object.fromEntries(members));
  const inspect = await openedLive(page, origin, body, JSON_TYPE, "?find=needle");
  const hits = inspect.body.locator('[data-kind~="hit"]');
  await expect(hits).toHaveCount(3);
  const isOnTop = (at: number) =>
    hits.nth(at).evaluate((hit) => {
      const { left, top, height } = hit.getBoundingClientRect();
      return hit.contains(document.elementFromPoint(left + 2, top + height / 2));
    });
  await expect.poll(() => isOnTop(0)).toBe(true);
  const find = inspect.body.getByRole("searchbox");
  for (const at of [1, 2, 0]) {
    await find.press("Enter");
    await expect.poll(() => isOnTop(at)).toBe(true);
  }
});

test("XML and HTML are marked up and never run", async ({ page, origin }) => {
  const xml = '<?xml version="1.0"?><order id="7"><item>text</item></order>';
  const inspect = await openedLive(page, origin, xml, "application/xml");
  await expect(inspect.body).toHaveAttribute("data-state", "xml");
  await expect(inspect.body.locator('[data-kind~="tag"]').first()).toBeVisible();
  expect((await inspect.bodyText()).replaceAll(/\s+/g, "")).toBe(xml.replaceAll(/\s+/g, ""));
});

test("a preview runs nothing, loads nothing, and says how much it left out", async ({
  page,
  origin,
  complaints,
}) => {
  complaints.allow(/srcdoc|preview|Content Security Policy|sandboxed|policy:/i);
  const asked = askedElsewhere(page.context(), origin);
  const html =
    "<!doctype html><h1>Invoice 7</h1><script>parent.ran=1</script><img src=x onerror=parent.ran=2>" +
    "<img src='http://evil.test/pixel.png'><link rel=stylesheet href='http://evil.test/a.css'>";
  const inspect = await openedLive(page, origin, html, "text/html", "?form=preview");
  const frame = page.getByTestId("preview");
  await expect(frame).toHaveAttribute("sandbox", "");
  await expect(page.frameLocator('[data-testid="preview"]').locator("h1")).toHaveText("Invoice 7");
  await expect(inspect.body).toContainText(/not loaded from outside/i);
  expect(await page.evaluate(() => (window as { ran?: unknown }).ran)).toBeUndefined();
  expect(asked).toEqual([]);
});

test("fields of a form are decoded", async ({ page, origin }) => {
  const type = "application/x-www-form-urlencoded";
  const inspect = await openedLive(page, origin, "a=two+words&b=%C3%A4&a=again&c=", type);
  await expect(inspect.body).toHaveAttribute("data-state", "form");
  const fields = inspect.body.getByTestId("field");
  await expect(fields.locator(".fields__name")).toHaveText(["a", "b", "a", "c"]);
  await expect(fields.locator(".fields__value")).toHaveText(["two words", "ä", "again", ""]);
});

test("parts of a multipart body are listed, and files downloaded as they are", async ({
  page,
  origin,
}) => {
  const { body, type } = multipart(PNG);
  const inspect = await openedLive(page, origin, body, type);
  await expect(inspect.body).toHaveAttribute("data-state", "multipart");
  await expect(inspect.body).toContainText("Holidays");
  await expect(inspect.body).toContainText("beach.png");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    inspect.body.getByRole("link", { name: "Download" }).last().click(),
  ]);
  expect((await readFile(await download.path())).equals(PNG)).toBe(true);
});

test("an image is shown as one", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, PNG, "image/png");
  await expect(inspect.body).toHaveAttribute("data-state", "image");
  const image = page.getByTestId("image");
  await expect
    .poll(() => image.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBe(10);
});

for (const [coding, pack] of [
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
] as const) {
  test(`a body in ${coding} is shown decoded and kept as it came`, async ({ page, origin }) => {
    const body = pack('{"packed":true}');
    const inspect = await openedLive(page, origin, body, JSON_TYPE, "", [["Content-Encoding", coding]]);
    await expect(inspect.body).toContainText('"packed": true');
    await expect(inspect.body).toContainText(coding);
    await inspect.body.getByRole("link", { name: "Hex" }).click();
    const start = [...body.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"));
    await expect(inspect.body).toContainText(start.join(" "));
  });
}

test("a body of 25 MB opens at once and scrolls to its end", async ({ page, origin }) => {
  test.setTimeout(90_000);
  const row = (index: number) => `{"index":${index},"text":"${"x".repeat(80)}"}`;
  const rows: string[] = [];
  for (let bytes = 0, index = 0; bytes < 25_000_000; index += 1) {
    const text = row(index);
    rows.push(text);
    bytes += text.length + 1;
  }
  const inspect = await opened(page, origin, `[${rows.join(",")}]`, JSON_TYPE);
  const started = Date.now();
  await page.reload();
  await inspect.isLive();
  await expect(inspect.body.locator(".reader__row").first()).toBeVisible();
  expect(Date.now() - started, "even a debug build is quick").toBeLessThan(5_000);
  const drawn = () => inspect.body.locator(".reader__row").count();
  await inspect.body.getByRole("link", { name: "Open to depth All" }).click();
  const scroller = page.getByTestId("rows");
  await expect(scroller).toHaveAttribute("data-total", String(rows.length * 4 + 2));
  await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(inspect.body.locator(".reader__row").last()).toContainText("]");
  await expect(inspect.body).toContainText(`"index": ${rows.length - 1}`);
  expect(await drawn()).toBeLessThan(300);
});

test("any body is shown as bytes", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, "hello", "text/plain", "?form=hex");
  await expect(inspect.body).toContainText("68 65 6c 6c 6f");
  await expect(inspect.body.locator(".reader__row")).toHaveAttribute("data-margin", "00000000");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ complaints }) => complaints.allow(/^file: csp .*\.js\)$/));

  test("a tree is folded, searched and paged by links and forms", async ({ page, origin }) => {
    const body = JSON.stringify({ list: Array.from({ length: 2_000 }, (_, index) => index) });
    const inspect = await opened(page, origin, body, JSON_TYPE, "?depth=999");
    const rows = inspect.body.locator(".reader__row");
    await expect(rows).toHaveCount(500);
    await page.getByRole("link", { name: "Later rows" }).click();
    await expect(rows.first()).toContainText("498,");
    await page.goto(`${origin}/inspect/${inspect.id}/1?depth=999`);
    await inspect.body.getByRole("link", { name: "Fold line 2" }).click();
    await expect(rows).toHaveCount(3);
    const find = inspect.body.getByRole("searchbox");
    await find.fill("1998");
    await find.press("Enter");
    await expect(page.getByTestId("found")).toHaveText("1 found");
  });
});
