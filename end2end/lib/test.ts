// What every test starts from: a server, browsers whose every complaint fails the test.

import { type Browser, type BrowserContext, test as base, expect } from "@playwright/test";
import { Hookglass } from "./hookglass.ts";

export { expect };

export interface Options {
  /** The name under which the browser and senders reach the server. */
  host: string;
}

interface Fixtures {
  hookglass: Hookglass;
  /** The origin of the server as the browser sees it. */
  origin: string;
  complaints: Complaints;
  /** Makes another browser with a profile of its own. */
  newBrowser: (options?: Parameters<Browser["newContext"]>[0]) => Promise<BrowserContext>;
}

/** For a test that measures time: no other test runs beside it. */
export const ALONE = { tag: "@alone" };

/** What browsers complain of: errors and warnings of script and console, files that fail. */
export class Complaints {
  readonly #heard: string[] = [];
  readonly #allowed: RegExp[] = [];

  /** Allows complaints that the test itself causes. They read `kind: text (url)`. */
  allow(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns);
  }

  /** What was heard and not allowed. Hydration is never allowed to complain. */
  get open(): string[] {
    return this.#heard.filter(
      (text) => /hydrat/i.test(text) || !this.#allowed.some((pattern) => pattern.test(text)),
    );
  }

  async listen(context: BrowserContext): Promise<void> {
    context.on("console", (message) => {
      if (["error", "warning", "assert"].includes(message.type()) || /hydrat/i.test(message.text())) {
        this.#heard.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on("weberror", (error) => {
      this.#heard.push(`uncaught: ${error.error().stack ?? error.error()} (${error.page()?.url()})`);
    });
    context.on("response", (response) => {
      if (isFile(response.url()) && response.status() >= 400) {
        this.#heard.push(`file: ${response.status()} (${response.url()})`);
      }
    });
    context.on("requestfailed", (request) => {
      // Whoever leaves a page before all of it is there aborts the rest.
      const why = request.failure()?.errorText;
      if (isFile(request.url()) && why !== "net::ERR_ABORTED") {
        this.#heard.push(`file: ${why} (${request.url()})`);
      }
    });
    // A blocked script or style would else be a line that nobody reads.
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy: ${event.effectiveDirective} blocks ${event.blockedURI}`);
      });
    });
  }
}

function isFile(url: string): boolean {
  const path = new URL(url).pathname;
  return path.startsWith("/assets/") || path === "/favicon.ico";
}

export const test = base.extend<Options & Fixtures>({
  host: ["localhost", { option: true }],

  hookglass: async ({}, use) => {
    const server = await Hookglass.start();
    await use(server);
    await server.stop();
  },

  origin: async ({ hookglass, host }, use) => {
    await use(`http://${host}:${hookglass.port}`);
  },

  complaints: [
    async ({}, use) => {
      const complaints = new Complaints();
      await use(complaints);
      expect(complaints.open, "what the browser complained of").toEqual([]);
    },
    { auto: true },
  ],

  // Both end before the server does: pages that outlive it would complain.
  context: async ({ context, complaints, hookglass: _ }, use) => {
    await complaints.listen(context);
    await use(context);
    for (const page of context.pages()) await page.close();
  },

  newBrowser: async ({ browser, complaints, hookglass: _ }, use) => {
    const made: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext(options);
      await complaints.listen(context);
      made.push(context);
      return context;
    });
    for (const context of made) await context.close();
  },
});

/** The complaint about the test's own scripts in an answer that may run none. */
export const SANDBOX = /^error: Blocked script execution in .* because the document's frame is sandboxed/;

/** Complaints that a server which is down causes, for tests that take it down. */
export const OUTAGE = [
  /^error: Failed to load resource: (net::ERR_|the server responded with a status of 502).* \(http:\/\/[^/]+\/api\//,
  /^error: GET http:\/\/[^/]+\/api\/.* net::ERR_/,
];

/** The complaint that Chromium has about an answer with `status` at a URL that ends in `path`. */
export function answered(status: number, path: RegExp): RegExp {
  return new RegExp(
    `^error: Failed to load resource: the server responded with a status of ${status} .*${path.source}`,
  );
}
