// Plain HTTP as programs use it: no browser headers, no decoding.

import { request } from "node:http";

export interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Gets what the server sends, under any of our host names. */
export function get(url: string, headers: Record<string, string> = {}): Promise<Got> {
  const { host, port, pathname, search } = new URL(url);
  const options = { host: "127.0.0.1", port, path: pathname + search, agent: false };
  return new Promise((done, failed) => {
    request({ ...options, headers: { host, ...headers } }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      done({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) });
    })
      .on("error", failed)
      .end();
  });
}
