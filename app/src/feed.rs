//! The state of an endpoint's page, and how each feed event changes it: pure.
//!
//! Events may be repeated, and arrivals, deletions and retention may come in any order: deletions
//! are remembered, so that no deleted request reappears. Only if the latest value counts
//! (`updated`, `endpoint`) does the change number decide.

use std::collections::{BTreeSet, VecDeque};

use crate::wire::{Endpoint, FeedEvent, GoneReason, Page, Summary};

/// The number of events kept between a gap and the page that closes it. Beyond that the oldest are
/// dropped, and the page must be read again if it does not include them.
const MISSED_EVENTS: usize = 4_096;

/// The requests of an endpoint that a page has loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedState {
    /// The endpoint with its latest settings and counts. `requests` is exact once all pages are
    /// loaded, and until then as close as events allow.
    pub endpoint: Endpoint,
    /// Newest first, no `seq` twice.
    pub requests: Vec<Summary>,
    /// The `before` of the next older page, `None` at the end.
    pub next_before: Option<i64>,
    /// The last change that is included here: the feed continues from it.
    pub change: i64,
    /// Set once the endpoint is gone. Nothing else changes after that.
    pub gone: Option<GoneReason>,
    /// The change of the first page, which includes all changes up to it.
    base: i64,
    /// The number of requests that are stored but not loaded, as far as known.
    unloaded: u64,
    /// Requests up to this `seq` that are not loaded are counted in `unloaded`.
    counted_through: i64,
    /// The lowest `seq` that can still exist unpinned: all below were dropped or cleared.
    floor: i64,
    /// The highest `seq` known to be cleared: drops up to it are no longer mentioned.
    cleared_through: i64,
    /// Individually deleted requests, from `floor` on.
    deleted: BTreeSet<i64>,
    /// Events since a gap, until `refresh`.
    gap: Option<PendingGap>,
    /// Requests that the viewer deleted and can still restore.
    hidden: Hidden,
    /// The loaded requests that are hidden, in any order.
    hidden_rows: Vec<Summary>,
    /// `unloaded` and `next_before` of requests that are hidden without being loaded.
    hidden_rest: Option<(u64, Option<i64>)>,
}

/// Requests that count as deleted for the viewer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hidden {
    /// All requests up to this `seq`.
    pub through: i64,
    /// And these requests.
    pub seqs: BTreeSet<i64>,
}

impl Hidden {
    fn has(&self, seq: i64) -> bool {
        seq <= self.through || self.seqs.contains(&seq)
    }
}

/// Events since a gap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct PendingGap {
    /// Oldest first, at most `MISSED_EVENTS`.
    events: VecDeque<(Option<i64>, FeedEvent)>,
    /// The change that a page must include to close the gap.
    through: i64,
}

impl FeedState {
    /// Returns whether a request is known to be deleted, individually or with all others.
    #[must_use]
    pub fn is_deleted(&self, seq: i64) -> bool {
        seq <= self.cleared_through || self.deleted.contains(&seq)
    }

    /// Returns the state after a first page is loaded. Read the endpoint before the page, so that
    /// requests deleted in between are counted once.
    #[must_use]
    pub fn new(endpoint: Endpoint, page: Page) -> Self {
        // Arrivals between the two reads are on the page, but not in the endpoint's count.
        let counted_through = endpoint.last_seq;
        let known = page.requests.iter().filter(|summary| summary.seq <= counted_through).count();
        let mut state = Self {
            unloaded: endpoint.requests.saturating_sub(as_u64(known)),
            counted_through,
            base: page.change,
            floor: 1,
            cleared_through: 0,
            deleted: BTreeSet::new(),
            gap: None,
            hidden: Hidden::default(),
            hidden_rows: Vec::new(),
            hidden_rest: None,
            gone: None,
            change: page.change,
            next_before: page.next_before,
            requests: Vec::with_capacity(page.requests.len()),
            endpoint,
        };
        for summary in page.requests {
            state.insert(summary);
        }
        state.settle();
        state
    }

    /// Applies one event; `id` is the SSE id, if it had one. Events of other endpoints change only
    /// `change`.
    pub fn apply(&mut self, id: Option<i64>, event: &FeedEvent) {
        if let Some(gap) = &mut self.gap {
            gap.push(id, event);
        }
        // An arrival from before the first page that is not on it was deleted in the meantime.
        let shown = id.is_some_and(|id| id <= self.base);
        // A newer event for the same thing was applied already. Not `<=`: one change may have more
        // than one event.
        let outdated = id.is_some_and(|id| id < self.change);
        if self.gone.is_none() && !shown {
            self.change_by(id, event, outdated);
        }
        let change = match event {
            FeedEvent::Alive { change, .. } => Some(*change),
            _ => id,
        };
        self.change = self.change.max(change.unwrap_or(0));
    }

    /// Appends an older page: the response to `before` = `next_before`. A repeated response has no
    /// effect.
    pub fn append(&mut self, page: Page) {
        let Some(before) = self.next_before else { return };
        if self.gone.is_some() {
            return;
        }
        for summary in page.requests {
            if summary.seq < before && self.insert(summary) {
                self.unloaded = self.unloaded.saturating_sub(1);
            }
        }
        self.next_before = page.next_before.map(|next| next.min(before));
        self.hide_rest();
        self.settle();
    }

    /// Returns the number of loaded requests that are newer than `seq`, which is its position from
    /// the top.
    #[must_use]
    pub fn above(&self, seq: i64) -> usize {
        self.requests.partition_point(|summary| summary.seq > seq)
    }

    /// Returns a request if it is loaded.
    #[must_use]
    pub fn find(&self, seq: i64) -> Option<&Summary> {
        self.position(seq).ok().map(|at| &self.requests[at])
    }

    /// Returns whether an attempt of the delivery of `known` came after the one numbered `seq`.
    #[must_use]
    pub fn is_tried_since(&self, seq: i64, known: &Summary) -> bool {
        let delivery = known.delivery();
        let mut newer = self.requests.iter().take_while(|request| request.seq > seq);
        newer.any(|request| request.delivery() == delivery)
    }

    /// Returns whether exactly this is hidden.
    #[must_use]
    pub fn hides(&self, hidden: &Hidden) -> bool {
        self.hidden == *hidden
    }

    /// Shows everything hidden so far, and hides `hidden` instead.
    pub fn set_hidden(&mut self, hidden: Hidden) {
        if self.hidden == hidden {
            return;
        }
        self.hidden = Hidden::default();
        for summary in std::mem::take(&mut self.hidden_rows) {
            self.insert(summary);
        }
        if let Some((unloaded, next_before)) = self.hidden_rest.take() {
            (self.unloaded, self.next_before) = (unloaded, next_before);
        }
        self.hidden_rows =
            self.requests.extract_if(.., |summary| hidden.has(summary.seq)).collect();
        self.hidden = hidden;
        self.hide_rest();
        self.settle();
    }

    /// If everything that is not loaded is hidden, the viewer has no older page.
    fn hide_rest(&mut self) {
        if self.next_before.is_some_and(|before| before <= self.hidden.through.saturating_add(1)) {
            self.hidden_rest = Some((self.unloaded, self.next_before));
            (self.unloaded, self.next_before) = (0, None);
        }
    }

    /// Returns whether events were lost, so that the page must read requests and endpoint again and
    /// pass them to `refresh`.
    #[must_use]
    pub const fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    /// Closes a gap with a first page and an endpoint that were read after it: they replace
    /// everything loaded, and events since the gap are applied on top. Returns false if there were
    /// so many events that both must be read once more.
    pub fn refresh(&mut self, endpoint: Endpoint, page: Page) -> bool {
        let gap = self.gap.take().unwrap_or_default();
        if gap.through > page.change {
            self.gap = Some(gap);
            return false;
        }
        let gone = self.gone;
        let hidden = std::mem::take(&mut self.hidden);
        *self = Self::new(endpoint, page);
        self.set_hidden(hidden);
        for (id, event) in &gap.events {
            self.apply(*id, event);
        }
        self.gone = self.gone.or(gone);
        true
    }

    fn change_by(&mut self, id: Option<i64>, event: &FeedEvent, outdated: bool) {
        let own = self.endpoint.id.as_str();
        match event {
            FeedEvent::Captured(summary) if summary.endpoint == own => self.capture(summary),
            FeedEvent::Updated(summary) if summary.endpoint == own => {
                let known = match self.position(summary.seq) {
                    Ok(at) => self.requests.get_mut(at),
                    Err(_) => self.hidden_rows.iter_mut().find(|known| known.seq == summary.seq),
                };
                if let Some(known) = known.filter(|_| !outdated) {
                    *known = summary.clone();
                }
            }
            FeedEvent::Deleted { endpoint, seqs } if endpoint == own => self.delete(seqs),
            FeedEvent::Dropped { endpoint, below } if endpoint == own => {
                let through = self.endpoint.dropped_through.max(below.saturating_sub(1));
                self.show_dropped(through);
                self.raise(*below);
            }
            FeedEvent::Cleared { endpoint, through } if endpoint == own => {
                self.cleared_through = self.cleared_through.max(*through);
                self.show_dropped(self.endpoint.dropped_through);
                self.requests.retain(|summary| summary.seq > *through);
                self.hidden_rows.retain(|summary| summary.seq > *through);
                self.raise(through.saturating_add(1));
            }
            FeedEvent::Endpoint(endpoint) if endpoint.id == own => {
                if !outdated {
                    self.configure(endpoint, id.is_some());
                }
            }
            FeedEvent::Gone { endpoint, reason } if endpoint == own => self.gone = Some(*reason),
            FeedEvent::Gap { endpoint } if endpoint == own => {
                // A second gap invalidates the events since the first one.
                let through = id.unwrap_or(self.change);
                self.gap = Some(PendingGap { events: VecDeque::new(), through });
            }
            FeedEvent::Captured(_)
            | FeedEvent::Updated(_)
            | FeedEvent::Deleted { .. }
            | FeedEvent::Dropped { .. }
            | FeedEvent::Cleared { .. }
            | FeedEvent::Endpoint(_)
            | FeedEvent::Gone { .. }
            | FeedEvent::Gap { .. }
            | FeedEvent::Alive { .. } => {}
        }
    }

    fn capture(&mut self, summary: &Summary) {
        // Requests below the loaded pages come with their own page, and are counted there:
        // appending one to the list would hide that others between are missing.
        if self.next_before.is_none_or(|before| summary.seq >= before) {
            if self.insert(summary.clone()) && summary.seq <= self.counted_through {
                self.unloaded = self.unloaded.saturating_sub(1);
            }
            self.settle();
        }
    }

    fn delete(&mut self, seqs: &[i64]) {
        for &seq in seqs {
            if !self.deleted.insert(seq) {
                continue;
            }
            self.hidden_rows.retain(|summary| summary.seq != seq);
            if let Ok(at) = self.position(seq) {
                self.requests.remove(at);
            } else if seq >= self.floor && self.next_before.is_some_and(|before| seq < before) {
                self.unloaded = self.unloaded.saturating_sub(1);
            }
            self.endpoint.last_seq = self.endpoint.last_seq.max(seq);
        }
        self.settle();
    }

    /// Removes every request below `floor` that is not pinned.
    fn raise(&mut self, floor: i64) {
        if floor <= self.floor {
            return;
        }
        self.floor = floor;
        self.requests.retain(|summary| summary.pinned || summary.seq >= floor);
        self.hidden_rows.retain(|summary| summary.pinned || summary.seq >= floor);
        self.deleted = self.deleted.split_off(&floor);
        self.endpoint.last_seq = self.endpoint.last_seq.max(floor - 1);
        self.settle();
    }

    /// Records that retention dropped all up to `through`, unless they were cleared since.
    const fn show_dropped(&mut self, through: i64) {
        self.endpoint.dropped_through = if through > self.cleared_through { through } else { 0 };
    }

    /// Applies new data on the endpoint. `in_order` is false for a response that may be older than
    /// the feed's last event.
    fn configure(&mut self, endpoint: &Endpoint, in_order: bool) {
        let last_seq = self.endpoint.last_seq.max(endpoint.last_seq);
        if last_seq == endpoint.last_seq {
            self.unloaded = endpoint.requests.saturating_sub(as_u64(self.requests.len()));
            self.counted_through = last_seq;
        }
        // The page's URLs contain its own origin; those of the feed may contain a different one.
        let url = std::mem::take(&mut self.endpoint.url);
        let inspect_url = std::mem::take(&mut self.endpoint.inspect_url);
        let dropped = if in_order { 0 } else { self.endpoint.dropped_through };
        self.endpoint = Endpoint { url, inspect_url, last_seq, ..endpoint.clone() };
        self.show_dropped(dropped.max(endpoint.dropped_through));
        self.settle();
    }

    /// Inserts a request at its position. Returns false if it is already there or was deleted.
    fn insert(&mut self, summary: Summary) -> bool {
        let seq = summary.seq;
        // Limits keep pinned requests; clearing does not.
        let spared = summary.pinned && seq > self.cleared_through;
        if seq < self.floor && !spared || self.deleted.contains(&seq) {
            return false;
        }
        let Err(at) = self.position(seq) else { return false };
        if self.hidden.has(seq) {
            let is_known = self.hidden_rows.iter().any(|known| known.seq == seq);
            self.hidden_rows.extend((!is_known).then_some(summary));
            return !is_known;
        }
        self.requests.insert(at, summary);
        self.endpoint.last_seq = self.endpoint.last_seq.max(seq);
        true
    }

    /// Returns the index of a `seq`, or the one to insert it at.
    fn position(&self, seq: i64) -> Result<usize, usize> {
        self.requests.binary_search_by(|summary| seq.cmp(&summary.seq))
    }

    /// Updates cursor and counts with everything known to be gone.
    fn settle(&mut self) {
        let room = self.next_before.map_or(0, |before| before.saturating_sub(self.floor));
        let room = u64::try_from(room).unwrap_or(0);
        if room == 0 {
            self.next_before = None;
        }
        self.unloaded = self.unloaded.min(room);
        self.endpoint.requests = as_u64(self.requests.len()).saturating_add(self.unloaded);
    }
}

impl PendingGap {
    fn push(&mut self, id: Option<i64>, event: &FeedEvent) {
        if self.events.len() == MISSED_EVENTS
            && let Some((Some(id), _)) = self.events.pop_front()
        {
            self.through = self.through.max(id);
        }
        self.events.push_back((id, event.clone()));
    }
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
