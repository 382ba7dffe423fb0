// The base of every test: a server, and browsers that fail the test on any complaint.

import { type Browser, type BrowserContext, test as base, expect } from "@playwright/test";
import { Hookglass } from "./hookglass.ts";

export { expect };

export interface Options {
  /** The host name under which the browser and senders reach the server. */
  host: string;
}

interface Fixtures {
  hookglass: Hookglass;
  /** The origin of the server as the browser sees it. */
  origin: string;
  complaints: Complaints;
  /** Creates another browser with its own profile. */
  newBrowser: (options?: Parameters<Browser["newContext"]>[0]) => Promise<BrowserContext>;
}

/** For a test that measures time: no other test runs at the same time. */
export const ALONE = { tag: "@alone" };

/** Complaints of browsers: errors and warnings of scripts and the console, files that fail to load.
 * */
export class Complaints {
  readonly #heard: string[] = [];
  readonly #allowed: RegExp[] = [];

  /** Allows complaints that the test itself causes. They have the form `kind: text (url)`. */
  allow(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns);
  }

  /** The complaints that were not allowed. Complaints about hydration are never allowed. */
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
      // Leaving a page before it has loaded completely aborts the rest.
      const why = request.failure()?.errorText;
      if (isFile(request.url()) && why !== "net::ERR_ABORTED") {
        this.#heard.push(`file: ${why} (${request.url()})`);
      }
    });
    // Otherwise a blocked script or style would be a line that nobody reads.
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

  // Both must end before the server does: pages that outlive it would complain.
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

/** The complaint about the test's own scripts in a response that may not run any. */
export const SANDBOX = /^error: Blocked script execution in .* because the document's frame is sandboxed/;

/** Complaints caused by a server that is down, for tests that take it down. */
export const OUTAGE = [
  /^error: Failed to load resource: (net::ERR_|the server responded with a status of 502).* \(http:\/\/[^/]+\/api\//,
  /^error: GET http:\/\/[^/]+\/api\/.* net::ERR_/,
];

/** Chromium's complaint about a response with `status` from a URL that ends in `path`. */
export function answered(status: number, path: RegExp): RegExp {
  return new RegExp(
    `^error: Failed to load resource: the server responded with a status of ${status} .*${path.source}`,
  );
}
