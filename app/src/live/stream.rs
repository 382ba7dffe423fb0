//! A page's seat at the single stream that all tabs of a workspace share. Browsers allow six
//! connections to a server that speaks HTTP/1.1, and every open page needs a feed.
//!
//! One seat leads: it has the stream, over all endpoints of the workspace, and passes on its
//! events. The others receive them through a `BroadcastChannel`, which also works on plain http,
//! unlike locks or a `SharedWorker` without a second script. A seat that finds no leader becomes
//! one. If two lead, the one with the lower name continues. The follower handles duplicate events.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use js_sys::Math;
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use super::{
    browser::{EventListener, Timer},
    source::{FeedSource, Said},
};
use crate::{format::joined, live::WORKSPACE, wire::FeedEvent};

/// How long a seat waits for a reply of the leader, in milliseconds: many times the duration of a
/// message between tabs. If the reply is late, there are briefly two leaders.
const ANSWER_MS: u32 = 120;

/// The maximum random addition, so that seats that lost their leader do not all start to lead
/// together.
const SPREAD_MS: f64 = 120.0;

/// An event of a stream.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on its way from one call to the next"
)]
pub(super) enum Heard {
    /// The response has status 200.
    Open,
    /// An event, with its id if it had one of its own.
    Event(Option<i64>, FeedEvent),
    /// An event whose data does not match its name.
    Unreadable,
    /// The connection was cut, or the response was not a feed.
    Lost,
}

/// An open stream; dropping it gives up the seat, and no more events follow.
pub(super) struct Stream(Rc<Seat>);

impl Stream {
    /// Opens the feed after `cursor`, which always returns the last change received.
    pub(super) fn open(
        cursor: impl Fn() -> i64 + 'static,
        on_heard: impl Fn(Heard) + 'static,
    ) -> Self {
        let meta = joined(&["meta[name=", WORKSPACE, "]"]);
        let workspace = document().query_selector(&meta).ok().flatten();
        let workspace = workspace.and_then(|meta| meta.get_attribute("content"));
        let name = String::from("hookglass-live-") + &workspace.unwrap_or_default();
        let channel = BroadcastChannel::new(&name).ok();
        let seat = Rc::new(Seat {
            name: String::from(
                js_sys::Number::from(Math::random()).to_string_with_radix(36).unwrap_or_default(),
            ),
            channel,
            role: RefCell::new(Role::Left),
            listener: RefCell::default(),
            cursor: Box::new(cursor),
            on_heard: Box::new(on_heard),
        });
        if let Some(channel) = &seat.channel {
            let this = Rc::downgrade(&seat);
            seat.listener.replace(Some(EventListener::new(channel, "message", move |event| {
                let data = event.dyn_ref().map(MessageEvent::data);
                if let (Some(this), Some(text)) =
                    (this.upgrade(), data.and_then(|data| data.as_string()))
                {
                    this.hear(&text);
                }
            })));
        }
        seat.seek();
        Self(seat)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.leave();
    }
}

enum Role {
    /// Asks who leads, and becomes the leader when the wait is over.
    Seeking { _patience: Option<Timer> },
    /// Receives events from the seat of that name.
    Following(String),
    /// Has the stream itself.
    Leading(Rc<Lead>),
    /// Gave up its seat, or never took it.
    Left,
}

/// The state of the leading seat.
struct Lead {
    source: RefCell<Option<FeedSource>>,
    is_open: Cell<bool>,
    /// The last change that was passed on.
    through: Cell<i64>,
}

struct Seat {
    /// A random name; the lowest has precedence.
    name: String,
    channel: Option<BroadcastChannel>,
    role: RefCell<Role>,
    listener: RefCell<Option<EventListener>>,
    cursor: Box<dyn Fn() -> i64>,
    on_heard: Box<dyn Fn(Heard)>,
}

// The messages between seats: a word, the sender's name, and the arguments, in lines.
const WANT: &str = "want";
const HERE: &str = "here";
const OPEN: &str = "open";
const EVENT: &str = "event";
const LOST: &str = "lost";
const BYE: &str = "bye";

impl Seat {
    fn say(&self, word: &str, rest: &[&str]) {
        let Some(channel) = &self.channel else { return };
        let mut text = String::from(word);
        for part in [self.name.as_str()].iter().chain(rest) {
            text.push('\n');
            text.push_str(part);
        }
        // A channel accepts every text.
        let _ = channel.post_message(&JsValue::from_str(&text));
    }

    fn seek(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to SPREAD_MS, and float casts saturate"
        )]
        let spread = (Math::random() * SPREAD_MS) as u32;
        let patience = Timer::once(ANSWER_MS + spread, move || with(&this, Self::lead));
        self.role.replace(Role::Seeking { _patience: patience });
        self.say(WANT, &[&(self.cursor)().to_string()]);
    }

    fn lead(self: &Rc<Self>) {
        let through = (self.cursor)();
        let lead = Rc::new(Lead {
            source: RefCell::default(),
            is_open: Cell::new(false),
            through: Cell::new(through),
        });
        self.role.replace(Role::Leading(Rc::clone(&lead)));
        self.say(HERE, &["", ""]);
        self.open(&lead, through);
    }

    /// Opens the stream after `after`, and replaces an open one.
    fn open(self: &Rc<Self>, lead: &Lead, after: i64) {
        lead.is_open.set(false);
        lead.through.set(after);
        lead.source.replace(None);
        let this = Rc::downgrade(self);
        let url = String::from("/api/live?after=") + &after.to_string();
        let source = FeedSource::open(&url, move |said| with(&this, |this| this.pass_on(&said)));
        if source.is_none() {
            (self.on_heard)(Heard::Lost);
        }
        lead.source.replace(source);
    }

    /// Passes on an event of the server.
    fn pass_on(&self, said: &Said<'_>) {
        let Some(lead) = self.leading() else { return };
        match *said {
            Said::Open => {
                lead.is_open.set(true);
                self.say(OPEN, &[]);
                (self.on_heard)(Heard::Open);
            }
            Said::Event { name, id, data } => {
                self.say(EVENT, &[name, id, data]);
                let heard = read(name, id, data);
                if let Some(
                    Heard::Event(Some(through), _)
                    | Heard::Event(None, FeedEvent::Alive { change: through, .. }),
                ) = &heard
                {
                    lead.through.set(lead.through.get().max(*through));
                }
                heard.into_iter().for_each(&self.on_heard);
            }
            Said::Lost => {
                self.say(LOST, &[]);
                (self.on_heard)(Heard::Lost);
            }
        }
    }

    fn leading(&self) -> Option<Rc<Lead>> {
        match &*self.role.borrow() {
            Role::Leading(lead) => Some(Rc::clone(lead)),
            _ => None,
        }
    }

    fn is_seeking(&self) -> bool {
        matches!(&*self.role.borrow(), Role::Seeking { .. })
    }

    fn follows(&self, name: &str) -> bool {
        matches!(&*self.role.borrow(), Role::Following(leader) if leader == name)
    }

    /// Handles a message from another seat.
    fn hear(self: &Rc<Self>, text: &str) {
        let mut lines = text.splitn(5, '\n');
        let mut next = || lines.next().unwrap_or_default();
        let (word, from) = (next(), next());
        if let Some(lead) = self.leading() {
            if word == WANT {
                let cursor = next().parse().unwrap_or_default();
                // It missed events: reopen the stream at its cursor, so that all receive them
                // again.
                if cursor < lead.through.get() {
                    self.open(&lead, cursor);
                }
                self.say(HERE, &[from, if lead.is_open.get() { OPEN } else { "" }]);
            } else if matches!(word, HERE | OPEN | EVENT) {
                if from < self.name.as_str() {
                    self.say(BYE, &[]);
                    self.seek();
                } else {
                    // The other must learn that there is already a leader.
                    self.say(HERE, &["", ""]);
                }
            }
            return;
        }
        match word {
            HERE if self.is_seeking() => {
                let to = next();
                if to == self.name {
                    self.role.replace(Role::Following(from.to_owned()));
                    if next() == OPEN {
                        (self.on_heard)(Heard::Open);
                    }
                } else if to.is_empty() {
                    // A new leader that has not received the question.
                    self.seek();
                }
            }
            OPEN if self.follows(from) => (self.on_heard)(Heard::Open),
            EVENT if self.follows(from) => {
                read(next(), next(), next()).into_iter().for_each(&self.on_heard);
            }
            LOST if self.follows(from) => (self.on_heard)(Heard::Lost),
            BYE if self.follows(from) => self.seek(),
            _ => {}
        }
    }

    fn leave(&self) {
        if self.leading().is_some() {
            self.say(BYE, &[]);
        }
        self.role.replace(Role::Left);
        self.listener.replace(None);
        if let Some(channel) = &self.channel {
            channel.close();
        }
    }
}

fn with(this: &Weak<Seat>, act: impl FnOnce(&Rc<Seat>)) {
    if let Some(this) = this.upgrade() {
        act(&this);
    }
}

/// Returns `None` for an event that this version does not know.
fn read(name: &str, id: &str, data: &str) -> Option<Heard> {
    Some(match FeedEvent::parse(name, data) {
        // A beat has no id: the browser reports that of the event before it.
        Ok(Some(beat @ FeedEvent::Alive { .. })) => Heard::Event(None, beat),
        Ok(Some(known)) => Heard::Event(id.parse().ok(), known),
        Ok(None) => return None,
        Err(_) => Heard::Unreadable,
    })
}
