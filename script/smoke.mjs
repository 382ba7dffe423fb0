// Tests the binary alone, in an empty folder with an empty environment, as after a download: it must
// serve, store and publish requests, and leave nothing behind except its database.
//
// node script/smoke.mjs <binary>      prints `ok - …` or `not ok - …` for each promise

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import http from "node:http";
import assert from "node:assert/strict";

/** JavaScript, WebAssembly and style sheet of a page together, compressed by brotli. */
const BROWSER_HALF_LIMIT_BYTES = 230_000;
const START_TIMEOUT_MS = 10_000;
const EVENT_TIMEOUT_MS = 5_000;
const STOP_TIMEOUT_MS = 5_000;

const START_LINE = /^Hookglass is listening on .*:(\d+)\./m;

let failures = 0;

async function check(promise, examine) {
  try {
    const said = await examine();
    console.log(`ok - ${promise}${said ? ` (${said})` : ""}`);
  } catch (error) {
    failures += 1;
    console.log(`not ok - ${promise}\n${error.stack ?? error}`);
  }
}

/** A plain request: `fetch` would decompress the response and add headers. */
function request(port, path, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.request(
      { host: "127.0.0.1", port, path, method, headers: { host: `127.0.0.1:${port}`, ...headers } },
      async (response) => {
        const chunks = [];
        try {
          for await (const chunk of response) chunks.push(chunk);
          const bytes = Buffer.concat(chunks);
          resolve({ status: response.statusCode, headers: response.headers, bytes, text: bytes.toString() });
        } catch (error) {
          reject(error);
        }
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

async function start(folder) {
  const child = spawn(join(folder, "hookglass"), ["--listen", "127.0.0.1:0"], {
    cwd: folder,
    env: {},
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  }
  const port = await new Promise((found, failed) => {
    const fail = () => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      failed(new Error(`it did not start:\n${output}`));
    };
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    child.once("error", fail);
    child.once("exit", fail);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", () => {
        if (!START_LINE.test(output)) return;
        clearTimeout(timer);
        found(Number(START_LINE.exec(output)[1]));
      });
    }
  });
  return { child, port, output: () => output };
}

/** Opens a feed; resolves to a function that waits for the data of its next event with a given name. */
function feed(port, path, key) {
  return new Promise((resolve, reject) => {
    const asked = http.get(
      { host: "127.0.0.1", port, path, headers: { authorization: `Bearer ${key}`, accept: "text/event-stream" } },
      (response) => {
        if (response.statusCode !== 200) return reject(new Error(`the feed says ${response.statusCode}`));
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        response.on("error", () => {});
        const event = (name) => text.split("\n\n").find((part) => part.split("\n").includes(`event: ${name}`));
        resolve({
          close: () => asked.destroy(),
          next: async (name) => {
            const signal = AbortSignal.timeout(EVENT_TIMEOUT_MS);
            while (!event(name)) {
              await once(response, "data", { signal }).catch(() => {
                throw new Error(`no event ${name} in ${JSON.stringify(text)}`);
              });
            }
            return JSON.parse(event(name).match(/^data: (.*)$/m)[1]);
          },
        });
      },
    );
    asked.on("error", reject);
  });
}

const [binary] = process.argv.slice(2);
if (!binary) {
  console.error("usage: node script/smoke.mjs <binary>");
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), "hookglass-smoke-"));
await copyFile(binary, join(folder, "hookglass"));
let server;
try {
  server = await start(folder);
  const { port } = server;

  const page = await request(port, "/", { headers: { accept: "text/html" } });
  await check("the start page is HTML with its browser half", () => {
    assert.equal(page.status, 200);
    assert.match(page.headers["content-type"], /^text\/html/);
    assert.match(page.text, /\/assets\/[0-9a-f]{16}\.js/);
    assert.match(page.text, /\/assets\/[0-9a-f]{16}\.wasm/);
    assert.match(page.text, /\/assets\/[0-9a-f]{16}\.css/);
  });

  const assets = [...new Set(page.text.match(/\/assets\/[\w.-]+/g))];
  let brotliBytes = 0;
  await check("every asset that the page names comes in all codings and lasts", async () => {
    for (const path of assets) {
      const plain = await request(port, path);
      assert.equal(plain.status, 200, path);
      assert.equal(plain.headers["content-encoding"], undefined);
      for (const [coding, decode] of [["br", brotliDecompressSync], ["gzip", gunzipSync]]) {
        const packed = await request(port, path, { headers: { "accept-encoding": coding } });
        if (packed.headers["content-encoding"] !== undefined) {
          assert.equal(packed.headers["content-encoding"], coding);
          assert.ok(decode(packed.bytes).equals(plain.bytes), `${path} as ${coding}`);
        }
        if (!/\/[0-9a-f]{16}\.(js|wasm|css)$/.test(path)) continue;
        assert.equal(packed.headers["content-encoding"], coding);
        assert.match(packed.headers["cache-control"], /immutable/);
        const again = await request(port, path, {
          headers: { "accept-encoding": coding, "if-none-match": packed.headers.etag },
        });
        assert.equal(again.status, 304);
        if (coding === "br") brotliBytes += packed.bytes.length;
      }
    }
    return assets.join(" ");
  });
  await check(`the browser half is at most ${BROWSER_HALF_LIMIT_BYTES} bytes of brotli`, () => {
    assert.ok(brotliBytes > 0 && brotliBytes <= BROWSER_HALF_LIMIT_BYTES, `${brotliBytes} bytes`);
    return `${brotliBytes} bytes`;
  });
  await check("an asset that is not there is no page", async () => {
    const missing = await request(port, "/assets/0000000000000000.js", { headers: { accept: "text/html" } });
    assert.equal(missing.status, 404);
    assert.doesNotMatch(missing.headers["content-type"] ?? "", /html/);
  });
  await check("robots may read the start page only", async () => {
    assert.match((await request(port, "/robots.txt")).text, /^Disallow: \/$/m);
  });

  let endpoint;
  await check("a program makes an endpoint and gets the key", async () => {
    const made = await request(port, "/api/endpoints", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    assert.equal(made.status, 201, made.text);
    endpoint = JSON.parse(made.text);
    assert.match(endpoint.key, /^hgk_[\w-]{43}$/);
  });

  const auth = { authorization: `Bearer ${endpoint.key}` };
  const body = '{"action":"opened","n":123456789012345678}';
  await check("a capture is answered, told to the feed, listed and kept byte for byte", async () => {
    const events = await feed(port, `/api/endpoints/${endpoint.id}/live`, endpoint.key);
    try {
      const sent = await request(port, `/${endpoint.id}/orders?x=1`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      assert.equal(sent.status, 200, sent.text);
      assert.equal(sent.headers["hookglass-seq"], "1");
      const summary = await events.next("captured");
      assert.equal(summary.seq, 1);
      assert.equal(summary.target, `/${endpoint.id}/orders?x=1`);
    } finally {
      events.close();
    }
    const requests = `/api/endpoints/${endpoint.id}/requests`;
    const list = JSON.parse((await request(port, requests, { headers: auth })).text);
    assert.deepEqual(list.requests.map(({ seq }) => seq), [1]);
    assert.equal((await request(port, `${requests}/1/body`, { headers: auth })).text, body);
    assert.equal((await request(port, requests)).status, 404, "without the key");
  });

  await check("its folder holds the database, for its owner only, and nothing else", async () => {
    const names = (await readdir(folder)).sort();
    const expected = ["hookglass", "hookglass.db", "hookglass.db-shm", "hookglass.db-wal"];
    assert.deepEqual(names.filter((name) => !expected.includes(name)), []);
    assert.ok(names.includes("hookglass.db"));
    for (const name of names.filter((name) => name !== "hookglass")) {
      assert.equal(((await stat(join(folder, name))).mode & 0o777).toString(8), "600", name);
    }
    return names.slice(1).join(" ");
  });

  await check("it ends when asked to, with an open feed too", async () => {
    const events = await feed(port, `/api/endpoints/${endpoint.id}/live`, endpoint.key);
    const exit = once(server.child, "exit", { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
    server.child.kill("SIGTERM");
    const [code] = await exit;
    events.close();
    assert.equal(code, 0);
  });
} catch (error) {
  failures += 1;
  console.log(`not ok - the smoke run went through\n${error.stack ?? error}\n${server?.output() ?? ""}`);
} finally {
  server?.child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
}
process.exit(failures === 0 ? 0 : 1);
