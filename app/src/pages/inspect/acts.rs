//! What the viewer does to the open endpoint, and how what arrives reaches its lists.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api,
    format::joined,
    lists::Lists,
    live::{self, Following},
    wire::{FeedEvent, Problem, Window},
};

/// How many requests a page holds that is asked for while one scrolls.
const PAGE_ROWS: u32 = 100;

/// What the viewer does to the open endpoint, and what it shows meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acts {
    /// What the page shows.
    pub(super) lists: Lists,
    /// Whether an older page is being loaded.
    pub(super) is_loading: RwSignal<bool>,
    /// What went wrong last, until something goes well.
    pub(super) trouble: RwSignal<Option<Problem>>,
}

/// All of these may outlive the page by the time of a call: they write only to what is still there.
impl Acts {
    fn id(self) -> String {
        self.lists.all.read_untracked().endpoint.id.clone()
    }

    pub(super) fn follow(self) -> Following {
        let change = self.lists.all.read_untracked().change;
        live::follow(vec![self.id()], change, move |id, event| {
            let has_gap = self.lists.all.try_update(|state| {
                let had_gap = state.has_gap();
                state.apply(id, &event);
                state.has_gap() && !had_gap
            });
            if has_gap == Some(true) {
                self.close_gap();
            }
        })
    }

    /// Reads the first page again, and once more as long as too much comes in between.
    fn close_gap(self) {
        let id = self.id();
        spawn_local(async move {
            loop {
                let endpoint = match api::endpoint(&id).await {
                    Ok(endpoint) => endpoint,
                    Err(problem) => return self.report(problem),
                };
                let page = match api::requests(&id, Window::default()).await {
                    Ok(page) => page,
                    Err(problem) => return self.report(problem),
                };
                if self.lists.all.try_update(|state| state.refresh(endpoint, page)) != Some(false) {
                    return;
                }
            }
        });
    }

    pub(super) fn load_older(self) {
        let before = self.lists.all.read_untracked().next_before;
        if before.is_none() || self.is_loading.get_untracked() {
            return;
        }
        self.is_loading.set(true);
        let id = self.id();
        spawn_local(async move {
            match api::requests(&id, Window { before, limit: Some(PAGE_ROWS), ..Window::default() })
                .await
            {
                Ok(page) => {
                    let _ = self.lists.all.try_update(|state| state.append(page));
                    let _ = self.trouble.try_set(None);
                }
                Err(problem) => self.report(problem),
            }
            let _ = self.is_loading.try_set(false);
        });
    }

    pub(super) fn change(self, field: &str, value: &str) {
        let id = self.id();
        // Both come from our own buttons: names of the API, and words or numbers that need no
        // escape.
        let quote = if field == "expires_in" { "" } else { "\"" };
        let change = joined(&["{\"", field, "\":", quote, value, quote, "}"]);
        spawn_local(async move {
            match api::change(&id, change).await {
                Ok(endpoint) => self.apply(FeedEvent::Endpoint(endpoint)),
                Err(problem) => self.report(problem),
            }
        });
    }

    pub(super) fn clear(self, show: impl Fn(Option<i64>) + 'static) {
        let id = self.id();
        let through = self.lists.all.read_untracked().endpoint.last_seq;
        spawn_local(async move {
            match api::clear(&id).await {
                Ok(_) => {
                    self.apply(FeedEvent::Cleared { endpoint: id, through });
                    show(None);
                }
                Err(problem) => self.report(problem),
            }
        });
    }

    /// Deletes a request and shows the next older one, or the next newer one at the end.
    pub(super) fn delete(self, seq: i64, show: impl Fn(Option<i64>) + 'static) {
        let id = self.id();
        spawn_local(async move {
            match api::delete_request(&id, seq).await {
                Ok(()) => {
                    let next = self.lists.all.try_read_untracked().and_then(|state| {
                        let older = state.requests.iter().find(|known| known.seq < seq);
                        let newer = state.requests.iter().rfind(|known| known.seq > seq);
                        older.or(newer).map(|known| known.seq)
                    });
                    self.apply(FeedEvent::Deleted { endpoint: id, seqs: vec![seq] });
                    show(next);
                }
                Err(problem) => self.report(problem),
            }
        });
    }

    fn apply(self, event: FeedEvent) {
        let _ = self.lists.all.try_update(|state| state.apply(None, &event));
        let _ = self.trouble.try_set(None);
    }

    fn report(self, problem: Problem) {
        let _ = self.trouble.try_set(Some(problem));
    }
}
