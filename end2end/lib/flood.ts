// Many requests at once, over persistent connections.

import { Agent, request } from "node:http";

/** Sends `count` requests to `url` over `connections` connections; `body` returns the body of each.
 * Resolves when all of them have succeeded. */
export async function flood(
  url: string,
  count: number,
  { connections = 32, body = (index: number) => `{"n":${index}}` } = {},
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const send = (index: number) =>
    new Promise<void>((done, failed) => {
      const text = body(index);
      const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
      const sent = request(url, { method: "POST", agent, headers }, (answer) => {
        answer.resume();
        answer.once("end", () => {
          if (answer.statusCode === 200) done();
          else failed(new Error(`answered with ${answer.statusCode}`));
        });
      });
      sent.once("error", failed);
      sent.end(text);
    });
  try {
    await Promise.all(Array.from({ length: count }, (_, index) => send(index + 1)));
  } finally {
    agent.destroy();
  }
}
