// Where the system's Chromium is, and how it is started.

import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A name that is not localhost: pages under it are no secure context, as on a LAN. */
export const LAN_HOST = "hooks.test";

/** The name of somebody else's site. */
export const FOREIGN_HOST = "evil.test";

function executable(): string {
  const found = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!found) throw new Error(`No Chromium: set CHROMIUM or install one of ${PLACES.join(", ")}`);
  return found;
}

export const launchOptions = {
  executablePath: executable(),
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--host-resolver-rules=MAP ${LAN_HOST} 127.0.0.1, MAP ${FOREIGN_HOST} 127.0.0.1`,
  ],
};
