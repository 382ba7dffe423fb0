// Pages of other origins can change nothing and cannot get a cookie set.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { FOREIGN_HOST } from "../lib/chromium.ts";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { answered, expect, SANDBOX, test } from "../lib/test.ts";

let site: Server;
let html = "";

test.beforeAll(async () => {
  site = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html" }).end(html);
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
});

test.afterAll(() => {
  site.closeAllConnections();
  site.close();
});

/** Opens a page of another origin with this form, and submits it. */
async function submit(page: Page, host: string, action: string, fields: Record<string, string>) {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
  html = `<link rel="icon" href="data:,"><form method="post" action="${action}">${inputs.join("")}<button>Win</button></form>`;
  await page.goto(`http://${host}:${(site.address() as AddressInfo).port}/`);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url() === action),
    page.getByRole("button").click(),
  ]);
  return answer;
}

// Another port of the same host is the same site: such forms send a Lax cookie.
for (const [kind, foreign] of [
  ["another site", FOREIGN_HOST],
  ["another port of localhost", "localhost"],
] as const) {
  test(`a form of ${kind} changes nothing`, async ({ page, origin, context, complaints }) => {
    complaints.allow(SANDBOX, answered(403, /\/api\//));
    const inspect = await Inspect.createLive(page, origin);
    const id = inspect.id;
    await curl(await inspect.url(), { body: "kept" });
    await expect(inspect.rows).toHaveCount(1);
    const cookies = await context.cookies(origin);

    const victim = await context.newPage();
    for (const [path, fields] of [
      ["/api/endpoints", { slug: "planted" }],
      [`/api/endpoints/${id}`, { _method: "DELETE" }],
      [`/api/endpoints/${id}`, { _method: "PATCH", name: "defaced" }],
      [`/api/endpoints/${id}/requests`, { _method: "DELETE" }],
      [`/api/endpoints/${id}/requests/1`, { _method: "DELETE" }],
      ["/api/session", { _method: "DELETE" }],
      ["/api/session", { key: `hgk_${"A".repeat(43)}` }],
    ] as const) {
      const answer = await submit(victim, foreign, origin + path, fields);
      expect(answer.status(), path).toBe(403);
      expect(await answer.headerValue("set-cookie")).toBeNull();
    }
    expect(await context.cookies(origin)).toEqual(cookies);
    await page.reload();
    await inspect.isLive();
    await expect(inspect.rows).toHaveCount(1);
    await page.goto(`${origin}/`);
    await expect(page.getByTestId("endpoint-row")).toHaveCount(1);
    await expect(page.getByTestId("endpoint-row")).not.toContainText("defaced");
  });

  test(`a form of ${kind} gives a newcomer no workspace`, async ({ page, origin, context, complaints }) => {
    complaints.allow(SANDBOX, answered(403, /\/api\//));
    const answer = await submit(page, foreign, `${origin}/api/endpoints`, { slug: "planted" });
    expect(answer.status()).toBe(403);
    expect(await context.cookies()).toEqual([]);
    expect((await curl(`${origin}/planted`, { body: "x" })).status, "nothing was made").toBe(404);
  });

  test(`script of ${kind} reads nothing`, async ({ page, origin, context, complaints }) => {
    const inspect = await Inspect.createLive(page, origin);
    complaints.allow(/CORS policy/, /net::ERR_/, answered(403, /\/api\//));
    html = "<link rel='icon' href='data:,'>";
    const stranger = await context.newPage();
    await stranger.goto(`http://${foreign}:${(site.address() as AddressInfo).port}/`);
    const read = (path: string, mode: RequestMode) =>
      stranger.evaluate(
        async ([url, mode]) => {
          try {
            const answer = await fetch(url, { credentials: "include", mode });
            return `${answer.type} ${await answer.text()}`;
          } catch {
            return "refused";
          }
        },
        [origin + path, mode] as const,
      );
    expect(await read("/api/endpoints", "cors")).toBe("refused");
    expect(await read(`/api/endpoints/${inspect.id}`, "cors")).toBe("refused");
    expect(await read("/api/session", "cors")).toBe("refused");
    expect(["refused", "opaque "]).toContain(await read("/api/endpoints", "no-cors"));
  });
}
