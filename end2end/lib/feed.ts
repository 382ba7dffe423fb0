// A feed scripted by a test: for events that the real server sends only on a full disk or after ten
// thousand requests.

import type { Page } from "@playwright/test";

interface Scripted {
  scriptedFeeds: EventTarget[];
}

export class ScriptedFeed {
  private constructor(readonly page: Page) {}

  /** Replaces every feed that `page` opens, from its next document on. */
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

  /** Sends an event to every open feed; `id` is the number that the server would assign. */
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
