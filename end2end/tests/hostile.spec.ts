// A sender's data is shown as text, and none of it ever runs.

import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { Inspect } from "../lib/pages.ts";
import { curl, type Header, raw } from "../lib/senders.ts";
import { expect, SANDBOX, test } from "../lib/test.ts";

/** Strings that break out of scripts, comments, attributes and string literals. */
const HOSTILE = [
  "</script><script>window.ran=1</script>",
  "<!--<script>",
  "<img src=x onerror=window.ran=2>",
  "\"'><svg onload=window.ran=3>",
  "';window.ran=4;//",
  "\\u003cscript>window.ran=5\\u003c/script>",
  "before\u2028after\u2029end",
  "]]>{{constructor.constructor('window.ran=6')()}}${window.ran=7}",
];

async function nothingRan(page: Page): Promise<void> {
  expect(await page.evaluate(() => (window as { ran?: unknown }).ran)).toBeUndefined();
  expect(await page.locator('img[src="x"], svg[onload]').count()).toBe(0);
}

/** Sends every hostile string in every place that accepts it. */
async function send(url: string, body: string, type: string): Promise<void> {
  const headers: Header[] = [
    ["Content-Type", type],
    ["X-GitHub-Event", HOSTILE[0] ?? ""],
    ...HOSTILE.map((text, index): Header => [`X-Hostile-${index}`, text]),
  ];
  expect((await curl(`${url}/a'b;c"d?q=%3Cscript%3E'&{}`, { headers, body })).status).toBe(200);
}

for (const [kind, body, type] of [
  ["text", HOSTILE.join("\n"), "text/plain"],
  ["JSON", JSON.stringify(Object.fromEntries(HOSTILE.map((text) => [text, [text]]))), "application/json"],
  ["HTML", `<!doctype html>${HOSTILE.join("<br>")}`, "text/html"],
  ["hostile type", HOSTILE.join(""), HOSTILE[2] ?? ""],
] as const) {
  test(`hostile ${kind} is shown and does not run`, async ({ page, origin }) => {
    let dialogs = 0;
    page.on("dialog", (dialog) => {
      dialogs += 1;
      return dialog.dismiss();
    });
    const inspect = await Inspect.createLive(page, origin);
    await send(await inspect.url(), body, type);

    const look = async () => {
      await inspect.showBody();
      const text = await inspect.bodyText();
      if (kind === "JSON") expect(JSON.parse(text)).toEqual(JSON.parse(body));
      else expect(text).toBe(body);
      await nothingRan(page);
      await inspect.showHeaders();
      await inspect.showsHeaders(
        1,
        HOSTILE.map((text, index) => [`X-Hostile-${index}`, text]),
      );
      await nothingRan(page);
    };
    // Delivered by the feed and rendered in the browser.
    await inspect.choose(1);
    await look();
    // Rendered by the server for the request's URL, and hydrated.
    await page.goto(`${origin}/inspect/${inspect.id}/1`);
    await inspect.isLive();
    await look();
    await page.reload();
    await inspect.isLive();
    await nothingRan(page);
    await page.goto(`${origin}/`);
    await nothingRan(page);
    expect(dialogs).toBe(0);
  });
}

test("a hostile name of an endpoint is text everywhere", async ({ page, origin }) => {
  const name = HOSTILE[0] ?? "";
  const inspect = await Inspect.createLive(page, origin);
  const status = await page.evaluate(
    async ([id, name]) => {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ name });
      return (await fetch(`/api/endpoints/${id}`, { method: "PATCH", headers, body })).status;
    },
    [inspect.id, name] as const,
  );
  expect(status).toBe(200);
  for (const path of [`/inspect/${inspect.id}`, "/"]) {
    await page.goto(origin + path);
    await expect(page.locator("body")).toContainText(name);
    await nothingRan(page);
  }
});

test("bytes that are no text are shown as bytes", async ({ page, origin, hookglass }) => {
  const inspect = await Inspect.createLive(page, origin);
  const body = Buffer.from([0x00, 0xff, 0x3c, 0x62, 0x3e, 0x80, 0x0a]);
  const head = `POST /${inspect.id} HTTP/1.1\r\nhOsT: localhost:${hookglass.port}\r\nX-Latin: caf`;
  const rest = `\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  const answer = await raw(
    hookglass.port,
    Buffer.concat([Buffer.from(head), Buffer.from([0xe9]), Buffer.from(rest), body]),
  );
  expect(answer.status).toBe(200);
  await inspect.choose(1);
  await expect(inspect.body).toContainText("00 ff 3c 62 3e 80 0a");
  await expect(inspect.body).toContainText("..<b>..");
  await inspect.showHeaders();
  await inspect.showsHeaders(1, [["hOsT", `localhost:${hookglass.port}`]]);
  const shown = await inspect.headerFields();
  expect(shown[1]?.[1]).toContain("caf\\xe9");
});

for (const [type, body] of [
  ["text/html", "<script>window.ran=1;document.title='ran'</script>"],
  ["image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='window.ran=1'/>"],
] as const) {
  test(`a body of ${type} that is opened by its URL is saved, not shown`, async ({ page, origin }) => {
    const inspect = await Inspect.createLive(page, origin);
    await curl(await inspect.url(), { headers: [["Content-Type", type]], body });
    await inspect.choose(1);
    const before = page.url();
    for (const part of ["body", "raw"]) {
      const url = `${origin}/api/endpoints/${inspect.id}/requests/1/${part}`;
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        // A navigation that turns into a download is aborted.
        page.goto(url).catch((error: Error) => expect(error.message).toContain("Download")),
      ]);
      const saved = await readFile(await download.path(), "utf8");
      if (part === "body") expect(saved).toBe(body);
      else expect(saved.endsWith(`\r\n\r\n${body}`)).toBe(true);
      expect(page.url()).toBe(before);

      const answer = await page.request.get(url);
      const headers = answer.headers();
      expect(headers["content-disposition"]).toMatch(/^attachment/);
      expect(headers["content-security-policy"]).toContain("sandbox");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      if (part === "body") expect(headers["content-type"]).toBe("application/octet-stream");
    }
    await nothingRan(page);
  });
}

test("a capture URL that is opened in a browser runs nothing", async ({
  page,
  origin,
  complaints,
}) => {
  complaints.allow(SANDBOX);
  const inspect = await Inspect.createLive(page, origin);
  const answer = await page.goto(`${await inspect.url()}/${encodeURIComponent(HOSTILE[0] ?? "")}`);
  expect(answer?.headers()["content-security-policy"]).toBe("sandbox; default-src 'none'");
  expect(answer?.headers()["content-type"]).toMatch(/^text\/plain/);
  expect(answer?.headers()["x-robots-tag"]).toBe("noindex");
});
