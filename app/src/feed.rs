//! What one endpoint's page holds, and how each feed event changes it: pure.

use crate::wire::{Endpoint, FeedEvent, GoneReason, Page, Summary};

/// The requests of one endpoint as far as a page has loaded them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedState {
    /// The endpoint with its settings and counts, as last heard.
    pub endpoint: Endpoint,
    /// Newest first, no `seq` twice.
    pub requests: Vec<Summary>,
    /// The `before` of the next older page, `None` at the end.
    pub next_before: Option<i64>,
    /// The last change that is shown here: where the feed goes on from.
    pub change: i64,
    /// Set once the endpoint is no more.
    pub gone: Option<GoneReason>,
}

impl FeedState {
    /// The state that a freshly loaded first page shows.
    pub fn new(endpoint: Endpoint, page: Page) -> Self {
        unimplemented!()
    }

    /// Applies one event; `id` is the SSE id, if it had one. Events of other endpoints change
    /// only `change`.
    pub fn apply(&mut self, id: Option<i64>, event: &FeedEvent) {
        unimplemented!()
    }

    /// Adds an older page at the end.
    pub fn append(&mut self, page: Page) {
        unimplemented!()
    }
}
