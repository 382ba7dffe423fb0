// Copying works with and without the clipboard object.

import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { openedLive } from "../lib/bodies.ts";
import { Inspect } from "../lib/pages.ts";
import { expect, test } from "../lib/test.ts";

/** Returns the text that a paste would insert. */
async function pasted(page: Page): Promise<string> {
  const editor = await page.context().newPage();
  await editor.setContent("<textarea autofocus></textarea>");
  const field = editor.locator("textarea");
  await field.focus();
  await editor.keyboard.press("ControlOrMeta+V");
  const text = await field.inputValue();
  await editor.close();
  return text;
}

test("the copy button copies the URL", async ({ page, origin, host, context }) => {
  const isSecure = host === "localhost";
  if (isSecure) await context.grantPermissions(["clipboard-write"], { origin });
  const inspect = await Inspect.createLive(page, origin);
  expect(await page.evaluate(() => isSecureContext), "what this test is about").toBe(isSecure);
  const button = page.getByTestId("copy-url");
  await button.click();
  await expect(button).toContainText("Copied");
  expect(await pasted(page)).toBe(`${origin}/${inspect.id}`);
});

test("the curl command that is offered sends to the endpoint", async ({ page, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  await page.getByTestId("copy-curl").first().click();
  await expect(page.getByTestId("copy-curl").first()).toContainText("Copied");
  const command = await pasted(page);
  expect(command).toContain(`${origin}/${inspect.id}`);
  const { execFileSync } = await import("node:child_process");
  // The browser resolves names that this machine's resolver does not know.
  const here = `curl() { command curl --silent --noproxy '*' --resolve '*:${new URL(origin).port}:127.0.0.1' "$@"; }`;
  execFileSync("sh", ["-c", `${here}; ${command}`]);
  await expect(inspect.rows).toHaveCount(1);
  await inspect.choose(1);
  expect(JSON.parse(await inspect.bodyText())).toBeInstanceOf(Object);
});

test("a body is copied as the text that is shown, however it was packed", async ({ page, origin, host, context }) => {
  if (host === "localhost") await context.grantPermissions(["clipboard-write"], { origin });
  const packed = gzipSync('{"name":"Zürich"}');
  const inspect = await openedLive(page, origin, packed, "application/json", "", [["Content-Encoding", "gzip"]]);
  // Not by its name, which is "Copied" for a while.
  const button = inspect.body.getByTitle("Copy the body as text");
  await button.click();
  await expect(button).toContainText("Copied");
  expect(await pasted(page)).toBe('{"name":"Zürich"}');
});
