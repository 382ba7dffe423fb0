// The frame times of a page: figures to read, not to fail on.

import type { Page } from "@playwright/test";
import { test } from "./test.ts";

/** Measures every frame of `page` from now on. */
export async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const frames: number[] = [];
    Object.assign(window, { frames });
    let last = performance.now();
    const frame = (now: number) => {
      frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

/** Prints the longest frame since `watchFrames`, and the 99th percentile. */
export async function printFrames(page: Page, what: string): Promise<void> {
  const frames = await page.evaluate(() => (window as unknown as { frames: number[] }).frames);
  const sorted = frames.slice(2).sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  const text = `${what}: longest frame ${at(1)} ms, 99 of 100 within ${at(0.99)} ms`;
  test.info().annotations.push({ type: "figure", description: text });
  console.log(text);
}
