//! Living endpoints by name, in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::super::Endpoint;
use crate::slug::Slug;

/// Endpoints whose names are remembered, so that capturing does not read first. Past that all
/// are forgotten at once.
const REMEMBERED_ENDPOINTS: usize = 10_000;

/// Remembers living endpoints by name, so that capturing need not read the database first. What
/// it says may be out of date; the writer checks again. A cheap-clone handle.
#[derive(Clone, Default)]
pub(super) struct Directory {
    /// Never held across an await: each use is one look-up or one insertion.
    endpoints: Arc<Mutex<HashMap<Slug, Arc<Endpoint>>>>,
}

impl Directory {
    pub(super) fn find(&self, slug: &Slug) -> Option<Arc<Endpoint>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).get(slug).cloned()
    }

    pub(super) fn remember(&self, endpoint: &Arc<Endpoint>) {
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        if endpoints.len() >= REMEMBERED_ENDPOINTS {
            endpoints.clear();
        }
        endpoints.insert(endpoint.slug.clone(), endpoint.clone());
    }

    pub(super) fn forget(&self, slug: &Slug) {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).remove(slug);
    }
}
