//! The feed in the browser: an `EventSource` that also recovers from failures that `EventSource`
//! alone does not handle.
//!
//! It knows nothing of the meaning of events except the cursor and whether the feed has ended; the
//! page's state is in `feed.rs`.

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

/// The `<meta>` that identifies the workspace: the tabs of one share a stream.
pub const WORKSPACE: &str = "hookglass-workspace";

/// The state of a page's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LiveState {
    /// Not open yet; also the state in server-rendered pages.
    #[default]
    Connecting,
    /// Open, with an event within the last beats.
    Live,
    /// Lost; being reopened.
    Reconnecting,
    /// Lost, and the browser reports that it is offline; still being reopened.
    Offline,
    /// Ended for good: the endpoint is gone or no longer the caller's.
    Ended(Option<GoneReason>),
}

/// What a page with a feed knows of the server. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub struct Following {
    /// The state of the feed.
    pub connection: Signal<LiveState>,
    /// Whether the server can store requests, according to its last beat. True until a beat says
    /// otherwise.
    pub storing: Signal<bool>,
}

/// Follows the feed of `endpoints` (all of the workspace if empty) from `after` on, in the
/// browser, until the owner of the current reactive scope is cleaned up; does nothing on the
/// server.
///
/// `on_event` gets every event in order with its SSE id, outside of any reactive tracking. After a
/// disconnect the feed continues after the last event received; a few events may be repeated,
/// which `FeedState` ignores. Two events require an action of the page:
/// - `Gap`: the missed events are no longer available. The page reads requests and endpoint again
///   and passes them to `FeedState::refresh`; the feed itself continues. An unreadable event is
///   also reported as a gap.
/// - `Gone`: the endpoint is gone. If it was the last one followed, the connection is `Ended`.
pub fn follow(
    endpoints: Vec<String>,
    after: i64,
    on_event: impl Fn(Option<i64>, FeedEvent) + 'static,
) -> Following {
    let connection = RwSignal::new(LiveState::Connecting);
    let storing = RwSignal::new(true);
    #[cfg(not(feature = "ssr"))]
    follower::start(endpoints, after, on_event, connection, storing);
    #[cfg(feature = "ssr")]
    let _ = (endpoints, after, on_event);
    Following { connection: connection.into(), storing: storing.into() }
}
