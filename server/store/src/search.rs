//! Search requests and their results.

use std::{sync::Arc, time::Duration};

use hookglass_wire::Summary;

use hookglass_query::Query;

/// A search through an endpoint's requests.
#[derive(Debug, Clone)]
pub struct Search {
    /// The query.
    pub query: Arc<Query>,
    /// Where the search starts, exclusive.
    pub from: From,
    /// The maximum number of results.
    pub limit: usize,
    /// The time limit; at least one request is examined even if it is zero.
    pub budget: Duration,
}

/// The start and direction of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Below this `seq`, newest first.
    Before(i64),
    /// Above this `seq`, oldest first.
    After(i64),
}

/// The results of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPage {
    /// At most the requested number, in search order.
    pub requests: Vec<Summary>,
    /// Where to continue, exclusive; `None` if all were examined.
    pub next: Option<i64>,
    /// The workspace's change as of which this was read.
    pub change: i64,
}
