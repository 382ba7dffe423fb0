//! Arrivals during a search: the server decides which of them match.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::SearchState;
use crate::{
    api,
    wire::{FeedEvent, Summary, Window},
};

/// How long arrivals are batched before the server is asked which of them match.
const GATHER: Duration = Duration::from_millis(150);

impl SearchState {
    /// Asks which of the arrivals match, once per batch.
    pub(super) fn gather(self) {
        if self.ask(|asked| std::mem::replace(&mut asked.gathers, true)) {
            return;
        }
        set_timeout(move || spawn_local(self.take_new()), GATHER);
    }

    async fn take_new(self) {
        loop {
            let Some(asked) = self.asked.try_get_value() else { return };
            let newest = self.lists.all.read_untracked().endpoint.last_seq;
            let search = self.span.get_untracked().search(self.q.get_untracked().as_deref());
            if search.is_none() || asked.through >= newest {
                break;
            }
            let id = self.id();
            let after = Some(asked.through);
            let answer =
                api::requests(&id, Window { after, limit: Some(200), q: search, before: None })
                    .await;
            let Some(now) = self.asked.try_get_value() else { return };
            let Ok(page) = answer else { break };
            if now.search != asked.search {
                continue;
            }
            let last = page.requests.last().map_or(newest, |row| row.seq.max(newest));
            let through = page.next_after.unwrap_or(last);
            self.ask(|asked| asked.through = through.max(asked.through));
            self.add(page.requests);
            if through <= asked.through {
                break;
            }
        }
        self.ask(|asked| asked.gathers = false);
    }

    /// Adds matching arrivals to the top of the results.
    fn add(self, arrived: Vec<Summary>) {
        if arrived.is_empty() {
            return;
        }
        let mut new = Vec::new();
        self.lists.found.update(|found| {
            let Some(found) = found else { return };
            for summary in arrived {
                if found.find(summary.seq).is_none() {
                    found.apply(None, &FeedEvent::Captured(summary.clone()));
                    new.push(summary);
                }
            }
        });
        for summary in &new {
            self.tick(summary);
        }
        let count = u64::try_from(new.len()).unwrap_or_default();
        self.total.update(|total| total.iter_mut().for_each(|(total, _)| *total += count));
    }
}
