// A hundred hostile texts in every place that accepts a sender's text, in every view that shows it:
// none of their scripts run, no text breaks out, nothing loads from elsewhere.

import type { BrowserContext, Frame, Page } from "@playwright/test";
import { askedElsewhere } from "../lib/elsewhere.ts";
import { ELSEWHERE, PAYLOADS } from "../lib/payloads.ts";
import { Inspect } from "../lib/pages.ts";
import { curl, type Header, raw } from "../lib/senders.ts";
import { expect, test } from "../lib/test.ts";

/** The number of texts in one request. */
const TEXTS_EACH = 25;

/** Elements and attributes that our pages never contain. */
const FOREIGN = [
  "[onerror], [onload], [onclick], [onfocus], [ontoggle], [onmouseover], [onpageshow], [onbegin]",
  "marquee, math, object, embed, frameset, base, audio, video, track, foreignObject, mglyph",
  "meta[http-equiv=refresh], template[shadowrootmode], iframe:not([sandbox='']), iframe[src]",
  `a[href^='javascript:' i], a[href^='data:text' i], form[action*='${ELSEWHERE}']`,
  `[src*='${ELSEWHERE}'], [href*='${ELSEWHERE}'], [formaction]`,
].join(", ");

/** What must never happen while a browser is observed. */
class Watch {
  readonly #asked: string[];
  readonly #others: string[] = [];

  constructor(context: BrowserContext, origin: string) {
    this.#asked = askedElsewhere(context, origin);
    context.on("dialog", (dialog) => {
      this.#others.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on("page", () => this.#others.push("another page was opened"));
  }

  get seen(): string[] {
    return [...this.#asked, ...this.#others];
  }
}

async function isUnharmed(page: Page, origin: string): Promise<void> {
  const found = await page.evaluate((foreign) => {
    const frames = [...document.querySelectorAll("iframe")];
    return {
      ran: (window as { ran?: unknown }).ran,
      foreign: [...document.querySelectorAll(foreign)].map((element) => element.outerHTML.slice(0, 200)),
      // Our scripts carry a nonce, which the browser hides from selectors but not from script. The
      // blocks of loaded data never run, and are there until the browser half has read them.
      scripts: [...document.scripts].filter(({ nonce, type, id }) =>
        !nonce && !(type === "application/json" && id.startsWith("data-"))).length,
      sandboxed: frames.every((frame) => frame.getAttribute("sandbox") === ""),
      ended: document.body.lastElementChild !== null && document.querySelectorAll("body").length === 1,
    };
  }, FOREIGN);
  expect(found).toEqual({ ran: undefined, foreign: [], scripts: 0, sandboxed: true, ended: true });
  expect(page.url()).toContain(`${origin}/`);
  const strangers = page.frames().filter((frame: Frame) => {
    // A frame that a policy blocked is empty, or shows an error page of the browser.
    const harmless = ["about:srcdoc", "about:blank", "chrome-error://chromewebdata/", ""];
    return frame !== page.mainFrame() && !harmless.includes(frame.url());
  });
  expect(strangers.map((frame) => frame.url())).toEqual([]);
}

/** A head that no library would send, with the texts in names, values, target and query. */
function head(id: string, port: number, texts: string[], type: string, length: number): Buffer {
  // Characters that targets and names can never contain are a matter of framing, not of display.
  const inTarget = (text: string) => text.replace(/[\u0000-\u0020\u007f]/g, "+").replaceAll("#", "%23");
  const inName = (text: string) => text.replace(/[^!-9;-~]/g, "").slice(0, 200) || "x";
  const inValue = (text: string) => text.replace(/[\u0000-\u001f\u007f]/g, " ");
  const query = texts.map((text, index) => `q${index}=${inTarget(text)}&${inTarget(text)}=1`).join("&");
  const lines = [
    `POST /${id}/${inTarget(texts[0] ?? "")}?${query} HTTP/1.1`,
    `Host: localhost:${port}`,
    "Connection: close",
    `Content-Length: ${length}`,
    `Content-Type: ${inValue(type)}`,
    `X-GitHub-Event: ${inValue(texts[1] ?? "")}`,
    `User-Agent: ${inValue(texts[2] ?? "")}`,
    ...texts.map((text, index) => `X-Hostile-${index}: ${inValue(text)}`),
    ...texts.map((text) => `${inName(text)}: ${inValue(text)}`),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

interface Body {
  type: string;
  text: string;
  /** The forms in which to view it. */
  forms: string[];
}

/** The texts in the kinds of bodies whose viewers they could mislead. */
function bodies(texts: string[]): Body[] {
  const boundary = "-edge-";
  const quoted = (text: string) => text.replace(/["\r\n]/g, (found) => encodeURIComponent(found));
  const part = (text: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(text)}"; filename="${quoted(text)}"\r\n` +
    `Content-Type: ${text.replace(/[\r\n]/g, " ")}\r\n\r\n${text}\r\n`;
  const svg = texts.join("\n");
  return [
    {
      type: "application/json",
      text: JSON.stringify(Object.fromEntries(texts.map((text) => [text, [text, { [text]: text }]]))),
      forms: ["json", "text", "hex"],
    },
    { type: "text/html", text: `<!doctype html><title>x</title>${svg}`, forms: ["html", "preview", "text"] },
    {
      type: "image/svg+xml",
      text: `<svg xmlns="http://www.w3.org/2000/svg" onload="top.ran=1">${svg}</svg>`,
      forms: ["xml", "preview", "image", "text"],
    },
    {
      type: "application/x-www-form-urlencoded",
      text: texts.map((text) => `${encodeURIComponent(text)}=${encodeURIComponent(text)}`).join("&"),
      forms: ["form", "text"],
    },
    {
      type: `multipart/form-data; boundary="${boundary}"`,
      text: `${texts.map(part).join("")}--${boundary}--\r\n`,
      forms: ["multipart", "text"],
    },
    { type: texts[3] ?? "", text: svg, forms: ["text", "preview", "hex"] },
  ];
}

test("a hundred hostile texts run nothing, break nothing, load nothing", async ({
  page,
  context,
  origin,
  hookglass,
  complaints,
}) => {
  test.setTimeout(300_000);
  expect(PAYLOADS).toHaveLength(100);
  // The frame of a preview forbids everything, and reports each violation.
  complaints.allow(
    /^error: (Refused to|Loading|Blocked|Framing|Executing|Applying|Connecting|Creating|Sending|Setting|Running|Prefetch|Unsafe attempt).*/,
    /^(error|warning): .*(Content Security Policy|sandbox|about:srcdoc|srcdoc)/i,
    /^(error|warning): .*\((about:srcdoc|)\)$/,
  );
  const inspect = await Inspect.createLive(page, origin);
  const id = inspect.id;
  const watch = new Watch(context, origin);

  let seq = 0;
  for (let at = 0; at < PAYLOADS.length; at += TEXTS_EACH) {
    const texts = PAYLOADS.slice(at, at + TEXTS_EACH);
    const first = seq + 1;
    const kinds = bodies(texts);
    for (const { type, text } of kinds) {
      const body = Buffer.from(text);
      const bytes = Buffer.concat([head(id, hookglass.port, texts, type, body.length), body]);
      expect((await raw(hookglass.port, bytes)).status).toBe(200);
      seq += 1;
    }
    // Rendered in the browser: from the list, through the parts.
    await inspect.choose(first);
    for (const part of ["Headers", "Query", "Wire", "Reply", "Body"]) {
      await inspect.detail
        .getByRole("navigation", { name: "Parts of the request" })
        .getByRole("link", { name: new RegExp(`^${part}`) })
        .click();
      await expect(inspect.detail).toBeVisible();
      await isUnharmed(page, origin);
    }
    // Rendered by the server: each view by URL.
    const views = ["headers", "query", "wire", "reply"].map((tab) => `${first}?tab=${tab}`);
    kinds.forEach(({ forms }, index) => {
      views.push(...forms.map((form) => `${first + index}?tab=body&form=${form}`));
    });
    views.push(`${first + 1}?tab=compare&with=previous`, `${first}?tab=compare&with=${first + 5}`);
    for (const view of views) {
      await page.goto(`${origin}/inspect/${id}/${view}`);
      await expect(inspect.detail).toBeVisible();
      await isUnharmed(page, origin);
    }
    await inspect.isLive();
  }
  expect(watch.seen).toEqual([]);
});

test("a hostile search is text in the page, in its error and in the title", async ({
  page,
  context,
  origin,
  complaints,
}) => {
  test.setTimeout(120_000);
  complaints.allow(/^error: Failed to load resource: the server responded with a status of 400 .*\/api\//);
  const inspect = await Inspect.createLive(page, origin);
  const watch = new Watch(context, origin);
  for (const text of PAYLOADS.filter((_, index) => index % 4 === 0)) {
    for (const query of [text, `"${text.replaceAll('"', "")}"`, `method:${text}`]) {
      await page.goto(`${origin}/inspect/${inspect.id}?q=${encodeURIComponent(query)}`);
      await isUnharmed(page, origin);
    }
  }
  expect(watch.seen).toEqual([]);
});

test("what its owner writes is text as well", async ({ page, context, origin }) => {
  const inspect = await Inspect.createLive(page, origin);
  const watch = new Watch(context, origin);
  const id = inspect.id;
  const url = new URL(await inspect.url());
  const headers: Header[] = [["Content-Type", "text/plain"]];
  await curl(url.href, { headers, body: "x" });
  const texts = PAYLOADS.slice(0, 50);
  const change = (path: string, body: object) =>
    page.evaluate(
      async ([path, body]) => {
        const headers = { "content-type": "application/json" };
        return (await fetch(path, { method: "PATCH", headers, body })).status;
      },
      [path, JSON.stringify(body)] as const,
    );
  for (let at = 0; at < texts.length; at += 10) {
    const text = texts.slice(at, at + 10).join(" ");
    expect(await change(`/api/endpoints/${id}/requests/1`, { note: text })).toBe(200);
    expect(await change(`/api/endpoints/${id}`, { name: text.slice(0, 80) })).toBe(200);
    for (const path of [`/inspect/${id}`, `/inspect/${id}/1`, "/"]) {
      await page.goto(origin + path);
      await isUnharmed(page, origin);
    }
  }
  expect(watch.seen).toEqual([]);
});
