// The README's proxies in front of a server: its snippets, word for word except for ports, name and
// certificate.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LAN_HOST } from "./chromium.ts";

const README = join(import.meta.dirname, "../../README.md");
const START_TIMEOUT_MS = 10_000;

export type Kind = "nginx" | "Caddy";

/** Returns whether the program is installed. */
export function isInstalled(kind: Kind): boolean {
  const program = kind === "nginx" ? "nginx" : "caddy";
  return spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin command -v ${program}`]).status === 0;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Returns the README's snippet that begins with `start`. */
async function snippet(start: string): Promise<string> {
  const readme = await readFile(README, "utf8");
  const found = readme.split("```").find((part) => part.replace(/^\w*\n/, "").startsWith(start));
  if (!found) throw new Error(`the README has no snippet that begins with ${start}`);
  return found.replace(/^\w*\n/, "");
}

/** Replaces a text that occurs exactly once. */
function replace(text: string, from: string | RegExp, to: string): string {
  if (text.replace(from, "") === text) throw new Error(`the snippet has no ${from}`);
  return text.replace(from, () => to);
}

/** Starts a proxy with TLS in front of the server on `port`. */
export class Proxy {
  private constructor(
    readonly origin: string,
    readonly port: number,
    private readonly process: ChildProcess,
    private readonly directory: string,
  ) {}

  static async start(kind: Kind, server: number): Promise<Proxy> {
    const directory = await mkdtemp(join(tmpdir(), "hookglass-proxy-"));
    const [certificate, key] = [join(directory, "certificate.pem"), join(directory, "key.pem")];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"].concat(
        ["-keyout", key, "-out", certificate, "-days", "2", "-subj", `/CN=${LAN_HOST}`],
        ["-addext", `subjectAltName=DNS:${LAN_HOST}`],
      ),
      { stdio: "ignore" },
    );
    const port = await freePort();
    const file = join(directory, "config");
    let command: [string, string[]];
    if (kind === "nginx") {
      let site = await snippet("server {");
      site = replace(site, "listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`);
      site = replace(site, "hooks.example.com", LAN_HOST);
      site = replace(
        site,
        /# ssl_certificate .*/,
        `ssl_certificate ${certificate}; ssl_certificate_key ${key};`,
      );
      site = replace(site, "127.0.0.1:3000", `127.0.0.1:${server}`);
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((name) => `${name}_temp_path ${directory}/${name};`)
        .join(" ");
      await writeFile(
        file,
        `daemon off; pid ${directory}/pid; error_log stderr;\nevents {}\n` +
          `http { access_log off; ${temporary}\n${site}\n}\n`,
      );
      command = ["nginx", ["-p", directory, "-e", "stderr", "-c", file]];
    } else {
      let site = await snippet("hooks.example.com {");
      site = replace(
        site,
        "hooks.example.com {",
        `https://${LAN_HOST}:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate} ${key}`,
      );
      site = replace(site, "127.0.0.1:3000", `127.0.0.1:${server}`);
      await writeFile(file, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
      command = ["caddy", ["run", "--adapter", "caddyfile", "--config", file]];
    }
    const child = spawn(...command, {
      stdio: "ignore",
      env: { PATH: `${process.env.PATH}:/usr/sbin`, HOME: directory },
    });
    const proxy = new Proxy(`https://${LAN_HOST}:${port}`, port, child, directory);
    const until = Date.now() + START_TIMEOUT_MS;
    while (!(await accepts(port))) {
      if (Date.now() > until || child.exitCode !== null) {
        await proxy.stop();
        throw new Error(`${kind} does not listen`);
      }
      await sleep(50);
    }
    return proxy;
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done));
    if (this.process.exitCode === null && this.process.kill("SIGTERM")) await ended;
    await rm(this.directory, { recursive: true, force: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => done(true)).once("error", () => done(false));
    socket.once("connect", () => socket.destroy());
  });
}
