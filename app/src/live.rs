//! The feed in the browser: an EventSource that survives what EventSource alone does not.

use leptos::prelude::*;

use crate::wire::{FeedEvent, GoneReason};

/// How the feed of a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Connection {
    /// Not open yet; what server-rendered pages say.
    #[default]
    Connecting,
    /// Open, and heard from within the last beats.
    Live,
    /// Lost; being opened again.
    Reconnecting,
    /// The browser itself says that it has no network.
    Offline,
    /// Over for good: the endpoint is gone or no longer the caller's.
    Ended(Option<GoneReason>),
}

/// Follows the feed of `endpoints` (all of the workspace if empty) from `after` on, in the
/// browser, until the owner of the current reactive scope is cleaned up; on the server it does
/// nothing. `on_event` gets every event in order with its SSE id.
pub fn follow(
    endpoints: Vec<String>,
    after: i64,
    on_event: impl Fn(Option<i64>, FeedEvent) + 'static,
) -> Signal<Connection> {
    unimplemented!()
}
