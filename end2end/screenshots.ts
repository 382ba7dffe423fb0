// Takes the screenshots of the README: the real app with payloads of real services.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContext, expect, type Page } from "@playwright/test";
import { Hookglass } from "./lib/hookglass.ts";
import { Inspect } from "./lib/pages.ts";
import { curl, type Delivery, github, githubPayloads, stripe } from "./lib/senders.ts";
import { test } from "./lib/test.ts";

const PICTURES = join(import.meta.dirname, "../docs/images");

/** The port in the URLs of the screenshots: the default one. */
const PORT = Number(process.env.SCREENSHOT_PORT ?? 3000);

const INVOICE = {
  id: "in_1RkX2dLkdIwHu7ixT0nZ8vQe",
  object: "invoice",
  amount_due: 4900,
  amount_paid: 4900,
  amount_remaining: 0,
  attempt_count: 1,
  attempted: true,
  billing_reason: "subscription_cycle",
  collection_method: "charge_automatically",
  currency: "eur",
  customer: "cus_SfK3vQ0t8nHdYx",
  customer_email: "ada@example.com",
  customer_name: "Ada Example",
  hosted_invoice_url: "https://invoice.stripe.com/i/acct_1032D82eZvKYlo2C/test_YWNjdF8xMDMy",
  lines: {
    object: "list",
    data: [
      {
        id: "il_1RkX2dLkdIwHu7ixW1b4Yp0s",
        object: "line_item",
        amount: 4900,
        currency: "eur",
        description: "1 × Team plan (at €49.00 / month)",
        quantity: 1,
      },
    ],
    has_more: false,
    total_count: 1,
  },
  number: "8C1F4B2A-0042",
  status: "paid",
  total: 4900,
};

const PAYMENT = {
  id: "pi_3RkX1uLkdIwHu7ix0yW2mB5c",
  object: "payment_intent",
  amount: 4900,
  amount_received: 4900,
  currency: "eur",
  customer: "cus_SfK3vQ0t8nHdYx",
  payment_method_types: ["card"],
  status: "succeeded",
};

/** Creates an endpoint with a custom address, using the form on the home page. */
async function endpoint(page: Page, origin: string, slug: string, name: string): Promise<string> {
  await page.goto(`${origin}/`);
  const form = page.locator('form[action="/api/endpoints"]').first();
  await form.locator("summary").click();
  await form.locator("input[name=slug]").fill(slug);
  await form.locator("input[name=name]").fill(name);
  await page.getByTestId("create-endpoint").first().click();
  await page.waitForURL(`${origin}/inspect/${slug}`);
  return `${origin}/${slug}`;
}

function first(event: string): object {
  return githubPayloads(event)[0] ?? {};
}

/** Fills a workspace with the webhooks of a small shop's services. */
async function fill(page: Page, origin: string): Promise<void> {
  const staging = await endpoint(page, origin, "staging", "Staging");
  const billing = await endpoint(page, origin, "billing", "Billing");
  const repository = await endpoint(page, origin, "github", "GitHub");
  const send = (url: string, delivery: Delivery) => curl(url, delivery);
  await curl(`${staging}/health`, {}, { method: "GET" });
  for (const type of ["payment_intent.created", "payment_intent.succeeded", "charge.succeeded"]) {
    await send(`${billing}/stripe`, stripe(type, PAYMENT));
  }
  for (const type of ["invoice.finalized", "invoice.paid"]) {
    await send(`${billing}/stripe`, stripe(type, INVOICE));
  }
  for (const event of ["ping", "issues", "issue_comment", "pull_request", "check_run", "star"]) {
    await send(repository, github(event, first(event)));
  }
  await curl(`${repository}/health`, {}, { method: "GET" });
  await send(repository, github("pull_request", githubPayloads("pull_request")[1] ?? {}));
  await send(`${repository}/orders?dry_run=1`, {
    headers: [["Content-Type", "application/json"]],
    body: JSON.stringify({ order: 1042, total: "49.00", currency: "EUR" }),
  });
  for (const payload of githubPayloads("push").slice(0, 2)) {
    await send(repository, github("push", payload));
  }
}

async function picture(
  context: BrowserContext,
  url: string,
  name: string,
  act: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  const page = await context.newPage();
  await page.goto(url);
  if (url.includes("/inspect/")) await new Inspect(page).isLive();
  // Ages are relative to the viewer's clock only once the page is hydrated.
  const time = page.locator("time").first();
  if (await time.isVisible()) await expect(time).toHaveText(/now|\d+ [smhd]( ago)?$/);
  await act(page);
  await page.screenshot({ path: join(PICTURES, name) });
  await page.close();
}

test("pictures of the real app", async ({ newBrowser }) => {
  await mkdir(PICTURES, { recursive: true });
  const server = await Hookglass.start([], PORT);
  try {
    const origin = `http://localhost:${server.port}`;
    const wide = { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 2 };
    const light = await newBrowser({ ...wide, colorScheme: "light" });
    await fill(await light.newPage(), origin);
    const storageState = await light.storageState();
    const dark = await newBrowser({ ...wide, colorScheme: "dark", storageState });
    const narrow = await newBrowser({
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      colorScheme: "light",
      storageState,
    });
    const inspect = `${origin}/inspect/github`;
    await picture(light, `${inspect}/10`, "inspect-light.png");
    await picture(dark, `${inspect}/10`, "inspect-dark.png");
    await picture(light, `${origin}/`, "home-light.png");
    await picture(narrow, `${inspect}/10`, "inspect-narrow.png");

    // The tour, smaller.
    const tour = await newBrowser({
      viewport: { width: 1200, height: 760 },
      colorScheme: "light",
      storageState,
    });
    const first = await tour.newPage();
    await endpoint(first, origin, "hello", "Hello");
    await new Inspect(first).isLive();
    await first.screenshot({ path: join(PICTURES, "tour-empty.png") });
    await first.close();
    await picture(tour, `${inspect}?q=${encodeURIComponent("body.action:opened")}`, "tour-search.png");
    await picture(tour, `${inspect}/11?tab=headers`, "tour-headers.png");
    await picture(tour, `${inspect}/11?tab=wire`, "tour-wire.png");
    await picture(tour, `${inspect}/11?tab=compare&with=previous`, "tour-compare.png");
    await picture(tour, `${inspect}/11?find=${encodeURIComponent("octo")}`, "tour-find.png");
    await picture(tour, `${inspect}/11`, "tour-palette.png", async (page) => {
      await page.keyboard.press("Control+k");
      await page.waitForTimeout(300);
    });
  } finally {
    await server.stop();
  }
});
