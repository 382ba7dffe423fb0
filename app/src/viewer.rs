//! What a page knows of the one who looks at it: the time and the origin in their browser. Both
//! are unknown while the server renders and while the browser takes the page over, so that the
//! two render the same; from then on they are known.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    browser,
    wire::{Endpoint, Timestamp},
};

/// How often ages are brought up to date: a second is the finest that they show.
const TICK: Duration = Duration::from_secs(1);

/// The viewer's clock and origin. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Viewer {
    now: RwSignal<Option<Timestamp>>,
    origin: RwSignal<Option<String>>,
}

impl Viewer {
    /// Starts the clock once the browser has taken the page over.
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

    /// The one of this page.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// The viewer's time, ticking; `None` until the page is hydrated.
    pub(crate) fn now(self) -> Option<Timestamp> {
        self.now.get()
    }

    /// Where senders reach `endpoint`: under the operator's public URL if there is one, else
    /// under the origin by which this browser reached us.
    pub(crate) fn url_of(self, endpoint: &Endpoint) -> String {
        match self.origin.get() {
            Some(origin) => format!("{origin}/{}", endpoint.id),
            None => endpoint.url.clone(),
        }
    }
}
