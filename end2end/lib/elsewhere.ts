// Requests of a page to other servers.

import type { BrowserContext, Request } from "@playwright/test";

/** Chromium's error for a request that a policy blocked before it was sent. */
const BLOCKED = "csp";

/** Collects the URLs outside of `origin` that anything in the context really requests. */
export function askedElsewhere(context: BrowserContext, origin: string): string[] {
  const asked: string[] = [];
  const isOurs = (url: string) => url.startsWith(`${origin}/`) || /^(data|blob|about):/.test(url);
  const note = (request: Request) => {
    if (!isOurs(request.url())) asked.push(request.url());
  };
  context.on("requestfinished", note);
  context.on("requestfailed", (request) => {
    if (request.failure()?.errorText !== BLOCKED) note(request);
  });
  return asked;
}
