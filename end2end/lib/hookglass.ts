// The real binary on a free port with its own database.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const BINARY = resolve(
  process.env.HOOKGLASS_BIN ?? join(import.meta.dirname, "../../target/release/hookglass"),
);

/** Whether it was built with debug assertions, judging by cargo's folders. */
export const IS_DEBUG_BUILD = /[/\\]debug[/\\][^/\\]+$/.test(BINARY);

/** The time limit for a start: a debug build on a busy machine is slow. */
const START_TIMEOUT_MS = 15_000;

/** The time limit for a shutdown, after which it counts as hanging. */
const STOP_TIMEOUT_MS = 5_000;

const START_LINE = /^Hookglass is listening on .*:(\d+)\./m;

export class Hookglass {
  /** Everything that it has written to standard output and standard error. */
  output = "";
  port = 0;
  #process: ChildProcess | undefined;

  private constructor(
    readonly directory: string,
    readonly flags: string[],
  ) {}

  /** Starts a server on `port`, or on a free one; resolves once it listens. */
  static async start(flags: string[] = [], port = 0): Promise<Hookglass> {
    const directory = await mkdtemp(join(tmpdir(), "hookglass-"));
    const server = new Hookglass(directory, flags);
    server.port = port;
    await server.run();
    return server;
  }

  /** Restarts it after `kill` on the same port and database. */
  async run(): Promise<void> {
    const from = this.output.length;
    const child = spawn(
      BINARY,
      [
        `--listen=127.0.0.1:${this.port}`,
        `--database=${join(this.directory, "hookglass.db")}`,
        ...this.flags,
      ],
      { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env.PATH } },
    );
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    const port = await new Promise<number>((found, failed) => {
      const fail = (why: unknown) => {
        clearTimeout(timer);
        child.kill("SIGKILL");
        failed(new Error(`${BINARY} did not start: ${why}\n${this.output.slice(from)}`));
      };
      const timer = setTimeout(fail, START_TIMEOUT_MS, "it took too long");
      child.once("error", fail);
      child.once("exit", (code, signal) => fail(code ?? signal));
      child.stderr.on("data", () => {
        const [, port] = START_LINE.exec(this.output.slice(from)) ?? [];
        if (!port) return;
        clearTimeout(timer);
        found(Number(port));
      });
    });
    this.port = port;
    const ready = await fetch(`http://127.0.0.1:${this.port}/readyz`);
    if (!ready.ok) throw new Error(`readyz says ${ready.status}`);
  }

  /** Kills it without warning, as a crash or a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it so that connections stay open but never get a response. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Resumes it after `freeze`. */
  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Shuts it down cleanly and removes its database. */
  async stop(): Promise<void> {
    this.thaw();
    const code = await this.#end("SIGTERM");
    await rm(this.directory, { recursive: true, force: true });
    if (code !== 0) throw new Error(`shutdown ended with ${code}:\n${this.output}`);
  }

  /** Returns the bytes of every file of the database, including the write-ahead log. */
  async stored(): Promise<Map<string, Buffer>> {
    const files = new Map<string, Buffer>();
    for (const name of await readdir(this.directory)) {
      files.set(name, await readFile(join(this.directory, name)));
    }
    return files;
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return 0;
    const exit = once(child, "exit", { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
    child.kill(signal);
    try {
      await exit;
    } catch {
      child.kill("SIGKILL");
      throw new Error(`${signal} did not end the server within ${STOP_TIMEOUT_MS} ms`);
    }
    return child.exitCode;
  }
}
