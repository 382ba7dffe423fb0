// Bodies of the kinds that senders use, and a page that shows one.

import type { Page } from "@playwright/test";
import { Inspect } from "./pages.ts";
import { curl, type Header } from "./senders.ts";

/** Sends a body of a type to a new endpoint and opens its page with a query such as `?tab=wire`. */
export async function opened(
  page: Page,
  origin: string,
  body: string | Buffer,
  type: string | undefined,
  query = "",
  headers: Header[] = [],
): Promise<Inspect> {
  const inspect = await Inspect.create(page, origin);
  const fields: Header[] = type ? [["Content-Type", type], ...headers] : headers;
  await curl(`${origin}/${inspect.id}/place?a=1`, { headers: fields, body });
  await page.goto(`${origin}/inspect/${inspect.id}/1${query}`);
  return inspect;
}

/** The same, and waits until the page is hydrated. */
export async function openedLive(...args: Parameters<typeof opened>): Promise<Inspect> {
  const inspect = await opened(...args);
  await inspect.isLive();
  return inspect;
}

/** A form with a field and a file, as browsers send it. */
export function multipart(file: Buffer, boundary = "----hookglass"): { body: Buffer; type: string } {
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\nHolidays\r\n` +
    `--${boundary}\r\nContent-Disposition: form-data; name="picture"; filename="beach.png"\r\n` +
    "Content-Type: image/png\r\n\r\n";
  const body = Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}

/** Ten by ten red pixels. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC",
  "base64",
);
