//! Keeps a feed open across disconnects, restarts, sleep and navigation: it holds the cursor and
//! decides when to reopen the feed and when to give up. It handles streams and probes, not what a
//! page does with events.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use js_sys::{Date, Math};
use leptos::{prelude::*, task::spawn_local};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::{PageTransitionEvent, VisibilityState};

use super::{
    LiveState,
    backoff::delay_ms,
    browser::{EventListener, Timer},
    stream::{Heard, Stream},
};
use crate::{
    api,
    wire::{FeedEvent, GoneReason, LATE_SECONDS, SILENCE_SECONDS},
};

/// How often the silence is measured. It compares wall-clock times, because timers stop while a
/// laptop sleeps.
const WATCH_MS: u32 = 1_000;

/// After this much silence the stream counts as dead, whether open or still opening. With
/// `WATCH_MS` the badge is correct within 20 s.
const SILENCE_MS: u32 = SILENCE_SECONDS * 1_000;

/// After this much silence, a page that becomes visible again does not wait for `SILENCE_MS`.
const LATE_MS: u32 = LATE_SECONDS * 1_000;

/// The time limit of a probe.
const PROBE_MS: u32 = 8_000;

type OnEvent = dyn Fn(Option<i64>, FeedEvent);

/// Starts to follow; stops when the owner of the current reactive scope is cleaned up.
pub(super) fn start(
    endpoints: Vec<String>,
    after: i64,
    on_event: impl Fn(Option<i64>, FeedEvent) + 'static,
    connection: RwSignal<LiveState>,
    storing: RwSignal<bool>,
) {
    let follower = Rc::new(Follower {
        endpoints: RefCell::new(endpoints),
        cursor: Cell::new(after),
        on_event: Rc::new(on_event),
        connection,
        storing,
        phase: Cell::new(Phase::Away),
        attempt: Cell::new(0),
        heard_at: Cell::new(0.0),
        turn: Cell::new(0),
        stream: RefCell::default(),
        retry: RefCell::default(),
        watch: RefCell::default(),
        listeners: RefCell::default(),
    });
    follower.listen();
    follower.open();
    let follower = SendWrapper::new(follower);
    on_cleanup(move || follower.end());
}

/// The state of the follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A stream is open or opening.
    Streaming,
    /// Waiting for the next attempt.
    Waiting,
    /// Checking whether there is still something to follow.
    Probing,
    /// The page is in the back-forward cache, or not started yet.
    Away,
    /// Ended for good.
    Ended,
}

struct Follower {
    /// The followed endpoints; empty for all of the workspace.
    endpoints: RefCell<Vec<String>>,
    /// The last change received.
    cursor: Cell<i64>,
    on_event: Rc<OnEvent>,
    connection: RwSignal<LiveState>,
    /// The state of the server's storage in the last beat.
    storing: RwSignal<bool>,
    phase: Cell<Phase>,
    /// The number of consecutive failed attempts.
    attempt: Cell<u32>,
    /// When something was last received, in milliseconds of the wall clock.
    heard_at: Cell<f64>,
    /// Incremented with every change of phase: responses to probes of earlier turns are ignored.
    turn: Cell<u32>,
    stream: RefCell<Option<Stream>>,
    /// Ends the wait, or a probe at its time limit.
    retry: RefCell<Option<Timer>>,
    watch: RefCell<Option<Timer>>,
    listeners: RefCell<Vec<EventListener>>,
}

impl Follower {
    /// Enters a phase and cancels everything of the previous one.
    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.turn.set(self.turn.get().wrapping_add(1));
        self.stream.replace(None);
        self.retry.replace(None);
    }

    /// Opens the stream after the last event received, and replaces an open one.
    fn open(self: &Rc<Self>) {
        self.enter(Phase::Streaming);
        self.heard_at.set(Date::now());
        let this = Rc::downgrade(self);
        let (turn, after) = (self.turn.get(), self.cursor.get());
        let cursor = Rc::downgrade(self);
        let cursor = move || cursor.upgrade().map_or(after, |this| this.cursor.get());
        let stream = Stream::open(cursor, move |heard| {
            if let Some(this) = this.upgrade()
                && this.turn.get() == turn
            {
                this.hear(heard);
            }
        });
        self.stream.replace(Some(stream));
    }

    fn hear(self: &Rc<Self>, heard: Heard) {
        self.heard_at.set(Date::now());
        match heard {
            Heard::Open => self.show(LiveState::Live),
            Heard::Lost => self.wait(),
            Heard::Unreadable => {
                self.attempt.set(0);
                // Followed endpoints can be read again by id; a feed of all has no ids to give.
                for endpoint in self.endpoints.borrow().clone() {
                    self.tell(None, FeedEvent::Gap { endpoint });
                }
            }
            Heard::Event(id, event) => {
                // Only now: a server that accepts connections and closes them at once must not be
                // flooded.
                self.attempt.set(0);
                self.show(LiveState::Live);
                let change = match &event {
                    FeedEvent::Alive { change, storing } => {
                        set_if_new(self.storing, *storing);
                        Some(*change)
                    }
                    _ => id,
                };
                let over = match &event {
                    FeedEvent::Gone { endpoint, reason } => self.forget(endpoint, *reason),
                    _ => None,
                };
                if self.concerns(&event) {
                    self.tell(id, event);
                }
                if let Some(change) = change {
                    self.cursor.set(self.cursor.get().max(change));
                }
                if let Some(reason) = over {
                    self.finish(Some(reason));
                }
            }
        }
    }

    /// Returns whether the event concerns the page: the stream is that of the whole workspace.
    fn concerns(&self, event: &FeedEvent) -> bool {
        let endpoints = self.endpoints.borrow();
        let Some(endpoint) = event.endpoint() else { return true };
        endpoints.is_empty() || endpoints.iter().any(|followed| followed == endpoint)
    }

    fn tell(&self, id: Option<i64>, event: FeedEvent) {
        let on_event = Rc::clone(&self.on_event);
        untrack(move || on_event(id, event));
    }

    /// Removes an endpoint that is gone from the list; returns the reason if it was the last one.
    fn forget(&self, gone: &str, reason: GoneReason) -> Option<GoneReason> {
        let mut endpoints = self.endpoints.borrow_mut();
        let before = endpoints.len();
        if before == 1 && endpoints.iter().any(|endpoint| endpoint == gone) {
            return Some(reason);
        }
        endpoints.retain(|endpoint| endpoint != gone);
        None
    }

    /// Handles a lost stream: waits for the next attempt.
    fn wait(self: &Rc<Self>) {
        self.enter(Phase::Waiting);
        self.show(lost());
        let attempt = self.attempt.get();
        self.attempt.set(attempt.saturating_add(1));
        let this = Rc::downgrade(self);
        let timer = Timer::once(delay_ms(attempt, Math::random()), move || {
            with(&this, Self::probe);
        });
        self.retry.replace(timer);
    }

    /// Checks whether there is still something to follow, and opens the stream if so. An
    /// `EventSource` alone cannot distinguish a restarting proxy's 502 from a final 404.
    fn probe(self: &Rc<Self>) {
        self.enter(Phase::Probing);
        let turn = self.turn.get();
        let only = match self.endpoints.borrow().as_slice() {
            [endpoint] => Some(endpoint.clone()),
            _ => None,
        };
        let this = Rc::downgrade(self);
        self.retry.replace(Timer::once(PROBE_MS, {
            let this = Weak::clone(&this);
            move || with(&this, Self::wait)
        }));
        spawn_local(async move {
            let answer = match only {
                Some(endpoint) => api::endpoint(&endpoint).await.map(drop),
                None => api::endpoints().await.map(drop),
            };
            let Some(this) = this.upgrade().filter(|this| this.turn.get() == turn) else { return };
            match answer {
                Ok(()) => this.open(),
                Err(problem) if problem.is_final() => this.finish(None),
                Err(_) => this.wait(),
            }
        });
    }

    /// Reconnects at once if the stream is lost, or if it has been silent for longer than
    /// `silence_ms`.
    fn hurry(self: &Rc<Self>, silence_ms: f64) {
        match self.phase.get() {
            Phase::Waiting | Phase::Probing => self.probe(),
            Phase::Streaming if self.silence_ms() >= silence_ms => self.reopen(),
            Phase::Streaming | Phase::Away | Phase::Ended => {}
        }
    }

    /// Replaces a stream that is no longer trusted with a new one.
    fn reopen(self: &Rc<Self>) {
        self.show(lost());
        self.probe();
    }

    fn silence_ms(&self) -> f64 {
        let now = Date::now();
        let silence = now - self.heard_at.get();
        if silence < 0.0 {
            // The clock was set back: count from here.
            self.heard_at.set(now);
        }
        silence
    }

    /// Ends for good.
    fn finish(&self, reason: Option<GoneReason>) {
        self.end();
        self.show(LiveState::Ended(reason));
    }

    /// Releases everything that the browser holds.
    fn end(&self) {
        self.enter(Phase::Ended);
        self.watch.replace(None);
        self.listeners.replace(Vec::new());
    }

    fn show(&self, connection: LiveState) {
        set_if_new(self.connection, connection);
    }

    /// Listens to the clock and to the browser's events on network and page.
    fn listen(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        self.watch.replace(Timer::every(WATCH_MS, move || {
            with(&this, |this| {
                if this.phase.get() == Phase::Streaming
                    && this.silence_ms() >= f64::from(SILENCE_MS)
                {
                    this.reopen();
                }
            });
        }));

        let Some(window) = web_sys::window() else { return };
        let mut listeners = Vec::with_capacity(5);
        let this = Rc::downgrade(self);
        // A different network: connections of the old one may hang silently.
        listeners.push(EventListener::new(&window, "online", move |_| {
            with(&this, |this| this.hurry(0.0));
        }));
        let this = Rc::downgrade(self);
        // A server on this machine works without a network: the probe decides.
        listeners.push(EventListener::new(&window, "offline", move |_| {
            with(&this, |this| match this.phase.get() {
                Phase::Streaming => this.reopen(),
                Phase::Waiting | Phase::Probing => this.show(lost()),
                Phase::Away | Phase::Ended => {}
            });
        }));
        let this = Rc::downgrade(self);
        // An open stream would keep the page out of the back-forward cache.
        listeners.push(EventListener::new(&window, "pagehide", move |_| {
            with(&this, |this| {
                if this.phase.get() != Phase::Ended {
                    this.enter(Phase::Away);
                }
            });
        }));
        let this = Rc::downgrade(self);
        listeners.push(EventListener::new(&window, "pageshow", move |event| {
            let persisted =
                event.dyn_ref::<PageTransitionEvent>().is_some_and(PageTransitionEvent::persisted);
            with(&this, |this| {
                if persisted && this.phase.get() == Phase::Away {
                    this.reopen();
                }
            });
        }));
        if let Some(document) = window.document() {
            let this = Rc::downgrade(self);
            let shown = document.clone();
            listeners.push(EventListener::new(&document, "visibilitychange", move |_| {
                if shown.visibility_state() == VisibilityState::Visible {
                    with(&this, |this| this.hurry(f64::from(LATE_MS)));
                }
            }));
        }
        self.listeners.replace(listeners);
    }
}

/// Sets a signal that still exists, if the value differs.
fn set_if_new<T: Copy + PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.try_get_untracked().is_some_and(|shown| shown != value) {
        signal.try_set(value);
    }
}

/// Calls `act` if the follower still exists.
fn with(this: &Weak<Follower>, act: impl FnOnce(&Rc<Follower>)) {
    if let Some(this) = this.upgrade() {
        act(&this);
    }
}

/// Returns the state of a lost feed: only then is the browser's offline status reliable.
fn lost() -> LiveState {
    match web_sys::window().is_some_and(|window| !window.navigator().on_line()) {
        true => LiveState::Offline,
        false => LiveState::Reconnecting,
    }
}
