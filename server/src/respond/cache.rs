//! A cache of prepared settings, by endpoint.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use hookglass_store::EndpointId;
use hookglass_wire as wire;

use super::settings::PreparedSettings;

/// The approximate size limit of cached settings, in bytes. Beyond it, all are dropped except those
/// in use for a response: only they know the position in their failure sequence.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Caches settings, so that responding does not read the database first.
#[derive(Debug, Default)]
pub(super) struct SettingsCache {
    /// Never held across an await: locked for one look-up or insertion.
    known: Mutex<CachedSettings>,
    plain: OnceLock<Option<Arc<PreparedSettings>>>,
}

#[derive(Debug, Default)]
struct CachedSettings {
    settings: HashMap<EndpointId, Arc<PreparedSettings>>,
    bytes: usize,
}

impl SettingsCache {
    /// Returns the settings of this version or a later one: the caller's version may be out of
    /// date.
    pub(super) fn find(&self, endpoint: EndpointId, version: i64) -> Option<Arc<PreparedSettings>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.settings.get(&endpoint).filter(|settings| settings.version >= version).cloned()
    }

    /// Inserts settings, unless the cache has a later version, or the same one, whose failure
    /// sequence may be further; returns the cached settings.
    pub(super) fn keep(
        &self,
        endpoint: EndpointId,
        settings: Arc<PreparedSettings>,
    ) -> Arc<PreparedSettings> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = known.settings.get(&endpoint) {
            if before.version >= settings.version {
                return before.clone();
            }
            let bytes = before.bytes;
            known.bytes -= bytes;
        }
        if known.bytes + settings.bytes > MOST_BYTES {
            known.settings.retain(|_, settings| Arc::strong_count(settings) > 1);
            known.bytes = known.settings.values().map(|settings| settings.bytes).sum();
        }
        known.bytes += settings.bytes;
        known.settings.insert(endpoint, settings.clone());
        settings
    }

    /// The settings of an endpoint that has none of its own.
    pub(super) fn plain(&self) -> Option<Arc<PreparedSettings>> {
        let read = || PreparedSettings::read(&wire::Answering::default(), 0, 0).ok().map(Arc::new);
        self.plain.get_or_init(read).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_answering_is_not_forgotten_when_room_is_made() {
        let cache = SettingsCache::default();
        let settings = |bytes| {
            let plain = PreparedSettings::read(&wire::Answering::default(), 1, 0).unwrap();
            Arc::new(PreparedSettings { bytes, ..plain })
        };
        let in_use = cache.keep(EndpointId(1), settings(10));
        cache.keep(EndpointId(2), settings(10));
        cache.keep(EndpointId(3), settings(MOST_BYTES));
        assert!(Arc::ptr_eq(&in_use, &cache.find(EndpointId(1), 1).unwrap()));
        assert!(cache.find(EndpointId(2), 1).is_none());
        assert!(cache.find(EndpointId(3), 1).is_some());
        assert_eq!(cache.known.lock().unwrap().bytes, MOST_BYTES + 10);
    }
}
