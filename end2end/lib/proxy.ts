// A typical reverse proxy: it passes Host on, streams, and answers 502 while the server behind it
// is down.

import { createServer, request, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export class Proxy {
  /** The number of requests that got a 502, by path. */
  readonly refused: string[] = [];
  readonly #server: Server;

  private constructor(target: () => number) {
    this.#server = createServer((incoming, outgoing) => {
      const onward = request({
        host: "127.0.0.1",
        port: target(),
        method: incoming.method,
        path: incoming.url,
        headers: incoming.rawHeaders,
        agent: false,
      });
      onward.on("response", (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        // A stream must be visibly open before its first event.
        outgoing.flushHeaders();
        answer.pipe(outgoing);
        answer.on("error", () => outgoing.destroy());
        answer.on("aborted", () => outgoing.destroy());
      });
      onward.on("error", () => {
        if (outgoing.headersSent) {
          outgoing.destroy();
          return;
        }
        this.refused.push(incoming.url ?? "");
        outgoing.writeHead(502, { "content-type": "text/html" });
        outgoing.end("<h1>502 Bad Gateway</h1>");
      });
      outgoing.on("close", () => onward.destroy());
      incoming.pipe(onward);
    });
  }

  /** Listens in front of the port that `target` returns. */
  static async start(target: () => number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
