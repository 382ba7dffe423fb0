// Behind the README's proxies, with its exact snippets: live updates, the client's address, a
// cookie for https only, and bodies of the maximum size.

import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import type { Page } from "@playwright/test";
import { LAN_HOST } from "../lib/chromium.ts";
import { Hookglass } from "../lib/hookglass.ts";
import { Inspect } from "../lib/pages.ts";
import { isInstalled, type Kind, Proxy } from "../lib/proxies.ts";
import { ALONE, expect, test } from "../lib/test.ts";

/** The maximum size in the README's nginx snippet. */
const LARGEST = 25 * 1024 * 1024;

/** Waits for `count` more beats of a quiet feed, after the one that opens it. */
async function beats(page: Page, endpoint: string, count: number): Promise<void> {
  await page.evaluate(
    ({ path, count }) =>
      new Promise<void>((done, failed) => {
        const feed = new EventSource(path);
        let heard = -1;
        feed.addEventListener("error", () => failed(new Error("the feed was cut")));
        feed.addEventListener("alive", () => {
          heard += 1;
          if (heard < count) return;
          feed.close();
          done();
        });
      }),
    { path: `/api/endpoints/${endpoint}/live`, count },
  );
}

for (const kind of ["nginx", "Caddy"] satisfies Kind[]) {
  test(`${kind} in front, as the README says, changes nothing that matters`, ALONE, async ({ newBrowser }) => {
    test.skip(!isInstalled(kind), `${kind} is not installed`);
    test.setTimeout(90_000);
    const hookglass = await Hookglass.start(["--trusted-proxy=127.0.0.1/32"]);
    const proxy = await Proxy.start(kind, hookglass.port);
    const context = await newBrowser({ ignoreHTTPSErrors: true });
    try {
      const page = await context.newPage();
      const inspect = await Inspect.createLive(page, proxy.origin);
      expect(await inspect.url()).toBe(`${proxy.origin}/${inspect.id}`);
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: "Lax" });
      expect(cookie?.name).toMatch(/^__Host-/);

      const send = (path: string, ...words: string[]) =>
        execFileSync(
          "curl",
          ["--silent", "--show-error", "--insecure", "--noproxy", "*", "--interface", "127.0.0.2"].concat(
            ["--resolve", `${LAN_HOST}:${proxy.port}:127.0.0.1`, "--max-time", "60", ...words],
            `${proxy.origin}/${inspect.id}${path}`,
          ),
          { input: words.includes("@-") ? large : undefined },
        ).toString();
      const large = randomBytes(LARGEST);

      expect(send("/small", "--data-binary", "hello")).toBe("ok");
      await expect(inspect.row(1)).toBeVisible({ timeout: 1_000 });
      await inspect.choose(1);
      await expect(inspect.detail).toContainText("127.0.0.2");

      expect(send("/large", "--data-binary", "@-", "--header", "Expect:")).toBe("ok");
      await expect(inspect.row(2)).toBeVisible({ timeout: 5_000 });
      const detail = await page.evaluate(
        async (path) => (await fetch(path)).json(),
        `/api/endpoints/${inspect.id}/requests/2`,
      );
      expect(detail.body_bytes).toBe(LARGEST);
      expect(detail.body.sha256).toBe(createHash("sha256").update(large).digest("hex"));
      // Over an hour, a feed may send only beats; here two of them must suffice.
      await beats(page, inspect.id, 2);
      await inspect.isLive();
      expect(send("/later", "--data-binary", "again")).toBe("ok");
      await expect(inspect.row(3)).toBeVisible({ timeout: 1_000 });
    } finally {
      // First, because proxies would wait for its feed.
      await context.close();
      await proxy.stop();
      await hookglass.stop();
    }
  });
}
