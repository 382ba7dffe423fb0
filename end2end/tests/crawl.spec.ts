// Every page, part, menu, dialog and form, rendered once by the server and once by the browser.
// Requires a browser half with debug assertions: it reports what is wrong with a hydration, and any
// complaint of the browser fails the test that caused it.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { multipart, PNG } from "../lib/bodies.ts";
import { Crawler, metByAll } from "../lib/crawler.ts";
import { ScriptedFeed } from "../lib/feed.ts";
import { flood } from "../lib/flood.ts";
import { shownKey } from "../lib/pages.ts";
import { curl, github, githubPayloads, type Header, raw } from "../lib/senders.ts";
import { answered, expect, OUTAGE, SANDBOX, test as base } from "../lib/test.ts";

const STYLE = join(import.meta.dirname, "../../style");

const test = base.extend<{ crawler: Crawler }>({
  crawler: async ({ page }, use, info) => {
    const crawler = await Crawler.start(page);
    await use(crawler);
    await crawler.note(info);
  },
});

// Each test goes through many states, with an unoptimized browser half.
test.beforeEach(() => test.setTimeout(180_000));

const JSON_TYPE = "application/json";
const LONG = JSON.stringify({ rows: Array.from({ length: 400 }, (_, id) => ({ id, tags: [id, "x"] })) });
const { body: FORM, type: FORM_TYPE } = multipart(PNG);
/** A preview's frame forbids everything, and Chromium reports that. */
const PREVIEW = /srcdoc|Content Security Policy|sandboxed|policy:/i;

/** A request of each kind that has its own display. */
const KINDS: [name: string, body: string | Buffer, type: string, headers?: Header[]][] = [
  ["JSON", '{"repository":{"id":1,"name":"x","ok":true,"none":null},"list":[1,2]}', JSON_TYPE],
  ["broken JSON", '{"a": [1,\n oops', JSON_TYPE],
  ["long JSON", LONG, JSON_TYPE],
  ["XML", '<?xml version="1.0"?><order id="7"><item>text</item></order>', "application/xml"],
  ["HTML", "<p class=a>x<script>1</script><img src='http://evil.test/a.png'></p>", "text/html"],
  ["a form", "a=1&b=two+words", "application/x-www-form-urlencoded"],
  ["a multipart form", FORM, FORM_TYPE],
  ["an image", PNG, "image/png"],
  ["bytes", Buffer.from([0, 1, 255]), "application/octet-stream"],
  ["long text", Array.from({ length: 300 }, (_, n) => `line ${n}`).join("\n"), "text/plain"],
  ["nothing", "", "text/plain", [["Authorization", "Bearer secret"], ["X-Long", "v".repeat(6_000)]]],
];

for (const [name, body, type, headers = []] of KINDS) {
  test(`a request with ${name} in every view`, async ({ crawler, origin, complaints }) => {
    complaints.allow(PREVIEW);
    const { inspect, page } = crawler;
    await crawler.open(origin);
    await page.getByTestId("create-endpoint").first().click();
    await crawler.isAlive();
    await inspect.isLive();
    const url = `${await inspect.url()}/place?a=1&b=two`;
    for (let sent = 0; sent < 2; sent += 1) {
      await curl(url, { body, headers: [["Content-Type", type], ...headers] });
    }
    await inspect.choose(2);
    // Everything except the body looks the same for all kinds.
    await crawler.views(name === "JSON" ? undefined : ["body", "wire", "compare"]);
  });
}

test("a signed delivery that is tried again, in every view", async ({ crawler, origin, complaints }) => {
  complaints.allow(PREVIEW);
  const { inspect, page } = crawler;
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  const secret = await page.evaluate(async (id) => {
    const body = JSON.stringify({ provider: "github", secret: "It's a Secret" });
    const headers = { "content-type": "application/json" };
    return (await fetch(`/api/endpoints/${id}/secrets`, { method: "POST", headers, body })).status;
  }, inspect.id);
  expect(secret).toBe(201);
  const push = github("push", githubPayloads("push")[0] ?? {});
  const url = await inspect.url();
  for (let sent = 0; sent < 2; sent += 1) await curl(url, push);
  await curl(url, { ...push, body: `${push.body} ` });
  for (const seq of [2, 3]) {
    await inspect.choose(seq);
    await crawler.views(["signature", "attempts", "compare", "reply"]);
  }
  // Retries are collapsed, and expanded again.
  const fold = page.getByTestId("fold");
  await fold.click();
  await expect(inspect.rows).toHaveCount(1);
  await fold.click();
  await expect(inspect.rows).toHaveCount(3);
});

test("the start, and pages that are none", async ({ crawler, origin, complaints, newBrowser }) => {
  complaints.allow(/status of (400|401|404|409)/, SANDBOX);
  const { inspect, page } = crawler;
  // These pages do not use the browser half.
  for (const path of ["/no/such/endpoint", "/inspect", "/problems/not-found"]) {
    await page.goto(origin + path);
    await crawler.look();
  }
  for (const path of ["/", "/inspect/nobodys", "/inspect/nobodys/1"]) {
    await crawler.open(origin + path);
    await crawler.unfold();
    await crawler.commands();
    const start = page.getByRole("link", { name: "Hookglass" }).first();
    await start.click();
    await expect(page).toHaveURL(`${origin}/`);
    await page.goBack();
    await crawler.look();
  }
  // Created with a custom address and a name.
  await crawler.open(origin);
  await crawler.unfold();
  await page.getByLabel("Address").fill("orders");
  await page.getByLabel("Name").fill("Orders");
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  await crawler.unfold();
  const key = await shownKey(page);
  await crawler.look();
  await page.keyboard.press("Escape");

  // To the home page without a reload, and back by a link, by the history and by the switcher.
  await page.getByRole("link", { name: "Hookglass" }).click();
  await expect(page.getByTestId("endpoint-row")).toHaveCount(1);
  await crawler.look();
  await crawler.unfold();
  await crawler.commands();
  await page.goBack();
  await inspect.isLive();
  await page.goForward();
  await expect(page.getByTestId("endpoint-row")).toHaveCount(1);
  await curl(`${origin}/orders`, { body: "counted" });
  await expect(page.getByTestId("endpoint-row")).toContainText("1 request");
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  await page.locator(".switcher > summary").click();
  await page.getByRole("link", { name: /^Orders/ }).click();
  await page.waitForURL(`${origin}/inspect/orders`);
  await crawler.isAlive();

  // An address that is taken: the error page without script.
  await page.goto(origin);
  await page.locator(".create-form__more > summary").click();
  await page.getByLabel("Address").fill("orders");
  await page.getByTestId("create-endpoint").first().click();
  await expect(page.getByRole("alert")).toBeVisible();
  await crawler.look();

  // The key in another browser, which then forgets it.
  const other = await Crawler.start(await (await newBrowser()).newPage());
  await other.open(origin);
  await other.unfold();
  await other.page.locator("main").getByLabel("Workspace key").fill(key);
  await other.page.locator("main").getByRole("button", { name: "Open" }).click();
  await expect(other.page.getByTestId("endpoint-row")).toHaveCount(2);
  await other.isAlive();
  await other.page.locator(".workspace-menu > summary").click();
  await other.page.locator(".workspace-menu").getByRole("button", { name: /forget/i }).click();
  await expect(other.page.getByTestId("endpoint-row")).toHaveCount(0);
  await other.isAlive();
});

test("an endpoint without requests, and its samples", async ({ crawler, origin, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write", "notifications"], { origin });
  const { inspect, page } = crawler;
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  await crawler.unfold();
  await crawler.commands();
  for (const copy of await page.locator(".copy:visible").all()) {
    await copy.click();
    await expect(copy).toHaveAttribute("data-state", "copied");
  }
  await page.locator(".alerts > summary").click();
  for (const turn of ["on", "off"]) {
    for (const button of await page.locator(".alerts").getByRole("button").all()) {
      await button.click();
      await expect(button.locator(".alerts__light")).toHaveAttribute("data-state", turn);
    }
  }
  await page.keyboard.press("Escape");
  const samples = await page.locator(".waiting__samples").getByRole("button").allInnerTexts();
  for (const [at, name] of samples.entries()) {
    // The first request replaces this view.
    await crawler.open(`${origin}/inspect/${inspect.id}`);
    const button = page.getByRole("button", { name, exact: true });
    if (at === 0) await button.click();
    else await page.keyboard.press("s");
    await expect(inspect.rows).toHaveCount(at + 1);
    await crawler.look();
  }
  // To the other theme and back.
  for (let turn = 0; turn < 2; turn += 1) {
    await page.keyboard.press("l");
    await crawler.open(page.url());
  }
});

test("the list, by every command", async ({ crawler, origin, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const { inspect, page } = crawler;
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  const url = await inspect.url();
  await flood(url, 260);
  await crawler.open(`${origin}/inspect/${inspect.id}`);
  await inspect.isLive();
  await crawler.unfold();
  for (const key of await crawler.commands()) {
    await page.keyboard.press(key);
    await crawler.look();
    await page.keyboard.press("Escape");
    await crawler.open(`${origin}/inspect/${inspect.id}`);
  }
  // Older requests, by scrolling and by URL.
  await inspect.bring(1);
  await crawler.look();
  await crawler.open(`${origin}/inspect/${inspect.id}?before=100`);
  await inspect.isLive();
  await inspect.choose(90);
  await inspect.isShown();
  const chosen = page.url();
  await crawler.unfold();
  for (const key of await crawler.commands()) {
    await page.keyboard.press(key);
    await crawler.look();
    // Leaving the page makes the deletion final.
    if (key === "d") await page.keyboard.press("u");
    await crawler.open(chosen);
    await inspect.isShown();
  }
  // While the list is paused, with new requests above it.
  await page.keyboard.press("z");
  await curl(url, { body: "new" });
  await expect(page.getByTestId("new-rows")).toBeVisible();
  await crawler.commands();
  await page.keyboard.press("t");
  await expect(page.getByTestId("new-rows")).toBeHidden();
  await page.keyboard.press("w");
  await curl(url, { body: "followed" });
  await expect(inspect.detail).toHaveAttribute("data-seq", /26\d/);
  await crawler.look();
});

test("what its owner does to a request and to an endpoint", async ({ crawler, origin, complaints }) => {
  complaints.allow(answered(404, /\/2/));
  const { inspect, page } = crawler;
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  const url = await inspect.url();
  for (const body of ["1", "2", "3", "4"]) await curl(url, { body });
  await inspect.choose(2);
  const detail = inspect.detail;
  const reload = async () => {
    await crawler.open(page.url());
    await inspect.isLive();
  };
  await detail.getByRole("button", { name: "Pin", exact: true }).click();
  await expect(inspect.row(2)).toContainText("pinned");
  await reload();
  const note = detail.getByRole("textbox", { name: "Note" });
  await detail.getByRole("button", { name: "Note" }).click();
  await note.fill("not yet");
  await detail.getByRole("button", { name: "Cancel" }).click();
  await detail.getByRole("button", { name: "Note" }).click();
  await note.fill("look\nat this");
  await detail.getByRole("button", { name: "Save the note" }).click();
  await expect(inspect.row(2)).toContainText("has a note");
  await crawler.look();
  await reload();
  await detail.getByRole("button", { name: "Edit note" }).click();
  await note.fill("");
  await detail.getByRole("button", { name: "Save the note" }).click();
  await expect(inspect.row(2)).not.toContainText("has a note");
  await detail.getByRole("button", { name: "Pinned" }).click();
  await expect(inspect.row(2)).not.toContainText("pinned");

  const undo = page.getByTestId("undo");
  await detail.getByRole("button", { name: "Delete" }).click();
  await expect(undo).toBeVisible();
  await crawler.commands();
  await undo.getByRole("button", { name: "Undo" }).click();
  await expect(inspect.row(2)).toBeVisible();
  await detail.getByRole("button", { name: "Delete" }).click();
  await undo.getByRole("button", { name: "Dismiss" }).click();
  await expect(undo).toHaveCount(0);
  await crawler.open(`${origin}/inspect/${inspect.id}/2`);
  await crawler.look();

  const menu = page.getByTestId("endpoint-menu");
  const open = () => menu.locator("> summary").click();
  await crawler.open(`${origin}/inspect/${inspect.id}`);
  await open();
  for (const name of ["Refuse new ones", "Drop the oldest", "7 days", "Never", "1 hour"]) {
    const [saved] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === "PATCH"),
      menu.getByRole("button", { name, exact: true }).click(),
    ]);
    expect(saved.status()).toBe(200);
  }
  await page.keyboard.press("Escape");
  // It expires soon, and the page says so.
  await expect(page.locator('.notice[data-state="warn"]')).toBeVisible();
  await reload();
  await open();
  await menu.getByLabel("Name of this endpoint").fill("Renamed");
  await menu.getByRole("button", { name: "Rename" }).click();
  await expect(page.locator(".switcher__title").first()).toHaveText("Renamed");
  await crawler.isAlive();
  await open();
  await menu.getByRole("button", { name: /^Clear/ }).click();
  await expect(inspect.rows).toHaveCount(0);
  await undo.getByRole("button", { name: "Undo" }).click();
  await expect(inspect.rows).toHaveCount(3);
  await open();
  await menu.locator('[data-kind="danger"]').click();
  await expect(page).toHaveURL(`${origin}/`);
  await crawler.look();
  await undo.getByRole("button", { name: "Undo" }).click();
  await inspect.isLive();
});

test("searches and spans", async ({ crawler, origin, complaints }) => {
  complaints.allow(answered(400, /\/requests/));
  const { inspect, page } = crawler;
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  const at = `${origin}/inspect/${inspect.id}`;
  const url = await inspect.url();
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "REPORT"]) await curl(url, {}, { method });
  await curl(`${url}/path`, { body: '{"a":1}', headers: [["Content-Type", JSON_TYPE]] });
  const field = page.getByRole("combobox", { name: "Search the requests" });
  await field.click();
  await page.keyboard.type("meth");
  await expect(page.getByRole("option").first()).toBeVisible();
  await crawler.look();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("option", { name: /GET/ }).click();
  await expect(inspect.rows).toHaveCount(1);
  for (const query of ["method:POST (path:/", "nothing of the kind", "path:/path"]) {
    await field.fill(query);
    await field.press("Enter");
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe(query);
    await crawler.look();
    await crawler.commands();
    await crawler.open(page.url());
    await inspect.isLive();
    await crawler.look();
  }
  await page.getByTestId("delete-found").click();
  await page.getByTestId("undo").getByRole("button", { name: "Undo" }).click();
  await page.getByTestId("search-clear").click();
  await expect(inspect.rows).toHaveCount(7);

  for (const link of await page.locator('.scope a[href*="span="]').all()) {
    const href = await link.getAttribute("href");
    await link.click();
    await expect(page).toHaveURL(new RegExp(`${href?.replace(/^.*\?/, "[?]")}$`));
    await crawler.open(page.url());
    await inspect.isLive();
  }
  // Drawn by pointer and by keys, from one end to the other.
  const box = await page.getByTestId("scope").boundingBox();
  if (!box) throw new Error("the scope is not shown");
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 2, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 2, y, { steps: 5 });
  await crawler.look();
  await page.mouse.up();
  await expect(page).toHaveURL(/span=[^&]*\.\./);
  await crawler.open(page.url());
  await inspect.isLive();
  await page.getByRole("slider", { name: /^From/ }).focus();
  for (const key of ["ArrowRight", "End", "ArrowLeft", "Escape"]) await page.keyboard.press(key);
  await crawler.open(`${at}?span=1h&q=method:GET`);
  await expect(inspect.rows).toHaveCount(1);
});

test("what goes wrong, and what ends", async ({ crawler, origin, hookglass, context, complaints }) => {
  complaints.allow(...OUTAGE, /favicon\.svg/, /status of (404|410|413)/);
  const { inspect, page } = crawler;
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  const { id } = inspect;
  const at = `${origin}/inspect/${id}`;
  const url = await inspect.url();
  // Refused, cut off, overwritten, undecodable: each has its message.
  expect((await curl(url, { body: "x".repeat(27_000_000) })).status).toBe(413);
  const key = `hgk_${"a".repeat(43)}`;
  await curl(url, { body: "x", headers: [["Authorization", `Bearer ${key}`], ["Content-Encoding", "gzip"]] });
  await raw(hookglass.port, `POST /${id} HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf`).catch(() => {});
  await expect(inspect.rows).toHaveCount(3);
  for (const seq of [1, 2, 3]) {
    await inspect.choose(seq);
    await crawler.look();
    await crawler.open(`${at}/${seq}`);
    await crawler.look();
  }
  await crawler.open(`${at}/99`);
  await crawler.unfold();

  // Without a network, and with a server that is down for a while.
  await crawler.open(`${at}/2`);
  await inspect.isLive();
  await context.setOffline(true);
  await expect(inspect.connection).toHaveAttribute("data-state", "offline");
  await crawler.look();
  await context.setOffline(false);
  await inspect.isLive();
  await hookglass.kill();
  await expect(inspect.connection).toHaveAttribute("data-state", "reconnecting");
  await page.getByRole("link", { name: "Wire" }).click();
  await expect(page.getByTestId("part-trouble")).toBeVisible();
  await inspect.row(1).getByRole("link").first().click();
  await crawler.look();
  await hookglass.run();
  await expect(inspect.detail).toHaveAttribute("data-seq", "1", { timeout: 20_000 });
  await inspect.isLive(20_000);

  // It is deleted in another tab; its URL is claimed again.
  await page.evaluate((id) => fetch(`/api/endpoints/${id}/requests/1`, { method: "DELETE" }), id);
  await expect(inspect.row(1)).toHaveCount(0);
  await crawler.look();
  await page.evaluate((id) => fetch(`/api/endpoints/${id}`, { method: "DELETE" }), id);
  await expect(inspect.connection).toHaveAttribute("data-state", "ended");
  await crawler.look();
  await page.getByTestId("bring-back").click();
  await crawler.isAlive();
  await inspect.isLive();
});

test("what the feed alone can tell", async ({ crawler, origin }) => {
  const { inspect, page } = crawler;
  const feed = await ScriptedFeed.install(page);
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  const endpoint = inspect.id;
  await feed.say("alive", { change: 1, storing: false });
  await expect(page.getByTestId("outage")).toBeVisible();
  await crawler.look();
  await feed.say("alive", { change: 1 });
  await curl(await inspect.url(), { body: "missed" });
  await feed.say("gap", { endpoint });
  await expect(inspect.rows).toHaveCount(1);
  await inspect.choose(1);
  await feed.say("dropped", { endpoint, below: 2_301 }, "94");
  await expect(inspect.rows).toHaveCount(0);
  await expect(page.getByTestId("dropped")).not.toHaveText("");
  await crawler.look();
  await feed.say("gone", { endpoint, reason: "expired" }, "95");
  await expect(inspect.connection).toHaveAttribute("data-state", "ended");
  await crawler.look();
});

test("every form of the answers", async ({ crawler, origin, complaints }) => {
  complaints.allow(answered(400, /\/answers/));
  const { inspect, page } = crawler;
  await crawler.open(origin);
  await page.getByTestId("create-endpoint").first().click();
  await crawler.isAlive();
  await inspect.isLive();
  await page.getByTestId("answers").click();
  await page.waitForURL(/\/answers$/);
  const ids = await page.locator("form").evaluateAll((forms) => forms.map((form) => form.id));
  const button = (id: string) => page.locator(`form[id="${id}"]`).getByRole("button").first();
  const fill = async (id: string, field: string, text: string) =>
    page.locator(`form[id="${id}"] [name="${field}"]`).fill(text);
  const send = async (id: string) => {
    await crawler.unfold();
    await Promise.all([page.waitForEvent("domcontentloaded"), button(id).click()]);
    await crawler.look();
  };
  // First rejected, then accepted.
  await crawler.unfold();
  await fill("reply", "headers", "no colon");
  await send("reply");
  await expect(page.getByRole("alert")).toBeVisible();
  await fill("reply", "headers", "X-Seq: {{ seq }}");
  await fill("reply", "status", "202");
  await send("reply");
  await crawler.unfold();
  await fill("rule-new", "when", "method:PUT");
  await send("rule-new");
  await crawler.unfold();
  await page.locator('form[id="secret"] [name="provider"]').selectOption({ label: "GitHub" });
  await fill("secret", "secret", "s");
  await send("secret");
  for (const id of ids.filter((id) => !["reply", "rule-new", "secret"].includes(id))) {
    await page.goto(`${origin}/inspect/${inspect.id}/answers`);
    if ((await page.locator(`form[id="${id}"]`).count()) > 0) await send(id);
  }
  await expect(page.getByTestId("rules")).toBeVisible();
  await expect(page.getByTestId("secrets")).toBeVisible();

  // The inspector shows the settings, and the response that a request got.
  await page.getByRole("link", { name: "Back to the requests" }).click();
  await crawler.isAlive();
  await inspect.isLive();
  for (const method of ["PUT", "POST"]) await curl(await inspect.url(), { body: "x" }, { method });
  for (const seq of [1, 2]) {
    await inspect.choose(seq);
    await crawler.open(`${origin}/inspect/${inspect.id}/${seq}?tab=reply`);
    await inspect.isShown();
  }
});

for (const [width, height, colorScheme] of [[390, 844, "dark"], [1000, 600, "light"]] as const) {
  test(`pages on a screen ${width} px wide in ${colorScheme}`, async ({ crawler, origin }) => {
    const { inspect, page } = crawler;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await crawler.open(origin);
    await crawler.unfold();
    await page.getByTestId("create-endpoint").first().click();
    await crawler.isAlive();
    await inspect.isLive();
    await crawler.unfold();
    await crawler.commands();
    const url = await inspect.url();
    for (const body of ['{"a":{"b":1}}', "text"]) await curl(url, { body });
    await expect(inspect.rows).toHaveCount(2);
    await inspect.choose(1);
    await crawler.unfold();
    await crawler.commands();
    await crawler.views();
    await page.keyboard.press("Escape");
    await expect(page).toHaveURL(new RegExp(`/inspect/${inspect.id}([?]|$)`));
    await inspect.choose(2);
    await page.goBack();
    await crawler.look();
  });
}

test("the crawl has met every component and every command @sum", async ({}, info) => {
  const { blocks, offered, commands } = await metByAll(info);
  const dressed = new Set<string>();
  for (const name of await readdir(STYLE)) {
    const sheet = (await readFile(join(STYLE, name), "utf8")).replaceAll(/\/\*.*?\*\//gs, "");
    for (const [, block = ""] of sheet.matchAll(/\.([a-z][a-z-]*)(?=__|[\s.,:>{[)+~])/g)) dressed.add(block);
  }
  expect(dressed.size).toBeGreaterThan(40);
  expect([...dressed].filter((block) => !blocks.includes(block))).toEqual([]);
  expect(commands.length).toBeGreaterThan(20);
  expect(commands.filter((label) => !offered.includes(label))).toEqual([]);
});
