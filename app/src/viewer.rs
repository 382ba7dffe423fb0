//! The viewer's time and origin, from their browser. Both are unknown during the server's render
//! and hydration, so that the two render the same; after that they are known.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    browser,
    wire::{Endpoint, Timestamp},
};

/// How often ages are updated: a second is their finest unit.
const TICK: Duration = Duration::from_secs(1);

/// The viewer's clock and origin. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Viewer {
    now: RwSignal<Option<Timestamp>>,
    origin: RwSignal<Option<String>>,
}

impl Viewer {
    /// Starts the clock once the page is hydrated.
    pub(crate) fn new() -> Self {
        let viewer = Self { now: RwSignal::new(None), origin: RwSignal::new(None) };
        Effect::new(move |_| {
            viewer.origin.set(browser::own_origin());
            viewer.now.set(Some(browser::now()));
            let ticking =
                set_interval_with_handle(move || viewer.now.set(Some(browser::now())), TICK);
            if let Ok(handle) = ticking {
                on_cleanup(move || handle.clear());
            }
        });
        viewer
    }

    /// Returns this page's handle.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Returns the viewer's time, ticking; `None` until the page is hydrated.
    pub(crate) fn now(self) -> Option<Timestamp> {
        self.now.get()
    }

    /// Returns the URL of `endpoint` for senders: under the operator's public URL if there is one,
    /// else under the origin that this browser used.
    pub(crate) fn url_of(self, endpoint: &Endpoint) -> String {
        match self.origin.get() {
            Some(origin) => format!("{origin}/{}", endpoint.id),
            None => endpoint.url.clone(),
        }
    }
}
