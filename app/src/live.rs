//! The feed in the browser: an `EventSource` that survives what `EventSource` alone does not.
//!
//! It knows nothing of what events mean but where the cursor stands and whether the feed is over;
//! what a page shows is `feed.rs`'s.

use leptos::prelude::*;

use crate::wire::{FeedEvent, GoneReason};

#[cfg(any(not(feature = "ssr"), test))]
mod backoff;
#[cfg(not(feature = "ssr"))]
mod browser;
#[cfg(not(feature = "ssr"))]
mod follower;
#[cfg(not(feature = "ssr"))]
mod source;
#[cfg(not(feature = "ssr"))]
mod stream;

/// The `<meta>` that tells workspaces apart: the tabs of one share a stream.
pub const WORKSPACE: &str = "hookglass-workspace";

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
    /// Lost, and the browser itself says that it has no network; still being opened again.
    Offline,
    /// Over for good: the endpoint is gone or no longer the caller's.
    Ended(Option<GoneReason>),
}

/// What a page that follows a feed knows of the server. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub struct Following {
    /// How the feed stands.
    pub connection: Signal<Connection>,
    /// Whether the server can keep requests, by its last beat. True until one says otherwise.
    pub storing: Signal<bool>,
}

/// Follows the feed of `endpoints` (all of the workspace if empty) from `after` on, in the
/// browser, until the owner of the current reactive scope is cleaned up; on the server it does
/// nothing.
///
/// `on_event` gets every event in order with its SSE id, outside of any reactive tracking. After a
/// cut the feed goes on behind the last event that was heard; a few events may come again, which
/// `FeedState` takes for nothing. Two events ask for an act of the page:
/// - `Gap`: what was missed is no longer known. The page reads requests and endpoint again and
///   hands them to `FeedState::refresh`; the feed itself goes on. An event that cannot be read
///   arrives as a gap too.
/// - `Gone`: the endpoint is gone. If it was the last one followed, the connection says `Ended`.
pub fn follow(
    endpoints: Vec<String>,
    after: i64,
    on_event: impl Fn(Option<i64>, FeedEvent) + 'static,
) -> Following {
    let connection = RwSignal::new(Connection::Connecting);
    let storing = RwSignal::new(true);
    #[cfg(not(feature = "ssr"))]
    follower::start(endpoints, after, on_event, connection, storing);
    #[cfg(feature = "ssr")]
    let _ = (endpoints, after, on_event);
    Following { connection: connection.into(), storing: storing.into() }
}
