//! What the list of an endpoint's page shows: all of its requests, or only those that a search
//! found. The two are kept apart, and each is changed by events in its own way.

use leptos::prelude::*;

use crate::{feed::FeedState, wire::Summary};

/// Both lists of a page. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lists {
    /// All requests, as far as they are loaded.
    pub(crate) all: RwSignal<FeedState>,
    /// Those that the search found, as far as they are loaded; `None` while nothing is searched.
    pub(crate) found: RwSignal<Option<FeedState>>,
    /// Raised whenever another list takes the place of the one that was shown.
    pub(crate) turn: RwSignal<u32>,
}

impl Lists {
    /// Reads the list that is shown; tracks both.
    pub(crate) fn read<T>(self, read: impl FnOnce(&FeedState) -> T) -> T {
        match &*self.found.read() {
            Some(found) => read(found),
            None => read(&self.all.read()),
        }
    }

    /// Reads the list that is shown without tracking it.
    pub(crate) fn read_untracked<T>(self, read: impl FnOnce(&FeedState) -> T) -> T {
        untrack(|| self.read(read))
    }

    /// Changes the list that is shown. `None` if the page is gone.
    pub(crate) fn update<T>(self, update: impl FnOnce(&mut FeedState) -> T) -> Option<T> {
        if self.found.try_read_untracked()?.is_some() {
            self.found.try_update(|found| found.as_mut().map(update)).flatten()
        } else {
            self.all.try_update(update)
        }
    }

    /// The highest number in the list that is shown, 0 if it is empty.
    pub(crate) fn newest(self) -> i64 {
        self.read(|list| list.requests.first().map_or(0, |summary| summary.seq))
    }

    /// A request of the list that is shown.
    pub(crate) fn find(self, seq: i64) -> Option<Summary> {
        self.read(|list| list.find(seq).cloned())
    }
}
