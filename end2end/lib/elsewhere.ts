// What a page asks of other servers.

import type { BrowserContext, Request } from "@playwright/test";

/** Chromium's word for what a policy kept from being sent at all. */
const BLOCKED = "csp";

/** Fills with the URLs outside of `origin` that anything in the context really asks for. */
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
