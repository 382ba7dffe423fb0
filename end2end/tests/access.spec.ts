// Who may see what: only the workspace's key decides.

import { curl } from "../lib/senders.ts";
import { Inspect, pasteKey, shownKey } from "../lib/pages.ts";
import { answered, expect, SANDBOX, test } from "../lib/test.ts";

const NOT_THERE = "6f3c2f9e-8f0a-4a53-9a0e-6d1c1c0a7b11";

test("without the key an endpoint is as if it were not there", async ({
  page,
  origin,
  newBrowser,
  complaints,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const id = inspect.id;
  await curl(await inspect.url(), { body: "a secret body" });
  await expect(inspect.rows).toHaveCount(1);

  complaints.allow(answered(404, /\/(inspect|api)\//), answered(401, /\/api\//));
  // A browser that never had a workspace, and one with a different workspace.
  const newcomer = await newBrowser();
  const neighbour = await newBrowser();
  await Inspect.create(await neighbour.newPage(), origin);
  for (const stranger of [newcomer, neighbour]) {
    const tab = await stranger.newPage();
    const see = async (path: string) => {
      const answer = await tab.goto(origin + path);
      const html = (await answer?.text()) ?? "";
      expect(html).not.toContain("a secret body");
      return { status: answer?.status(), text: await tab.locator("main").innerText() };
    };
    const missing = await see(`/inspect/${NOT_THERE}`);
    expect(missing.status).toBe(404);
    expect(missing.text).toMatch(/key/i);
    expect(await see(`/inspect/${id}`)).toEqual(missing);
    expect((await see(`/inspect/${id}/1`)).status).toBe(404);

    await tab.goto(`${origin}/`);
    const call = (path: string, method = "GET") =>
      tab.evaluate(
        async ([path, method]) => {
          const answer = await fetch(path, { method });
          const problem = (await answer.json()) as { instance?: string };
          return { status: answer.status, type: answer.headers.get("content-type"), problem };
        },
        [path, method] as const,
      );
    for (const [path, method] of [
      ["/api/endpoints/ID", "GET"],
      ["/api/endpoints/ID", "DELETE"],
      ["/api/endpoints/ID/requests", "GET"],
      ["/api/endpoints/ID/requests", "DELETE"],
      ["/api/endpoints/ID/requests/1", "GET"],
      ["/api/endpoints/ID/requests/1", "DELETE"],
      ["/api/endpoints/ID/requests/1/body", "GET"],
      ["/api/endpoints/ID/requests/1/raw", "GET"],
      ["/api/endpoints/ID/live", "GET"],
      ["/api/live?endpoints=ID", "GET"],
    ] as const) {
      const mine = await call(path.replace("ID", id), method);
      const none = await call(path.replace("ID", NOT_THERE), method);
      expect(mine.status, `${method} ${path}`).toBe(404);
      expect(mine.type).toContain("application/problem+json");
      expect(mine).toEqual(none);
    }
  }
  await expect(inspect.rows).toHaveCount(1);
});

test("the pasted key opens the workspace, and forgetting closes it", async ({
  page,
  origin,
  newBrowser,
  complaints,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const id = inspect.id;
  await curl(await inspect.url(), { body: "a secret body" });
  const key = await shownKey(page);

  complaints.allow(answered(404, /\/inspect\//));
  const tab = await (await newBrowser()).newPage();
  await tab.goto(`${origin}/inspect/${id}`);
  await pasteKey(tab, key);
  await tab.waitForURL(`${origin}/`);
  await expect(tab.getByTestId("endpoint-row")).toHaveCount(1);
  await tab.goto(`${origin}/inspect/${id}/1`);
  const other = new Inspect(tab);
  await other.isLive();
  expect(await other.bodyText()).toBe("a secret body");

  // Both receive its events.
  await curl(await inspect.url(), { body: "for both" });
  await expect(inspect.row(2)).toBeVisible();
  await expect(other.row(2)).toBeVisible();
  expect(await shownKey(tab)).toBe(key);

  await tab.getByRole("button", { name: "Forget this workspace" }).click();
  await tab.waitForURL(`${origin}/`);
  await expect(tab.getByTestId("endpoint-row")).toHaveCount(0);
  expect(await tab.context().cookies()).toEqual([]);
  expect((await tab.goto(`${origin}/inspect/${id}`))?.status()).toBe(404);
  // Only this browser has forgotten the key.
  await page.reload();
  await inspect.isLive();
});

test("a key that opens nothing is refused with words", async ({ page, origin, complaints }) => {
  complaints.allow(answered(401, /\/api\/session/));
  await page.goto(`${origin}/`);
  await pasteKey(page, `hgk_${"A".repeat(43)}`);
  await page.waitForURL(/\/api\/session$/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(await page.context().cookies()).toEqual([]);
});

test("the cookie is out of script's reach", async ({ page, origin, context }) => {
  await Inspect.createLive(page, origin);
  const cookies = await context.cookies();
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
  expect(await page.evaluate(() => document.cookie)).toBe("");
  expect(await page.content()).not.toContain(cookies[0]?.value);
});

test("a key that a browser or program sends to an endpoint is kept nowhere", async ({
  page,
  origin,
  hookglass,
  newBrowser,
  complaints,
}) => {
  complaints.allow(SANDBOX);
  // A foreign endpoint, opened by a browser that has a workspace.
  const owner = await Inspect.createLive(await (await newBrowser()).newPage(), origin);
  const url = await owner.url();
  await Inspect.createLive(page, origin);
  const [cookie] = await page.context().cookies();
  const key = cookie?.value ?? "";
  expect(key).toMatch(/^hgk_/);

  const answer = await page.goto(`${url}/opened`);
  expect(answer?.status()).toBe(200);
  expect((await answer?.request().allHeaders())?.cookie, "the browser sent it").toContain(key);
  expect(await page.content()).not.toContain(key);
  await curl(url, { headers: [["Authorization", `Bearer ${key}`]], body: "by mistake" });
  await expect(owner.rows).toHaveCount(2);

  const stars = "*".repeat(key.length);
  for (const [seq, name, value] of [
    [1, "cookie", `${cookie?.name}=${stars}`],
    [2, "authorization", `Bearer ${stars}`],
  ] as const) {
    const detail = await owner.page.evaluate(
      async (path) => {
        const answers = await Promise.all([fetch(path), fetch(`${path}/raw`)]);
        return Promise.all(answers.map((answer) => answer.text()));
      },
      `/api/endpoints/${owner.id}/requests/${seq}`,
    );
    for (const text of detail) {
      expect(text).toContain(value);
      expect(text).not.toContain(key);
    }
    const { redacted, headers } = JSON.parse(detail[0] ?? "") as {
      redacted: boolean;
      headers: [string, string][];
    };
    expect(redacted).toBe(true);
    expect(headers.find(([field]) => field.toLowerCase() === name)?.[1]).toContain(value);
    await owner.choose(seq);
    await owner.showHeaders();
    expect(await owner.page.content()).not.toContain(key);
  }

  const files = await hookglass.stored();
  expect([...files.keys()]).toContain("hookglass.db");
  const all = Buffer.concat([...files.values()]);
  expect(all.includes("by mistake"), "the files are those that hold requests").toBe(true);
  for (const [name, bytes] of files) expect(bytes.includes(key), name).toBe(false);
  expect(hookglass.output).not.toContain(key);
});
