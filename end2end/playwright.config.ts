import { defineConfig } from "@playwright/test";
import { LAN_HOST, launchOptions } from "./lib/chromium.ts";
import type { Options } from "./lib/test.ts";

export default defineConfig<Options>({
  testDir: "tests",
  outputDir: "results",
  // One at a time: some tests bound how long an event may take to show.
  workers: 1,
  forbidOnly: true,
  retries: 0,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  reporter: [["list"]],
  use: { browserName: "chromium", launchOptions, trace: "retain-on-failure" },
  // Every test is in the first two: `--project localhost --project lan`.
  projects: [
    { name: "localhost", use: { host: "localhost" } },
    {
      // Plain http under another name: no clipboard, no locks, no Sec-Fetch fields.
      name: "lan",
      use: { host: LAN_HOST },
      testMatch: ["arrival.spec.ts", "noscript.spec.ts", "resume.spec.ts", "tabs.spec.ts", "copy.spec.ts"],
    },
    {
      // For a browser half with debug assertions: every page and view, but not what is about
      // senders, proxies, streams and time.
      name: "pages",
      use: { host: "localhost" },
      testIgnore: /(copyas|crosssite|hints|hostile|proxies|resume|security|tabs|undo)\.spec\.ts$/,
    },
  ],
});
