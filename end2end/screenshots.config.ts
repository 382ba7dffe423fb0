import { defineConfig } from "@playwright/test";
import { launchOptions } from "./lib/chromium.ts";

export default defineConfig({
  testDir: ".",
  testMatch: "screenshots.ts",
  outputDir: "results",
  workers: 1,
  timeout: 240_000,
  reporter: [["list"]],
  use: { browserName: "chromium", launchOptions },
});
