// The path of the system's Chromium, and its arguments.

import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A name other than localhost: pages under it are not a secure context, as on a LAN. */
export const LAN_HOST = "hooks.test";

/** The host name of a foreign site. */
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
