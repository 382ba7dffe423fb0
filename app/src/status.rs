//! The HTTP status that a page sets while the server renders it.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use leptos::prelude::use_context;

use crate::wire::Problem;

/// The HTTP status of a page, set by the page while it renders; 200 until then. A cheap-clone
/// handle.
#[derive(Debug, Clone)]
pub struct PageStatus(Arc<AtomicU16>);

impl Default for PageStatus {
    fn default() -> Self {
        Self(Arc::new(AtomicU16::new(200)))
    }
}

impl PageStatus {
    /// Returns the status that the page set.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it.
    pub fn set(&self, status: u16) {
        self.0.store(status, Ordering::Relaxed);
    }
}

/// Gives the page that is being rendered the status of `problem`; does nothing in the browser,
/// which has no use for it.
pub(crate) fn answer_with(problem: &Problem) {
    if let Some(page) = use_context::<PageStatus>() {
        // A page without readable data is the server's own failure.
        page.set(if problem.status == 0 { 500 } else { problem.status });
    }
}
