//! One `EventSource`, and what is heard from it. The seam for sharing one stream between tabs: the
//! follower does not know where the events come from.

use wasm_bindgen::JsCast;
use web_sys::{Event, EventSource, MessageEvent};

use super::browser::Listener;
use crate::wire::FeedEvent;

/// What a stream says.
pub(super) enum Heard {
    /// The server answered 200.
    Open,
    /// An event, with its id if it had one of its own.
    Event(Option<i64>, FeedEvent),
    /// An event whose data is not what its name promises.
    Unreadable,
    /// The connection was cut, or the answer was not a feed. The browser would open some of these
    /// again by itself and some not: the follower does it for all.
    Lost,
}

/// An open stream; dropping it closes it, after which nothing more is heard.
pub(super) struct Stream {
    source: EventSource,
    _listeners: Vec<Listener>,
}

impl Stream {
    /// Opens the feed at `url`. `None` where the browser has no `EventSource`.
    pub(super) fn open(url: &str, on_heard: impl Fn(Heard) + Clone + 'static) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let mut listeners = Vec::with_capacity(FeedEvent::NAMES.len() + 2);
        listeners.push(Listener::new(&source, "open", {
            let on_heard = on_heard.clone();
            move |_| on_heard(Heard::Open)
        }));
        for name in FeedEvent::NAMES {
            let on_heard = on_heard.clone();
            listeners.push(Listener::new(&source, name, move |event| {
                if let Some(heard) = read(name, &event) {
                    on_heard(heard);
                }
            }));
        }
        listeners.push(Listener::new(&source, "error", move |_| on_heard(Heard::Lost)));
        Some(Self { source, _listeners: listeners })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn read(name: &str, event: &Event) -> Option<Heard> {
    let event = event.dyn_ref::<MessageEvent>()?;
    let data = event.data().as_string()?;
    Some(match FeedEvent::parse(name, &data) {
        // A beat has no id: what the browser gives is the one of the event before it.
        Ok(Some(beat @ FeedEvent::Alive { .. })) => Heard::Event(None, beat),
        Ok(Some(known)) => Heard::Event(event.last_event_id().parse().ok(), known),
        Ok(None) => return None,
        Err(_) => Heard::Unreadable,
    })
}
