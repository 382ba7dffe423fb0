// Explores pages like a curious person: opens everything that can be opened, follows the links of a
// view, and records the components and commands that it encountered.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Page, type TestInfo } from "@playwright/test";
import { Inspect } from "./pages.ts";
import { expect } from "./test.ts";

/** What a crawl has encountered. */
interface Met {
  /** CSS blocks, which have the names of their components. */
  blocks: string[];
  /** Labels of the palette's commands that were available on some page. */
  offered: string[];
  /** Labels of all commands in the palette. */
  commands: string[];
}

/** Where the crawl's tests store their results, for the test that combines them. */
function folder(info: TestInfo): string {
  return join(info.project.outputDir, "crawl");
}

/** What all of the crawl's tests have encountered together. */
export async function metByAll(info: TestInfo): Promise<Met> {
  const all = { blocks: new Set<string>(), offered: new Set<string>(), commands: new Set<string>() };
  for (const name of await readdir(folder(info))) {
    const met = JSON.parse(await readFile(join(folder(info), name), "utf8")) as Met;
    for (const kind of ["blocks", "offered", "commands"] as const) {
      for (const one of met[kind]) all[kind].add(one);
    }
  }
  return { blocks: [...all.blocks], offered: [...all.offered], commands: [...all.commands] };
}

export class Crawler {
  readonly inspect: Inspect;
  readonly #blocks = new Set<string>();
  readonly #offered = new Set<string>();
  readonly #commands = new Set<string>();

  private constructor(readonly page: Page) {
    this.inspect = new Inspect(page);
  }

  static async start(page: Page): Promise<Crawler> {
    // Hydration starts right after the WebAssembly loads, before any timer.
    await page.addInitScript(() => {
      const instantiate = WebAssembly.instantiateStreaming;
      WebAssembly.instantiateStreaming = async (...args) => {
        const made = await instantiate(...args);
        setTimeout(() => setTimeout(() => Object.assign(window, { alive: true })));
        return made;
      };
    });
    return new Crawler(page);
  }

  /** Loads a page that the server renders and waits until it is hydrated. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.isAlive();
  }

  async isAlive(): Promise<void> {
    await this.page.waitForFunction(() => "alive" in window);
    await this.look();
  }

  /** Records the components on the page. */
  async look(): Promise<void> {
    const blocks = await this.page.evaluate(() =>
      [...document.querySelectorAll("[class]")].flatMap(({ classList }) =>
        [...classList].map((name) => name.split("__")[0] ?? ""),
      ),
    );
    for (const block of blocks) this.#blocks.add(block);
  }

  /** Opens each menu and each collapsed part within `root`, and closes the menus again. */
  async unfold(root = "body"): Promise<void> {
    const folded = this.page.locator(`${root} details:not([open])`);
    for (const details of await folded.elementHandles()) {
      const summary = await details.$("summary");
      if (!(await summary?.isVisible())) continue;
      const is = (selector: string) =>
        details.evaluate((element, selector) => (element as Element).matches(selector), selector);
      await summary?.click();
      await expect.poll(() => is("[open]")).toBe(true);
      await this.look();
      if (!(await is(".menu"))) continue;
      await this.page.keyboard.press("Escape");
      await expect.poll(() => is("[open]")).toBe(false);
    }
  }

  /** Opens the palette and records its commands; returns the keys of those available here. */
  async commands(): Promise<string[]> {
    const palette = this.page.getByTestId("palette");
    await this.page.keyboard.press("Control+k");
    await expect(palette).toBeVisible();
    await this.look();
    const options = await palette.getByRole("option").evaluateAll((rows) =>
      rows.map((row) => ({
        label: row.querySelector("span")?.textContent ?? "",
        key: row.querySelector("kbd")?.textContent ?? "",
        isOffered: row.getAttribute("aria-disabled") !== "true",
      })),
    );
    await this.page.keyboard.press("Escape");
    await expect(palette).toBeHidden();
    const withKeys = options.filter(({ key }) => key !== "");
    for (const { label, isOffered } of withKeys) {
      this.#commands.add(label);
      if (isOffered) this.#offered.add(label);
    }
    return withKeys.filter(({ isOffered }) => isOffered).map(({ key }) => (key === "Esc" ? "Escape" : key));
  }

  /** Follows its links to every view of the open request, of its `parts` or of all; then loads each
   * from the server and hydrates it. */
  async views(parts?: string[]): Promise<void> {
    const { pathname } = new URL(this.page.url());
    const links = this.page.locator("main a[href]:visible:not([download]):not([rel=external])");
    const seen = new Map([[view(this.page.url()), this.page.url()]]);
    const isNew = (href: string) => {
      const name = view(href);
      if (name === undefined || seen.has(name) || new URL(href).pathname !== pathname) return false;
      return !parts || parts.includes(partOf(href));
    };
    for (;;) {
      await this.inspect.isShown();
      await this.unfold(".part");
      const hrefs = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
      const href = hrefs.find(isNew);
      if (!href) break;
      seen.set(view(href), href);
      const { search } = new URL(href);
      await this.page.locator(`main a[href$="${search}"]:visible`).first().click();
      await expect(this.page).toHaveURL(href);
    }
    for (const url of seen.values()) {
      await this.open(url);
      await this.inspect.isShown();
    }
  }

  /** Stores the results for the test that combines them. */
  async note(info: TestInfo): Promise<void> {
    const met: Met = {
      blocks: [...this.#blocks],
      offered: [...this.#offered],
      commands: [...this.#commands],
    };
    await mkdir(folder(info), { recursive: true });
    await writeFile(join(folder(info), `${info.testId}.json`), JSON.stringify(met));
  }
}

function partOf(url: string): string {
  return new URL(url).searchParams.get("tab") ?? "body";
}

/** The name of a view: a part, and one option for its display. None for more than one option: that
 * is not another kind of view. */
function view(url: string): string | undefined {
  const chosen = [...new URL(url).searchParams].filter(([name]) => !["tab", "q", "span"].includes(name));
  if (chosen.length > 1) return;
  const [name = "", value] = chosen[0] ?? [];
  return [partOf(url), name, ...(name === "form" || name === "with" ? [value] : [])].join(" ");
}
