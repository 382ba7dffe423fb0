//! The viewer's actions on the open endpoint, and the delivery of events to its lists.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::search_state::SearchState;
use crate::{
    api,
    components::link,
    format::joined,
    lists::Lists,
    live::{self, Following},
    undo_queue::{PendingDeletion, UndoQueue},
    wire::{FeedEvent, Problem, Summary, Timestamp, Window},
};

/// The number of requests per page that is loaded while scrolling.
pub(super) const PAGE_ROWS: u32 = 100;

/// How long events are batched: a few frames.
const GATHER: Duration = Duration::from_millis(50);

/// How long after a failed call closing a gap is retried.
const AGAIN: Duration = Duration::from_secs(2);

/// Waiting events; `None` if none has come for a while.
type Gathered = StoredValue<Option<Vec<(Option<i64>, FeedEvent)>>>;

/// The viewer's actions on the open endpoint, and their state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Actions {
    /// The visible lists.
    pub(super) lists: Lists,
    /// Whether an older page is being loaded.
    pub(super) is_loading: RwSignal<bool>,
    /// The last error, until a call succeeds.
    pub(super) trouble: RwSignal<Option<Problem>>,
}

/// All of these may run after the page is gone: they write only to signals that still exist.
impl Actions {
    fn id(self) -> String {
        self.lists.all.read_untracked().endpoint.id.clone()
    }

    /// Follows the feed. The first event after a pause is applied at once; events right after it
    /// are batched, so that a burst renders the page a few times and not once per event.
    pub(super) fn follow(self, finding: SearchState) -> Following {
        let change = self.lists.all.read_untracked().change;
        let gathered = Gathered::new(None);
        live::follow(vec![self.id()], change, move |id, event| {
            let is_first = gathered.try_update_value(|gathered| match gathered {
                Some(gathered) => {
                    gathered.push((id, event.clone()));
                    false
                }
                None => {
                    *gathered = Some(Vec::new());
                    true
                }
            });
            if is_first == Some(true) {
                self.hear(finding, id, &event);
                set_timeout(move || self.hear_gathered(finding, gathered), GATHER);
            }
        })
    }

    /// Applies the batched events, and waits for more as long as there are any.
    fn hear_gathered(self, finding: SearchState, gathered: Gathered) {
        let Some(events) = gathered.try_update_value(Option::take).flatten() else { return };
        if events.is_empty() {
            return;
        }
        gathered.set_value(Some(Vec::new()));
        for (id, event) in &events {
            self.hear(finding, *id, event);
        }
        set_timeout(move || self.hear_gathered(finding, gathered), GATHER);
    }

    fn hear(self, finding: SearchState, id: Option<i64>, event: &FeedEvent) {
        let has_gap = self.lists.all.try_update(|state| {
            let had_gap = state.has_gap();
            state.apply(id, event);
            state.has_gap() && !had_gap
        });
        match has_gap {
            Some(true) => self.close_gap(finding),
            Some(false) => finding.hear(id, event),
            None => {}
        }
    }

    /// Reads the first page again, and retries while too many events come in between or the call
    /// fails.
    fn close_gap(self, finding: SearchState) {
        let id = self.id();
        spawn_local(async move {
            loop {
                let read = async {
                    let endpoint = api::endpoint(&id).await?;
                    Ok((endpoint, api::requests(&id, Window::default()).await?))
                };
                let (endpoint, page) = match read.await {
                    Ok(read) => read,
                    Err(problem) => {
                        if !Problem::is_final(&problem) {
                            set_timeout(move || self.close_gap_later(finding), AGAIN);
                        }
                        return self.report(problem);
                    }
                };
                match self.lists.all.try_update(|state| state.refresh(endpoint, page)) {
                    Some(true) => {
                        let _ = self.trouble.try_set(None);
                        return finding.load();
                    }
                    Some(false) => {}
                    None => return,
                }
            }
        });
    }

    fn close_gap_later(self, finding: SearchState) {
        if self.lists.all.try_with_untracked(|state| state.has_gap()) == Some(true) {
            self.close_gap(finding);
        }
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
        // Both come from our own buttons: API field names, and words or numbers that need no
        // escaping.
        let quote = if field == "expires_in" { "" } else { "\"" };
        let change = joined(&["{\"", field, "\":", quote, value, quote, "}"]);
        spawn_local(async move {
            match api::change(&id, change).await {
                Ok(endpoint) => self.apply(FeedEvent::Endpoint(endpoint)),
                Err(problem) => self.report(problem),
            }
        });
    }

    /// Hides the requests that the viewer deleted from both lists; `q` is the search of the second
    /// one.
    pub(super) fn set_hidden(self, q: Memo<Option<String>>) {
        let pending = UndoQueue::get();
        let id = self.id();
        Effect::new(move |_| {
            self.lists.turn.track();
            let hidden = pending.hidden(&id, None);
            if self.lists.all.read_untracked().hides(&hidden) {
                return;
            }
            self.lists.all.update(|list| list.set_hidden(hidden));
        });
        let id = self.id();
        Effect::new(move |_| {
            self.lists.turn.track();
            let hidden = pending.hidden(&id, q.read().as_deref());
            let found = self.lists.found.read_untracked();
            if found.as_ref().is_none_or(|list| list.hides(&hidden)) {
                return;
            }
            drop(found);
            self.lists.found.update(|list| {
                if let Some(list) = list {
                    list.set_hidden(hidden);
                }
            });
        });
    }

    /// Changes the note or pin of a request; sets `known` to the new summary, too.
    pub(super) fn annotate(self, change: String, known: RwSignal<Summary>) {
        let id = self.id();
        let seq = known.with_untracked(|known| known.seq);
        spawn_local(async move {
            match api::annotate(&id, seq, change).await {
                Ok(summary) => {
                    let _ = known.try_set(summary.clone());
                    self.apply(FeedEvent::Updated(summary));
                }
                Err(problem) => self.report(problem),
            }
        });
    }

    /// Empties the list; can be undone for a while.
    pub(super) fn clear(self, pending: UndoQueue, show: impl Fn(Option<i64>)) {
        let (through, count) = {
            let state = self.lists.all.read_untracked();
            (state.endpoint.last_seq, state.endpoint.requests)
        };
        let at = api::now();
        pending.hold(self.id(), PendingDeletion::Found { q: None, through, count, at }, None);
        show(None);
    }

    /// Deletes the requests that a search found `at` that time; can be undone for a while.
    pub(super) fn delete_found(
        self,
        pending: UndoQueue,
        q: Option<String>,
        at: Timestamp,
        count: u64,
    ) {
        let through = self.lists.all.read_untracked().endpoint.last_seq;
        pending.hold(self.id(), PendingDeletion::Found { q, through, count, at }, None);
    }

    /// Deletes a request, which can be undone for a while, and shows the next older one, or at the
    /// end of the list the next newer one. The neighbours of a request that is not in the list are
    /// unknown: then the list is shown.
    pub(super) fn delete(self, pending: UndoQueue, seq: i64, show: impl Fn(Option<i64>)) {
        let id = self.id();
        // A key pressed twice, before the next request was there.
        if untrack(|| pending.hidden(&id, None)).seqs.contains(&seq) {
            return;
        }
        let next = self.lists.read_untracked(|state| {
            state.find(seq)?;
            let older = state.requests.iter().find(|known| known.seq < seq);
            let newer = state.requests.iter().rfind(|known| known.seq > seq);
            older.or(newer).map(|known| known.seq)
        });
        let pages = (link::inspect(&id, Some(seq), ""), link::inspect(&id, next, ""));
        pending.hold(id, PendingDeletion::Requests(vec![seq]), Some(pages));
        show(next);
    }

    fn apply(self, event: FeedEvent) {
        let _ = self.lists.all.try_update(|state| state.apply(None, &event));
        let _ = self.trouble.try_set(None);
    }

    fn report(self, problem: Problem) {
        let _ = self.trouble.try_set(Some(problem));
    }
}
