//! The cache of active endpoints by name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::super::StoredEndpoint;
use crate::slug::Slug;

/// Cached endpoints. Beyond that the cache is cleared.
const REMEMBERED_ENDPOINTS: usize = 10_000;

/// Caches active endpoints by name, so that capturing need not read the database first. Entries may
/// be out of date; the writer checks again. A cheap-clone handle.
#[derive(Clone, Default)]
pub(super) struct EndpointCache {
    /// Never held across an await: each use is one look-up or one insertion.
    known: Arc<Mutex<CachedEndpoint>>,
}

#[derive(Default)]
struct CachedEndpoint {
    endpoints: HashMap<Slug, Arc<StoredEndpoint>>,
    /// The number of invalidations: rows read before the latest may be out of date.
    forgotten: u64,
}

/// The state of the cache at a look-up: a row that is read afterwards may be cached, unless there
/// was an invalidation in between.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

impl EndpointCache {
    /// Returns the cached endpoint, or the generation as of which it may be read and cached.
    pub(super) fn find(&self, slug: &Slug) -> Result<Arc<StoredEndpoint>, Generation> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.endpoints.get(slug).cloned().ok_or(Generation(known.forgotten))
    }

    /// Caches an endpoint that was read since `moment`.
    pub(super) fn remember(&self, endpoint: &Arc<StoredEndpoint>, moment: Generation) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.forgotten != moment.0 {
            return;
        }
        if known.endpoints.len() >= REMEMBERED_ENDPOINTS {
            known.endpoints.clear();
        }
        known.endpoints.insert(endpoint.slug.clone(), endpoint.clone());
    }

    /// Invalidates an endpoint once its change is committed.
    pub(super) fn forget(&self, slug: &Slug) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.forgotten += 1;
        known.endpoints.remove(slug);
    }
}

#[cfg(test)]
mod tests {
    use hookglass_wire::OnLimit;

    use super::*;
    use crate::{EndpointId, WorkspaceId};

    fn endpoint(slug: &Slug) -> Arc<StoredEndpoint> {
        Arc::new(StoredEndpoint {
            id: EndpointId(1),
            workspace: WorkspaceId(1),
            slug: slug.clone(),
            name: None,
            created_at: 0,
            expires_at: None,
            expires_in: None,
            gone: None,
            last_seq: 0,
            requests: 0,
            max_requests: 1,
            on_limit: OnLimit::DropOldest,
            dropped_through: 0,
            has_secrets: false,
            answers: None,
        })
    }

    #[test]
    fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let (directory, slug) = (EndpointCache::default(), "orders".parse::<Slug>().unwrap());
        let endpoint = endpoint(&slug);
        let before = directory.find(&slug).unwrap_err();
        directory.forget(&slug);
        directory.remember(&endpoint, before);
        let after = directory.find(&slug).unwrap_err();
        directory.remember(&endpoint, after);
        assert!(directory.find(&slug).is_ok());
    }
}
