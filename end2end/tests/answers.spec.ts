// The page for the settings of an endpoint's responses: forms that work without script, and the
// responses that senders get.

import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { Inspect } from "../lib/pages.ts";
import { curl, github, githubPayloads } from "../lib/senders.ts";
import { answered, expect, test } from "../lib/test.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Opens the settings of a new endpoint's responses with the link on the endpoint's page. */
async function opened(page: Page, origin: string): Promise<Inspect> {
  const inspect = await Inspect.create(page, origin);
  await page.getByTestId("answers").click();
  await page.waitForURL(`${origin}/inspect/${inspect.id}/answers`);
  return inspect;
}

const section = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  // The preloads of the endpoint's page for its script are unused then.
  test.beforeEach(({ complaints }) => {
    complaints.allow(/^file: csp .*\.js\)$/, /^warning: The resource .* was preloaded .* but not used/);
  });

  test("a reply is set, with values of the request, and taken back", async ({ page, origin }) => {
    const inspect = await opened(page, origin);
    const url = `${origin}/${inspect.id}`;
    const reply = section(page, "Default reply");
    await reply.getByLabel("Status").fill("202");
    await reply.getByLabel("Header fields").fill("Content-Type: application/json\nX-Seq: {{ seq }}");
    await reply.getByLabel("Body").fill('\n{"got": {{ request.body.id | json }}}\n<b>');
    await reply.getByRole("button", { name: "Save the reply" }).click();
    await expect(page.getByRole("status")).toHaveText("The default reply is saved.");

    const sent = await curl(url, { body: '{"id": 12345678901234567890}' });
    expect(sent.status).toBe(202);
    expect(sent.body).toBe('\n{"got": 12345678901234567890}\n<b>');
    expect(sent.headers.get("x-seq")).toBe("1");

    // The page shows the settings exactly.
    await page.reload();
    await expect(reply.getByLabel("Body")).toHaveValue('\n{"got": {{ request.body.id | json }}}\n<b>');
    await reply.getByRole("button", { name: "Back to the plain 200 ok" }).click();
    await expect(reply.getByLabel("Status")).toHaveValue("200");
    expect((await curl(url, { body: "x" })).body).toBe("ok");
  });

  test("what is wrong stands beside its field, and nothing is lost", async ({ page, origin, complaints }) => {
    complaints.allow(answered(400, /\/answers/));
    await opened(page, origin);
    const rules = section(page, "Rules");
    await rules.locator("summary").click();
    await rules.getByLabel("Which requests").fill("method:POST");
    await rules.getByLabel("Status").fill("418");
    await rules.getByLabel("Header fields").fill("Set-Cookie: a=b");
    await rules.getByLabel("Body").fill("kept as it was typed");
    await rules.getByRole("button", { name: "Add the rule" }).click();
    await expect(rules.locator('[data-field="headers"]').getByRole("alert")).toContainText("Set-Cookie");
    await expect(rules.getByLabel("Header fields")).toHaveAttribute("aria-invalid", "true");
    await expect(rules.getByLabel("Body")).toHaveValue("kept as it was typed");
    await expect(rules.getByLabel("Status")).toHaveValue("418");
    await rules.getByLabel("Header fields").fill("X-Tea: pot");
    await rules.getByLabel("Body").fill("a\n{{ nothing }}");
    await rules.getByRole("button", { name: "Add the rule" }).click();
    await expect(rules.locator('[data-field="body"]').getByRole("alert")).toContainText("line 2, character 4");
    await rules.getByLabel("Body").fill("short and stout");
    await rules.getByRole("button", { name: "Add the rule" }).click();
    await expect(page.getByRole("status")).toHaveText("The rules are saved.");
    await expect(page.getByTestId("rules").getByRole("listitem")).toHaveCount(1);
  });

  test("rules answer in their order, which can be changed", async ({ page, origin }) => {
    const inspect = await opened(page, origin);
    const url = `${origin}/${inspect.id}`;
    const rules = section(page, "Rules");
    const list = page.getByTestId("rules").getByRole("listitem");
    const more = rules.locator("details", { hasText: "Add a rule" }).last();
    for (const [place, when, status] of [[1, "method:POST", "201"], [2, "body.kind:ping", "204"]] as const) {
      await more.locator("summary").click();
      await more.getByLabel("Which requests").fill(when);
      await more.getByLabel("Status").fill(status);
      await more.getByLabel("Body").fill("");
      await more.getByRole("button", { name: "Add the rule" }).click();
      await expect(list).toHaveCount(place);
    }
    await expect(list).toHaveText([/method:POST\s*201/, /body\.kind:ping\s*204/]);
    const ping = { body: '{"kind": "ping"}', headers: [["Content-Type", "application/json"]] as [string, string][] };
    expect((await curl(url, ping)).status).toBe(201);
    await rules.getByRole("button", { name: "Down rule 1" }).click();
    await expect(list).toHaveText([/body\.kind:ping/, /method:POST/]);
    expect((await curl(url, ping)).status).toBe(204);
    expect((await curl(url, { body: "else" })).status).toBe(201);
    await rules.getByRole("button", { name: "Remove rule 1" }).click();
    await expect(list).toHaveCount(1);
    expect((await curl(url, ping)).status).toBe(201);
    expect((await curl(url, {}, { method: "GET" })).status).toBe(200);
  });

  test("a secret is added and removed, and never shown", async ({ page, origin, complaints }) => {
    complaints.allow(answered(400, /\/answers/));
    await opened(page, origin);
    const signatures = section(page, "Signatures");
    await signatures.getByLabel("Sender").selectOption({ label: "Standard Webhooks" });
    await signatures.getByLabel("Secret", { exact: true }).fill("hunter2 is no secret of theirs");
    await signatures.getByRole("button", { name: "Add the secret" }).click();
    await expect(signatures.locator('[data-field="secret"]').getByRole("alert")).toContainText("no secret of Standard Webhooks");
    await expect(signatures.getByLabel("Sender")).toHaveValue("standard-webhooks");
    expect(await page.content()).not.toContain("hunter2");
    await signatures.getByLabel("Sender").selectOption({ label: "GitHub" });
    await signatures.getByLabel("Secret", { exact: true }).fill("hunter2");
    await signatures.getByLabel("Name").fill("the new one");
    await signatures.getByRole("button", { name: "Add the secret" }).click();
    const secrets = page.getByTestId("secrets").getByRole("listitem");
    await expect(secrets).toHaveText([/GitHub.*the new one.*added \d{4}-/]);
    expect(await page.content()).not.toContain("hunter2");
    await secrets.getByRole("button", { name: "Remove the secret of GitHub" }).click();
    await expect(signatures).toContainText("No secret yet");
  });

  test("handshakes are answered until they are switched off", async ({ page, origin }) => {
    const inspect = await opened(page, origin);
    const verify = `${origin}/${inspect.id}?hub.mode=subscribe&hub.verify_token=abc&hub.challenge=42`;
    expect((await curl(verify, {}, { method: "GET" })).body).toBe("42");
    const handshakes = section(page, "Handshakes");
    await handshakes.getByLabel("Verify token").fill("another");
    await handshakes.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("status")).toHaveText("Saved.");
    expect((await curl(verify, {}, { method: "GET" })).status).toBe(403);
    await page.goto(page.url().split("?")[0] ?? "");
    await expect(page.getByRole("status")).toHaveCount(0);
    await handshakes.getByLabel("Answer them").uncheck();
    await handshakes.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("status")).toHaveText("Saved.");
    expect((await curl(verify, {}, { method: "GET" })).body).toBe("ok");
    await handshakes.locator("summary").click();
    await expect(handshakes.getByRole("row", { name: /Slack/ })).toContainText("url_verification");
  });

  test("two pages do not undo each other", async ({ page, origin, complaints, context }) => {
    complaints.allow(answered(400, /\/answers/));
    await opened(page, origin);
    const other = await context.newPage();
    await other.goto(page.url());
    await section(other, "Default reply").getByLabel("Status").fill("201");
    await section(other, "Default reply").getByRole("button", { name: "Save the reply" }).click();
    await expect(other.getByRole("status")).toHaveText("The default reply is saved.");
    const reply = section(page, "Default reply");
    await reply.getByLabel("Status").fill("404");
    await reply.getByRole("button", { name: "Save the reply" }).click();
    await expect(reply.getByRole("alert")).toContainText("changed elsewhere");
    await expect(reply.getByLabel("Status")).toHaveValue("404");
    await reply.getByRole("button", { name: "Save the reply" }).click();
    await expect(page.getByRole("status")).toHaveText("The default reply is saved.");
  });

  test("of an endpoint that is another's the page says nothing", async ({ page, origin, newBrowser, complaints }) => {
    complaints.allow(answered(404, /\/inspect\//));
    await opened(page, origin);
    const other = await (await newBrowser({ javaScriptEnabled: false })).newPage();
    const response = await other.goto(page.url());
    expect(response?.status()).toBe(404);
    const nobody = await other.goto(`${origin}/inspect/nobodys/answers`);
    expect(nobody?.status()).toBe(404);
  });
});

test("what is typed in one form is not lost by saving another", async ({ page, origin }) => {
  await opened(page, origin);
  const reply = section(page, "Default reply");
  const rules = section(page, "Rules");
  await reply.getByLabel("Body").fill("not saved yet");
  await rules.locator("summary").click();
  await rules.getByLabel("Which requests").fill("method:POST");
  const add = rules.getByRole("button", { name: "Add the rule" });
  page.once("dialog", (dialog) => void dialog.dismiss());
  await Promise.all([page.waitForEvent("dialog"), add.click({ noWaitAfter: true })]);
  await expect(reply.getByLabel("Body")).toHaveValue("not saved yet");
  await expect(rules.getByLabel("Which requests")).toHaveValue("method:POST");
  // Neither of them was saved by staying.
  page.once("dialog", (dialog) => void dialog.dismiss());
  await Promise.all([
    page.waitForEvent("dialog"),
    reply.getByRole("button", { name: "Save the reply" }).click({ noWaitAfter: true }),
  ]);
  await rules.getByLabel("Which requests").fill("");
  page.once("dialog", (dialog) => void dialog.accept());
  await reply.getByRole("button", { name: "Save the reply" }).click();
  await expect(page.getByRole("status")).toHaveText("The default reply is saved.");
  await expect(reply.getByLabel("Body")).toHaveValue("not saved yet");
  // Without unsaved input there is no question.
  await page.getByRole("link", { name: "Back to the requests" }).click();
  await page.waitForURL(/\/inspect\/[^/]+$/);
});

test("a programme makes a sender try again, and the page tells the schedule", async ({ page, origin }) => {
  const inspect = await opened(page, origin);
  const url = `${origin}/${inspect.id}`;
  const failures = section(page, "Failure programme");
  await failures.getByRole("button", { name: "503, 503, then 200" }).click();
  await expect(page.getByTestId("programme")).toContainText("Running: 503 twice, then 200");
  await expect(page.getByTestId("standing")).toHaveText("0 of 3 done");

  // A sender's attempts: the same delivery until a 2xx.
  const [payload = {}] = githubPayloads("push");
  const push = github("push", payload);
  const statuses = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    statuses.push((await curl(url, push)).status);
    if (attempt === 0) {
      await failures.getByRole("link", { name: "Look again" }).click();
      await expect(page.getByTestId("standing")).toHaveText("1 of 3 done");
    }
  }
  expect(statuses).toEqual([503, 503, 200]);
  await page.reload();
  await expect(page.getByTestId("programme")).toContainText("Over:");
  await expect(page.getByTestId("standing")).toHaveText("3 of 3 done");

  // The inspector shows the response to each, and navigation there and back stays in one page.
  await page.getByRole("link", { name: "Back to the requests" }).click();
  await inspect.isLive();
  // The list shows at a glance which ones failed.
  for (const seq of [1, 2]) await expect(inspect.row(seq).locator(".mark", { hasText: "503" })).toBeVisible();
  await expect(inspect.row(3)).not.toContainText("200");
  for (const [seq, status] of [[1, 503], [2, 503], [3, 200]] as const) {
    await page.goto(`${origin}/inspect/${inspect.id}/${seq}?tab=reply`);
    await expect(inspect.part("reply")).toContainText(String(status));
    await expect(inspect.part("reply")).toContainText(/programme/i);
  }
  // The schedule is in one place: each attempt with its response.
  await page.goto(`${origin}/inspect/${inspect.id}/3?tab=attempts`);
  const attempts = inspect.part("attempts");
  for (const [seq, status] of [[1, 503], [2, 503], [3, 200]] as const) {
    await expect(attempts.locator(".reader__row", { hasText: `#${seq}` })).toContainText(String(status));
  }
});

test("the bar of the endpoint says what runs, and one click ends it", async ({ page, origin, context }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  const link = page.getByTestId("answers");
  await expect(link).toHaveText(/^\s*Answers\s*$/);
  const settings = await context.newPage();
  await settings.goto(`${origin}/inspect/${inspect.id}/answers`);
  const failures = section(settings, "Failure programme");
  await failures.locator("summary").click();
  await failures.getByLabel("Steps, one a line").fill("500 x3\n200");
  await failures.getByRole("button", { name: "Start it" }).click();
  await expect(link).toContainText("500 3 times, then 200");
  expect((await curl(url, { body: "1" })).status).toBe(500);
  await expect(link).toContainText("1 of 4 done");
  await settings.getByRole("button", { name: "End it now" }).click();
  await expect(settings.getByRole("status")).toHaveText("The failure programme is ended.");
  expect((await curl(url, { body: "2" })).status).toBe(200);
  await expect(link).toHaveText(/^\s*Answers\s*$/);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`nothing is wrong for people with disabilities in ${colorScheme}`, async ({ newBrowser, origin, complaints }) => {
    complaints.allow(answered(400, /\/answers/));
    test.setTimeout(120_000);
    const context = await newBrowser({ colorScheme, reducedMotion: "reduce" });
    await context.addInitScript({ path: AXE });
    const page = await context.newPage();
    await opened(page, origin);
    const check = async (state: string) => {
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
        const { violations } = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
      });
      expect.soft(found, `${state} in ${colorScheme}`).toEqual([]);
    };
    await section(page, "Failure programme").getByRole("button", { name: "503, 503, then 200" }).click();
    await expect(page.getByTestId("programme")).toBeVisible();
    const rules = section(page, "Rules");
    await rules.locator("summary").click();
    await rules.getByRole("button", { name: "Add the rule" }).click();
    await expect(page.getByTestId("rules")).toBeVisible();
    const signatures = section(page, "Signatures");
    await signatures.getByLabel("Sender").selectOption({ label: "GitHub" });
    await signatures.getByLabel("Secret", { exact: true }).fill("s");
    await signatures.getByRole("button", { name: "Add the secret" }).click();
    await expect(page.getByTestId("secrets")).toBeVisible();
    const closed = page.locator("details:not([open]) > summary");
    while ((await closed.count()) > 0) await closed.first().click();
    await check("all that is set");
    await section(page, "Default reply").getByLabel("Header fields").fill("no colon");
    await section(page, "Default reply").getByRole("button", { name: "Save the reply" }).click();
    await expect(page.getByRole("alert")).toContainText("no colon");
    await check("an error");
  });
}
