// A preview contacts nobody: neither by loading nor by resource hints, which also tell a sender
// that somebody looked, when and from where.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "@playwright/test";
import { launchOptions } from "../lib/chromium.ts";
import { Inspect } from "../lib/pages.ts";
import { curl } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

/** The time limit for what a browser does immediately. */
const PATIENCE_MS = 10_000;

/** Counts connections, and closes them. */
class Listener {
  connections = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      this.connections += 1;
      socket.on("error", () => {});
      socket.destroy();
    });
  }

  static async start(): Promise<Listener> {
    const listener = new Listener();
    await listening(listener.#server);
    return listener;
  }

  get origin(): string {
    return `http://127.0.0.1:${port(this.#server)}`;
  }

  stop(): void {
    this.#server.close();
  }
}

async function listening(server: Server | HttpServer): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

function port(server: Server | HttpServer): number {
  return (server.address() as AddressInfo).port;
}

/** The system's browser as people start it: Playwright's own arguments disable hints. */
class PlainBrowser {
  private constructor(
    readonly browser: Browser,
    readonly page: Page,
    private readonly process: ChildProcess,
    private readonly directory: string,
  ) {}

  static async start(): Promise<PlainBrowser> {
    const directory = await mkdtemp(join(tmpdir(), "hookglass-browser-"));
    const process = spawn(
      launchOptions.executablePath,
      [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--no-proxy-server",
        "--remote-debugging-port=0",
        `--user-data-dir=${join(directory, "profile")}`,
        `--log-net-log=${join(directory, "net.json")}`,
        "about:blank",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const endpoint = await new Promise<string>((found, failed) => {
      let output = "";
      process.stderr?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const match = /DevTools listening on (\S+)/.exec(output);
        if (match?.[1]) found(match[1]);
      });
      process.once("exit", () => failed(new Error(`the browser did not start: ${output}`)));
    });
    const browser = await chromium.connectOverCDP(endpoint);
    const page = await (browser.contexts()[0] ?? (await browser.newContext())).newPage();
    return new PlainBrowser(browser, page, process, directory);
  }

  /** Stops it, and returns its network log. */
  async stop(): Promise<string> {
    const ended = once(this.process, "exit", { signal: AbortSignal.timeout(PATIENCE_MS) });
    const session = await this.browser.newBrowserCDPSession();
    await session.send("Browser.close").catch(() => {});
    try {
      await ended;
    } catch {
      this.process.kill("SIGKILL");
    }
    const log = await readFile(join(this.directory, "net.json"), "utf8");
    await rm(this.directory, { recursive: true, force: true });
    return log;
  }
}

/** Markup with every kind of hint that browsers follow, for `origin` or the host `name`. */
function hints(origin: string, name: string): string[] {
  return [
    `<link rel=preconnect href=${origin}/a>`,
    `<LINK\nREL='preconnect'\nHREF="${origin}/b" crossorigin>`,
    `<svg><foreignObject><link rel="preconnect" href="${origin}/c"></foreignObject></svg>`,
    `<svg></p><link rel=pre&#99;onnect href=${origin}/d>`,
    `<link rel=dns-prefetch href=//a-${name}>`,
    "<meta http-equiv=x-dns-prefetch-control content=on>",
    `<a href=http://b-${name}/>a link</a>`,
  ];
}

/** Markup that must never work. */
function loads(origin: string): string[] {
  return [
    `<meta http-equiv=refresh content='0;url=${origin}/e'>`,
    `<base href=${origin}/f/><img src=g attributionsrc=h srcset='i 2x'>`,
    `<link rel=prefetch href=${origin}/j><link rel=prerender href=${origin}/k>`,
    `<link rel='stylesheet preload' as=style href=${origin}/l><link rel=icon href=${origin}/m>`,
    `<script type=speculationrules>{"prerender":[{"urls":["${origin}/n"]}]}</script>`,
    `<style>@import '${origin}/o';p{background:url(${origin}/p)}</style><p style='background:url(${origin}/q)'>p`,
    `<iframe src=${origin}/r></iframe><object data=${origin}/s></object><embed src=${origin}/t>`,
    `<video poster=${origin}/u src=${origin}/v></video><body background=${origin}/w>`,
    `<svg><image href=${origin}/x /><use href=${origin}/y#z /></svg>`,
  ];
}

test("a preview tells no host that somebody looks at it", async ({ hookglass, origin }) => {
  test.setTimeout(60_000);
  const [shown, loaded, control] = [
    await Listener.start(),
    await Listener.start(),
    await Listener.start(),
  ];
  // The same, unmodified, in a frame that forbids loading and running anything.
  const forbidden = `<meta http-equiv=Content-Security-Policy content="default-src 'none'">`;
  const document = (forbidden + hints(control.origin, "control.test").join("")).replaceAll("&", "&amp;");
  const server = createHttpServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.setHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    response.end(`<!doctype html><iframe sandbox srcdoc="${document.replaceAll('"', "&quot;")}"></iframe>`);
  });
  await listening(server);
  const plain = await PlainBrowser.start();
  let log = "";
  try {
    const inspect = await Inspect.create(plain.page, origin);
    const body = [...hints(shown.origin, "shown.test"), ...loads(loaded.origin), "<h1>the end</h1>"];
    const types = ["text/html", "image/svg+xml"];
    for (const [at, type] of types.entries()) {
      const text = type === "text/html" ? body.join("\n") : `<svg>${body.join("\n")}</svg>`;
      await curl(`http://localhost:${hookglass.port}/${inspect.id}`, {
        headers: [["Content-Type", type]],
        body: text,
      });
      await plain.page.goto(`${origin}/inspect/${inspect.id}/${at + 1}?form=preview`);
      const frame = plain.page.frameLocator('[data-testid="preview"]');
      await expect(frame.getByText("the end")).toBeAttached();
      await expect(frame.getByText("a link")).toBeAttached();
    }
    // Any contact would have happened before this one.
    await plain.page.goto(`http://127.0.0.1:${port(server)}/`);
    await expect.poll(() => control.connections, { timeout: PATIENCE_MS }).toBeGreaterThan(0);
  } finally {
    log = await plain.stop();
    server.close();
    for (const listener of [shown, loaded, control]) listener.stop();
  }
  expect(shown.connections, "what was announced").toBe(0);
  expect(loaded.connections, "what was to be loaded").toBe(0);
  expect(log, "the hosts that the control names were looked up").toContain("a-control.test");
  expect(log, "a host that the preview names was looked up").not.toMatch(/[ab]-shown\.test/);
});
