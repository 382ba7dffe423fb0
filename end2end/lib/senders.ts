// Senders: the real curl with payloads of real services, and bytes that no library would send.

import { spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { connect } from "node:net";

/** Payloads collected from the real service by the community. */
const GITHUB: { name: string; examples: object[] }[] = createRequire(import.meta.url)(
  "@octokit/webhooks-examples",
);

export type Header = [name: string, value: string];

/** A request as a service sends it. */
export interface Delivery {
  headers: Header[];
  body: string | Buffer;
}

/** The real payloads of a GitHub event. */
export function githubPayloads(event: string): object[] {
  const found = GITHUB.find((example) => example.name === event);
  if (!found) throw new Error(`no example of a ${event} event`);
  return found.examples;
}

/** A signed delivery with GitHub's headers. */
export function github(event: string, payload: object, secret = "It's a Secret"): Delivery {
  const body = JSON.stringify(payload);
  const hmac = (algorithm: string) => createHmac(algorithm, secret).update(body).digest("hex");
  return {
    body,
    headers: [
      ["User-Agent", "GitHub-Hookshot/044aadd"],
      ["Accept", "*/*"],
      ["Content-Type", "application/json"],
      ["X-GitHub-Delivery", randomUUID()],
      ["X-GitHub-Event", event],
      ["X-GitHub-Hook-ID", "292430182"],
      ["X-GitHub-Hook-Installation-Target-ID", "79929171"],
      ["X-GitHub-Hook-Installation-Target-Type", "repository"],
      ["X-Hub-Signature", `sha1=${hmac("sha1")}`],
      ["X-Hub-Signature-256", `sha256=${hmac("sha256")}`],
    ],
  };
}

/** A signed delivery as Stripe sends it. */
export function stripe(type: string, object: object, secret = "whsec_test"): Delivery {
  const created = Math.floor(Date.now() / 1000);
  const event = {
    id: `evt_1${randomUUID().replaceAll("-", "").slice(0, 23)}`,
    object: "event",
    api_version: "2025-08-27.basil",
    created,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
  const body = JSON.stringify(event, null, 2);
  const signature = createHmac("sha256", secret).update(`${created}.${body}`).digest("hex");
  return {
    body,
    headers: [
      ["User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"],
      ["Accept", "*/*; q=0.5, application/xml"],
      ["Cache-Control", "no-cache"],
      ["Content-Type", "application/json; charset=utf-8"],
      ["Stripe-Signature", `t=${created},v1=${signature}`],
    ],
  };
}

/** An endpoint's response. */
export interface Answer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Sends with curl; `retry` keeps retrying while no server listens, as senders do. */
export async function curl(
  url: string,
  { headers = [], body = "" }: Partial<Delivery> = {},
  { method = "POST", retry = false }: { method?: string; retry?: boolean } = {},
): Promise<Answer> {
  const words = ["--silent", "--show-error", "--noproxy", "*", "--include", "--globoff"];
  // Chromium is configured to resolve our made-up names, and so is curl.
  words.push("--resolve", `*:${new URL(url).port}:127.0.0.1`);
  words.push("--request", method, "--data-binary", "@-", "--header", "Expect:");
  if (!headers.some(([name]) => name.toLowerCase() === "content-type")) {
    words.push("--header", "Content-Type:");
  }
  for (const [name, value] of headers) words.push("--header", `${name}: ${value}`);
  if (retry) words.push("--retry", "100", "--retry-delay", "0", "--retry-max-time", "20");
  if (retry) words.push("--retry-all-errors", "--fail");
  words.push(url);
  const child = spawn("curl", words, { stdio: ["pipe", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // The server may refuse the connection before curl has read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(body);
  const code = await new Promise<number | null>((done, failed) => {
    child.once("close", done);
    child.once("error", failed);
  });
  if (code !== 0) throw new Error(`curl ended with ${code}: ${Buffer.concat(stderr)}`);
  return parse(Buffer.concat(stdout).toString());
}

/** Sends raw bytes, and reads the response until the server closes. */
export async function raw(port: number, bytes: string | Buffer): Promise<Answer> {
  const socket = connect(port, "127.0.0.1");
  socket.end(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return parse(Buffer.concat(chunks).toString());
}

/** Parses the last response in `text`: curl also prints those before a retry. */
function parse(text: string): Answer {
  const last = text.lastIndexOf("HTTP/1.1 ");
  const [head = "", ...body] = text.slice(last).split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const headers = new Map<string, string>();
  for (const field of fields) {
    const colon = field.indexOf(":");
    headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  return { status: Number(line.split(" ")[1]), headers, body: body.join("\r\n\r\n") };
}
