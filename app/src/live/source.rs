//! An `EventSource`: the server's messages, not yet parsed.

use wasm_bindgen::JsCast;
use web_sys::{EventSource, MessageEvent};

use super::browser::EventListener;
use crate::wire::FeedEvent;

/// A message of the server.
pub(super) enum Said<'s> {
    /// The response has status 200.
    Open,
    /// An event: its name, the id of the last event that had one, and the data.
    Event { name: &'s str, id: &'s str, data: &'s str },
    /// The connection was cut, or the response was not a feed. The browser would reopen the feed in
    /// some of these cases and not in others: the follower does it in all.
    Lost,
}

/// An open feed; dropping it closes it, and no more events follow.
pub(super) struct FeedSource {
    source: EventSource,
    _listeners: Vec<EventListener>,
}

impl FeedSource {
    /// Opens the feed at `url`. Returns `None` if the browser has no `EventSource`.
    pub(super) fn open(url: &str, on_said: impl Fn(Said<'_>) + Clone + 'static) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let mut listeners = Vec::with_capacity(FeedEvent::NAMES.len() + 2);
        for name in FeedEvent::NAMES.into_iter().chain(["open", "error"]) {
            let on_said = on_said.clone();
            listeners.push(EventListener::new(&source, name, move |event| match name {
                "open" => on_said(Said::Open),
                "error" => on_said(Said::Lost),
                _ => {
                    let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
                    let Some(data) = event.data().as_string() else { return };
                    on_said(Said::Event { name, id: &event.last_event_id(), data: &data });
                }
            }));
        }
        Some(Self { source, _listeners: listeners })
    }
}

impl Drop for FeedSource {
    fn drop(&mut self) {
        self.source.close();
    }
}
