// Each kind of body is shown readably, exactly as it was sent.

import { readFile } from "node:fs/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { multipart, opened, openedLive, PNG } from "../lib/bodies.ts";
import { askedElsewhere } from "../lib/elsewhere.ts";
import { ALONE, expect, test } from "../lib/test.ts";

const JSON_TYPE = "application/json";

/** A zstd frame without compression: Node had no encoder for a long time (RFC 8878 §3.1.1). */
function zstd(text: string): Buffer {
  const data = Buffer.from(text);
  // One segment with a one-byte size; then one block, the last, of raw bytes.
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, data.length, (data.length << 3) | 1, 0, 0]);
  return Buffer.concat([head, data]);
}

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

  const html = "<!doctype html><p class='a'>text<script>window.ran = 1</script></p>";
  await openedLive(page, origin, html, "text/html");
  await expect(inspect.body).toHaveAttribute("data-state", "html");
  await expect(inspect.body.locator('[data-kind~="tag"]', { hasText: "script" }).first()).toBeVisible();
  await expect(inspect.body.locator('[data-kind~="attribute"]')).toHaveText(["html", "class"]);
  expect((await inspect.bodyText()).replaceAll(/\s+/g, "")).toBe(html.replaceAll(/\s+/g, ""));
  await expect(inspect.body.locator("script, .a")).toHaveCount(0);
  expect(await page.evaluate(() => (window as { ran?: unknown }).ran)).toBeUndefined();
});

test("one chooses how a body is shown, and text whether it is wrapped", async ({ page, origin }) => {
  const body = `{"long":"${"word ".repeat(400)}"}`;
  const inspect = await openedLive(page, origin, body, JSON_TYPE);
  const forms = inspect.body.getByRole("navigation", { name: "Show it as" });
  await forms.getByRole("link", { name: "Text" }).click();
  await expect(inspect.body).toHaveAttribute("data-state", "text");
  expect(await inspect.bodyText()).toBe(body);
  const row = inspect.body.locator(".reader__row").first();
  const height = async () => (await row.boundingBox())?.height ?? 0;
  const isWide = () => page.getByTestId("rows").evaluate((rows) => rows.scrollWidth > rows.clientWidth + 1);
  expect(await isWide()).toBe(false);
  const wrapped = await height();
  await inspect.body.getByTitle("Wrap long lines").click();
  await expect.poll(isWide).toBe(true);
  expect(await height()).toBeLessThan(wrapped / 2);
  await forms.getByRole("link", { name: "Hex" }).click();
  await expect(inspect.body).toHaveAttribute("data-state", "hex");
  await forms.getByRole("link", { name: "JSON" }).click();
  await expect(inspect.body).toHaveAttribute("data-state", "json");
});

test("any body is downloaded as it came, beside its head", async ({ page, origin }) => {
  const body = gzipSync(Buffer.from([0x00, 0xff, 0x0d, 0x0a, 0x80]));
  const inspect = await openedLive(page, origin, body, JSON_TYPE, "", [["Content-Encoding", "gzip"]]);
  const menu = page.getByTestId("request-menu");
  const download = async (name: string) => {
    await menu.locator("summary").click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      menu.getByRole("link", { name }).click(),
    ]);
    return readFile(await download.path());
  };
  expect((await download("The body, byte for byte")).equals(body)).toBe(true);
  const whole = await download("Head and body as they came");
  expect(whole.toString("latin1")).toMatch(new RegExp(`^POST /${inspect.id}/place\\?a=1 HTTP/1.1\r\n`));
  expect(whole.subarray(-body.length).equals(body)).toBe(true);
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
  await expect(inspect.body).toContainText("Not loaded from outside: 2 images, 1 style sheet or other link.");
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
  await expect(inspect.body.getByTestId("field").filter({ hasText: "picture" })).toContainText(
    `file "beach.png", image/png, ${PNG.length} bytes`,
  );
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
  ["deflate", deflateSync],
  ["zstd", zstd],
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

test("what unpacks to far more than was sent is shown in part", async ({ page, origin }) => {
  const bomb = gzipSync(`"${"a".repeat(50_000_000)}`);
  const inspect = await openedLive(page, origin, bomb, "text/plain", "", [["Content-Encoding", "gzip"]]);
  await expect(inspect.body).toContainText("It is shown in part: it unpacks to more than");
  await expect(inspect.body.locator(".reader__row").first()).toContainText('"aaaa');
  await expect(inspect.body.locator(".tab-panel__decoded")).toContainText("decoded in part to");
});

test("JSON that nests a hundred thousand levels deep is shown as far as one opens it", async ({ page, origin }) => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const inspect = await openedLive(page, origin, deep, JSON_TYPE);
  await expect(inspect.body).toHaveAttribute("data-state", "json");
  await inspect.mark();
  await inspect.body.getByRole("link", { name: "Open to depth All" }).click();
  const rows = page.getByTestId("rows");
  await expect(rows).toHaveAttribute("data-total", /^\d{4,}$/);
  await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(inspect.body.locator(".reader__row").last()).toContainText("]");
  expect(await inspect.body.locator(".reader__row").count()).toBeLessThan(300);
  await inspect.wasNotReloaded();
});

test("a body of a hundred thousand parts opens, and few of them are drawn", async ({ page, origin }) => {
  const part = (n: number) => `--b\r\nContent-Disposition: form-data; name=x${n}\r\n\r\n1\r\n`;
  const parts = Array.from({ length: 100_000 }, (_, n) => part(n)).join("");
  const inspect = await openedLive(page, origin, `${parts}--b--`, "multipart/form-data; boundary=b");
  await expect(inspect.body).toHaveAttribute("data-state", "multipart");
  const fields = inspect.body.getByTestId("field");
  await expect(fields.first()).toContainText("x0");
  expect(await fields.count()).toBeLessThan(1_001);
  // The page says so, and links to the others.
  await expect(inspect.body).toContainText("100,000");
  await inspect.body.getByRole("link", { name: /later|more|next/i }).click();
  await expect(fields.filter({ hasText: "x500" })).toHaveCount(1);
});

/** A document of enough rows to scroll in a window. */
const LONG = JSON.stringify({
  commits: Array.from({ length: 250 }, (_, n) => ({ id: `c${String(n).padStart(4, "0")}`, tree: [n, { a: n }] })),
});

test("a hit far down in a long tree comes into sight", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, LONG, JSON_TYPE);
  await inspect.body.getByRole("link", { name: "All" }).click();
  await expect(inspect.body.getByText('"c0000"')).toBeVisible();
  const rows = inspect.body.getByTestId("rows");
  for (const text of ["c0220", "c0101"]) {
    const find = inspect.body.getByLabel("Find in this part");
    await find.fill(text);
    await find.press("Enter");
    const hit = rows.getByText(`"${text}"`);
    await expect(hit).toBeInViewport();
    // The window positions its rows correctly, also after a step that renders them again.
    await rows.evaluate((element) => element.scrollBy(0, 24));
    await expect(hit).toBeInViewport();
  }
});

test("a short body after a long one begins at its top", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, LONG, JSON_TYPE);
  await inspect.body.getByRole("link", { name: "All" }).click();
  const rows = inspect.body.getByTestId("rows");
  await expect(rows).toHaveAttribute("data-state", "windowed");
  await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(inspect.body.getByText('"c0249"')).toBeInViewport();
  await inspect.body.getByRole("link", { name: "Open to depth 1" }).click();
  await expect(rows).toHaveAttribute("data-state", "whole");
  await expect(inspect.body.getByText('"commits"')).toBeInViewport();
  const [first, height] = await rows.evaluate((element) => {
    const row = element.querySelector(".reader__row")?.getBoundingClientRect();
    return [(row?.top ?? Infinity) - element.getBoundingClientRect().top, element.scrollHeight];
  });
  expect(first).toBeLessThan(40);
  expect(height).toBeLessThan(400);
});

test("a tree is folded and unfolded by keys", async ({ page, origin }) => {
  const inspect = await openedLive(page, origin, '{"a":{"b":1},"c":2}', JSON_TYPE);
  const rows = inspect.body.getByTestId("rows");
  await rows.focus();
  for (const key of ["ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
  const chosen = rows.locator('[aria-current="true"]');
  await expect(chosen).toContainText('"a"');
  await page.keyboard.press("ArrowLeft");
  await expect(inspect.body.getByText('"b"')).toBeHidden();
  await expect(chosen).toContainText('"a"');
  await page.keyboard.press("ArrowRight");
  await expect(inspect.body.getByText('"b"')).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(chosen).toContainText('"b"');
});

test("a file that is no text is not called empty", async ({ page, origin }) => {
  const { body, type } = multipart(PNG);
  const inspect = await openedLive(page, origin, body, type);
  const file = inspect.body.getByTestId("field").filter({ hasText: "image/png" });
  await expect(file.getByRole("link", { name: "Download" })).toBeVisible();
  await expect(file.locator(".fields__value")).toHaveCount(0);
  await expect(file.getByRole("button", { name: "Copy the value" })).toHaveCount(0);
});

test("a body of 25 MB opens at once and scrolls to its end", ALONE, async ({ page, origin }) => {
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
    await page.getByRole("link", { name: "Later" }).click();
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
