import { defineConfig } from "@playwright/test";
import { LAN_HOST, launchOptions } from "./lib/chromium.ts";
import type { Options } from "./lib/test.ts";

/** Tests that measure time, by their tag. */
const ALONE = /@alone/;

/** The tests that also run under a name that is not a secure context: no clipboard, no locks, no
 * `Sec-Fetch` headers. */
const LAN_TESTS = ["arrival.spec.ts", "noscript.spec.ts", "resume.spec.ts", "tabs.spec.ts", "copy.spec.ts"];
const CRAWL = "crawl.spec.ts";
/** The test that combines the results of the other crawl tests. */
const SUM = /@sum/;

const localhost = { host: "localhost" };
const lan = { host: LAN_HOST };

/**
 * Each test has a server, a database, and a browser profile of its own, so that any two can run at
 * the same time. What measures time has projects of its own, to be run by one worker:
 * `npm test` runs the others by two, `npm run test:alone` these.
 */
export default defineConfig<Options>({
  testDir: "tests",
  outputDir: "results",
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  retries: 0,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  reporter: [["list"]],
  use: { browserName: "chromium", launchOptions, trace: "retain-on-failure" },
  projects: [
    { name: "localhost", use: localhost, grepInvert: ALONE, testIgnore: CRAWL },
    { name: "lan", use: lan, grepInvert: ALONE, testMatch: LAN_TESTS },
    { name: "localhost-alone", use: localhost, grep: ALONE, testIgnore: CRAWL },
    { name: "lan-alone", use: lan, grep: ALONE, testMatch: LAN_TESTS },
    // For a browser half with debug assertions, which report what is wrong with a hydration.
    { name: "crawl", use: localhost, testMatch: CRAWL, grepInvert: SUM, teardown: "crawl-sum" },
    { name: "crawl-sum", use: localhost, testMatch: CRAWL, grep: SUM },
  ],
});
