// Signatures: the verdict in list and head, why one is not valid, and how to fix it.

import type { Page } from "@playwright/test";
import { Inspect } from "../lib/pages.ts";
import { curl, stripe } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

/** Adds a secret as programs do, with the browser's key. */
async function addSecret(page: Page, origin: string, id: string, secret: string): Promise<void> {
  const status = await page.evaluate(
    async ([path, body]) =>
      (
        await fetch(path ?? "", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        })
      ).status,
    [`${origin}/api/endpoints/${id}/secrets`, JSON.stringify({ provider: "stripe", secret, name: "Live" })],
  );
  expect(status).toBe(201);
}

test("a signature is judged, and a mistake is named with its mend", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const url = await inspect.url();
  await curl(url, stripe("invoice.paid", { amount: 1 }, "whsec_right"));
  await expect(inspect.rows).toHaveCount(1);
  await inspect.choose(1);
  await page.keyboard.press("7");
  const signature = inspect.part("signature");
  await expect(signature).toContainText("No secret of Stripe is set here");
  const add = signature.getByRole("link", { name: "Add the secret" });
  await expect(add).toHaveAttribute("href", `/inspect/${inspect.id}/answers?sender=stripe#secrets`);
  await add.click();
  await expect(page.getByLabel("Sender")).toHaveValue("stripe");
  await expect(page.getByRole("heading", { name: "Signatures" })).toBeInViewport();
  await page.goBack();
  await inspect.isLive();

  await addSecret(page, origin, inspect.id, "whsec_right\n");
  await expect(inspect.row(1)).toContainText("signature invalid");
  await page.reload();
  await inspect.isLive();
  await expect(inspect.detail.getByRole("link", { name: "signature invalid" })).toBeVisible();
  await expect(signature.locator('.notice[data-state="bad"]')).toContainText("Not valid");
  await expect(signature.locator('.notice[data-state="warn"]')).toContainText("white space around it");

  await addSecret(page, origin, inspect.id, "whsec_right");
  await expect(inspect.row(1)).toContainText("signature valid");
  await page.reload();
  await expect(signature.locator('.notice[data-state="ok"]')).toContainText("Valid: Stripe signed it");
  await inspect.isLive();
  await curl(url, stripe("invoice.paid", { amount: 2 }, "whsec_another"));
  await expect(inspect.row(2)).toContainText("signature invalid");
  await inspect.choose(2);
  await page.keyboard.press("7");
  await expect(signature).toContainText("Computed");
  await page.keyboard.press("/");
  await page.keyboard.type("verdict:valid");
  await expect(inspect.rows).toHaveCount(1);
  expect(await inspect.seqs()).toEqual([1]);
});
