import { defineConfig } from "@playwright/test";
import { launchOptions } from "./lib/chromium.ts";

export default defineConfig({
  testDir: ".",
  testMatch: "bench.ts",
  outputDir: "results",
  workers: 1,
  timeout: 180_000,
  reporter: [["list"]],
  use: { browserName: "chromium", launchOptions },
});
