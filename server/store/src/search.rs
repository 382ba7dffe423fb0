//! What is looked for in requests, and what was found.

use std::{sync::Arc, time::Duration};

use hookglass_wire::Summary;

use hookglass_query::Query;

/// What is looked for in an endpoint's requests, and how far.
#[derive(Debug, Clone)]
pub struct Search {
    /// What is looked for.
    pub query: Arc<Query>,
    /// From where on, exclusive.
    pub from: From,
    /// At most so many are found.
    pub limit: usize,
    /// How long it may take; something is looked at even if that is nothing.
    pub budget: Duration,
}

/// Where a search begins, and into which direction it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Below this `seq`, newest first.
    Before(i64),
    /// Above this `seq`, oldest first.
    After(i64),
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPage {
    /// At most as many as asked for, in the order of the search.
    pub requests: Vec<Summary>,
    /// From where on to look further, exclusive; `None` where all were looked at.
    pub next: Option<i64>,
    /// The workspace's change that this shows.
    pub change: i64,
}
