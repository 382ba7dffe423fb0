// Page objects: where things are on the pages, and common actions.

import type { Locator, Page } from "@playwright/test";
import { get } from "./http.ts";
import { expect } from "./test.ts";

/** A page and the elements that tests look for. */
export class Inspect {
  constructor(readonly page: Page) {}

  /** Creates an endpoint with the button on the home page, which leads to the endpoint's page. */
  static async create(page: Page, origin: string): Promise<Inspect> {
    await page.goto(`${origin}/`);
    await page.getByTestId("create-endpoint").first().click();
    await page.waitForURL(/\/inspect\/[^/?]+$/);
    return new Inspect(page);
  }

  /** The same, and waits until the page is hydrated. */
  static async createLive(page: Page, origin: string): Promise<Inspect> {
    const inspect = await Inspect.create(page, origin);
    await inspect.isLive();
    return inspect;
  }

  /** Returns the name of the endpoint from the address bar. */
  get id(): string {
    return new URL(this.page.url()).pathname.split("/")[2] ?? "";
  }

  /** Returns the URL for senders that the page shows. */
  async url(): Promise<string> {
    return (await this.page.getByTestId("endpoint-url").first().innerText()).trim();
  }

  get rows(): Locator {
    return this.page.getByTestId("request-row");
  }

  row(seq: number): Locator {
    return this.page.locator(`[data-testid="request-row"][data-seq="${seq}"]`);
  }

  get detail(): Locator {
    return this.page.getByTestId("request-detail");
  }

  get body(): Locator {
    return this.page.getByTestId("body-view");
  }

  get headers(): Locator {
    return this.page.getByTestId("headers-view");
  }

  get connection(): Locator {
    return this.page.getByTestId("connection");
  }

  async isLive(timeout = 10_000): Promise<void> {
    await expect(this.connection).toHaveAttribute("data-state", "live", { timeout });
  }

  /** Scrolls the list down until a row is rendered: rows out of view are not. */
  async bring(seq: number): Promise<void> {
    if ((await this.row(seq).count()) > 0) return;
    await this.page.locator(".request-list").hover();
    const drawn = async () => {
      await this.page.mouse.wheel(0, 400);
      return this.row(seq).count();
    };
    await expect.poll(drawn, { intervals: [50], timeout: 20_000 }).toBe(1);
  }

  /** Selects a request in the list. */
  async choose(seq: number): Promise<void> {
    await this.bring(seq);
    await this.row(seq).getByRole("link").first().click();
    await expect(this.page).toHaveURL(new RegExp(`/inspect/${this.id}/${seq}(\\?|$)`));
    await expect(this.detail).toBeVisible();
  }

  /** Shows the headers of the selected request. */
  async showHeaders(): Promise<void> {
    await this.#parts.getByRole("link", { name: /^headers/i }).click();
    await expect(this.headers).toBeVisible();
  }

  /** Shows the body of the selected request. */
  async showBody(): Promise<void> {
    await this.#parts.getByRole("link", { name: /^body/i }).click();
    await expect(this.body).toBeVisible();
  }

  get #parts(): Locator {
    return this.detail.getByRole("navigation", { name: "Parts of the request" });
  }

  /** Returns the visible headers, in order. */
  async headerFields(): Promise<[string, string][]> {
    return this.headers.getByTestId("field").evaluateAll((rows) =>
      rows.map((row) => {
        const [name, value] = [".fields__name", ".fields__value"].map(
          (part) => row.querySelector(part)?.textContent ?? "",
        );
        return [name ?? "", value ?? ""] as [string, string];
      }),
    );
  }

  /** Asserts that the headers `sent` are visible, in their original case unless the server says
   * that it could not keep that. */
  async showsHeaders(seq: number, sent: [string, string][]): Promise<void> {
    const url = new URL(`/api/endpoints/${this.id}/requests/${seq}`, this.page.url());
    const [key] = await this.page.context().cookies();
    const answer = await get(url.href, { authorization: `Bearer ${key?.value}` });
    expect(answer.status).toBe(200);
    const { exact } = JSON.parse(answer.body.toString()) as { exact: boolean };
    const shown = await this.headerFields();
    const fields = exact
      ? sent
      : sent.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
    expect(shown).toEqual(expect.arrayContaining(fields));
  }

  /** Returns the text of the visible body, character by character. */
  async bodyText(): Promise<string> {
    await expect(this.body).toBeVisible();
    return (await this.lines(this.body)).join("\n");
  }

  /** Returns the rows of text of a part. */
  async lines(part: Locator): Promise<string[]> {
    return part.locator(".reader__text").allTextContents();
  }

  /** Waits until the part from the URL is visible, or a message in its place. */
  async isShown(): Promise<void> {
    const tab = new URL(this.page.url()).searchParams.get("tab") ?? "body";
    const shown = this.detail.locator(`[data-testid="${tab}-view"], [data-testid="part-trouble"]`);
    await expect(shown.first()).toBeVisible();
  }

  /** Returns one part of the selected request, by its name on the page. */
  part(name: "body" | "headers" | "query" | "wire" | "reply" | "compare" | "signature" | "attempts"): Locator {
    return this.page.getByTestId(`${name}-view`);
  }

  /** Returns the numbers of the requests in the list, from top to bottom. */
  async seqs(): Promise<number[]> {
    return this.rows.evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset.seq)));
  }

  /** Sets a mark that a reload would erase. */
  async mark(): Promise<void> {
    await this.page.evaluate(() => Object.assign(window, { mark: true }));
  }

  async wasNotReloaded(): Promise<void> {
    expect(await this.page.evaluate(() => "mark" in window), "the page was not reloaded").toBe(true);
  }
}

/** Returns the workspace's key, as the menu shows it. */
export async function shownKey(page: Page): Promise<string> {
  await page.locator("summary", { hasText: "Workspace" }).first().click();
  await page.getByRole("button", { name: "Show the key" }).click();
  const key = page.getByTestId("workspace-key");
  await expect(key).toHaveText(/^\s*hgk_[A-Za-z0-9_-]{43}\s*$/);
  return (await key.innerText()).trim();
}

/** Pastes a key into the form in the main part of a page and submits it. */
export async function pasteKey(page: Page, key: string): Promise<void> {
  const form = page.locator('main form[action="/api/session"]');
  const input = form.locator("input[name=key]");
  const folded = page.locator("main details", { has: page.locator('form[action="/api/session"]') });
  if (!(await input.isVisible())) await folded.locator("summary").click();
  await input.fill(key);
  await input.press("Enter");
}
