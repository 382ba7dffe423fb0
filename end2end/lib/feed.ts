// A feed that says what a test wants: for what the real server only says on a full disk or after
// ten thousand requests.

import type { Page } from "@playwright/test";

interface Scripted {
  scriptedFeeds: EventTarget[];
}

export class ScriptedFeed {
  private constructor(readonly page: Page) {}

  /** Takes the place of every feed that `page` opens from its next document on. */
  static async install(page: Page): Promise<ScriptedFeed> {
    await page.addInitScript(() => {
      const feeds: EventTarget[] = [];
      Object.assign(window, { scriptedFeeds: feeds });
      window.EventSource = class extends EventTarget {
        constructor() {
          super();
          feeds.push(this);
          queueMicrotask(() => this.dispatchEvent(new Event("open")));
        }
        close(): void {
          feeds.splice(feeds.indexOf(this), 1);
        }
      } as unknown as typeof EventSource;
    });
    return new ScriptedFeed(page);
  }

  /** Says an event to every feed that is open; `id` as the server would number it. */
  async say(name: string, data: object, id = ""): Promise<void> {
    const lastEventId = String(id);
    const event = { name, data: JSON.stringify(data), lastEventId };
    await this.page.evaluate(({ name, data, lastEventId }) => {
      for (const feed of (window as unknown as Scripted).scriptedFeeds) {
        feed.dispatchEvent(new MessageEvent(name, { data, lastEventId }));
      }
    }, event);
  }
}
