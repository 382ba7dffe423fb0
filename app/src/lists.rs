//! The content of the list on an endpoint's page: all of its requests, or only search results. The
//! two are kept separately, and each handles events in its own way.

use leptos::prelude::*;

use crate::{feed::FeedState, wire::Summary};

/// Both lists of a page. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lists {
    /// All requests, as far as loaded.
    pub(crate) all: RwSignal<FeedState>,
    /// The results of the search, as far as loaded; `None` without a search.
    pub(crate) found: RwSignal<Option<FeedState>>,
    /// Incremented whenever a different list is shown.
    pub(crate) turn: RwSignal<u32>,
}

impl Lists {
    /// Reads the visible list; tracks both.
    pub(crate) fn read<T>(self, read: impl FnOnce(&FeedState) -> T) -> T {
        match &*self.found.read() {
            Some(found) => read(found),
            None => read(&self.all.read()),
        }
    }

    /// Reads the visible list without tracking it.
    pub(crate) fn read_untracked<T>(self, read: impl FnOnce(&FeedState) -> T) -> T {
        untrack(|| self.read(read))
    }

    /// Changes the visible list. Returns `None` if the page is gone.
    pub(crate) fn update<T>(self, update: impl FnOnce(&mut FeedState) -> T) -> Option<T> {
        if self.found.try_read_untracked()?.is_some() {
            self.found.try_update(|found| found.as_mut().map(update)).flatten()
        } else {
            self.all.try_update(update)
        }
    }

    /// Returns the highest number in the visible list, 0 if it is empty.
    pub(crate) fn newest(self) -> i64 {
        self.read(|list| list.requests.first().map_or(0, |summary| summary.seq))
    }

    /// Returns a request from the visible list.
    pub(crate) fn find(self, seq: i64) -> Option<Summary> {
        self.read(|list| list.find(seq).cloned())
    }
}
