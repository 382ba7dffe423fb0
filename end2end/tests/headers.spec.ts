// The headers that keep pages safe and files fast.

import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { get } from "../lib/http.ts";
import { Inspect } from "../lib/pages.ts";
import { expect, test } from "../lib/test.ts";

test("pages carry a policy whose nonce is on every script and never the same", async ({
  page,
  origin,
}) => {
  const inspect = await Inspect.createLive(page, origin);
  const nonces = new Set<string>();
  for (const path of ["/", `/inspect/${inspect.id}`, `/inspect/${inspect.id}`]) {
    const answer = await get(origin + path);
    const policy = String(answer.headers["content-security-policy"]);
    const nonce = /'nonce-([A-Za-z0-9+/=_-]{22,})'/.exec(policy)?.[1] ?? "";
    expect(nonce, policy).not.toBe("");
    nonces.add(nonce);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/'unsafe-inline'|'unsafe-eval'/);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.headers["cache-control"]).toBe("no-store");
    const html = answer.body.toString();
    const tags = [...html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
    // Data blocks do not run, so policies do not apply to them.
    const scripts = tags.filter((tag) => !/^<script type="application\/json" id="[a-z-]+">$/.test(tag));
    expect(scripts.length).toBeGreaterThan(0);
    for (const tag of scripts) expect(tag).toContain(`nonce="${nonce}"`);
    expect(html).not.toMatch(/<[^>]+\son[a-z]+=/i);
    expect(html).not.toMatch(/<[^>]+\sstyle=/i);
  }
  expect(nonces.size).toBe(3);
});

test("files are kept as long as their names allow and sent as small as is understood", async ({
  page,
  origin,
}) => {
  await Inspect.createLive(page, origin);
  const urls = await page.evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => name),
  );
  const files = [...new Set(urls.filter((url) => new URL(url).pathname.startsWith("/assets/")))];
  for (const ending of [".js", ".wasm", ".css"]) {
    expect(files.some((url) => url.endsWith(ending)), ending).toBe(true);
  }
  for (const url of files) {
    // Files loaded by script and style have content hashes in their names; bookmarks know the icon
    // by its name.
    const isByContent = /\/[0-9a-f]{8,}[^/]*$/.test(new URL(url).pathname);
    expect(isByContent || /favicon\.[a-z]+$/.test(url), url).toBe(true);
    const lasting = isByContent ? "public, max-age=31536000, immutable" : "public, no-cache";
    const plain = await get(url);
    const brotli = await get(url, { "accept-encoding": "gzip, br" });
    const gzip = await get(url, { "accept-encoding": "gzip" });
    const refused = await get(url, { "accept-encoding": "br;q=0, gzip;q=0" });
    for (const { status, headers } of [plain, brotli, gzip, refused]) {
      expect(status).toBe(200);
      expect(headers["cache-control"]).toBe(lasting);
      expect(headers.etag).toMatch(/^"[^"]+"$/);
      expect(String(headers.vary).toLowerCase()).toContain("accept-encoding");
      expect(headers["x-content-type-options"]).toBe("nosniff");
    }
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(refused.headers["content-encoding"]).toBeUndefined();
    expect(brotli.headers["content-encoding"]).toBe("br");
    expect(gzip.headers["content-encoding"]).toBe("gzip");
    expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
    expect(brotli.body.length).toBeLessThan(plain.body.length);
  }
  const wasm = files.find((url) => url.endsWith(".wasm")) ?? "";
  expect((await get(wasm)).headers["content-type"]).toBe("application/wasm");
  const none = await get(`${origin}/assets/0123456789abcdef.js`);
  expect(none.status).toBe(404);
});

test("what is not a page is none of ours to show", async ({ origin }) => {
  expect((await get(`${origin}/robots.txt`)).status).toBe(200);
  expect((await get(`${origin}/favicon.ico`)).status).toBe(200);
  expect((await get(`${origin}/healthz`)).status).toBe(200);
  expect((await get(`${origin}/.well-known/security.txt`)).status).toBe(404);
  expect((await get(`${origin}/nobody-made-this`)).status).toBe(404);
});
