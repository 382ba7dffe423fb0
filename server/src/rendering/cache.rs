//! Recently rendered bodies with their indexes: scrolling through 25 MB requests the same body
//! again and again.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use hookglass_store::EndpointId;

use super::content::BodyContent;

/// The limit of the cache. A larger body is parsed again each time.
const MOST_BYTES: usize = 96 * 1024 * 1024;

/// Identifies a body: a `seq` is never reused, and a captured request never changes.
pub(crate) type CacheKey = (EndpointId, i64);

/// The most recently used bodies.
#[derive(Default)]
pub(crate) struct ContentCache {
    /// The most recently used entry is last; each has its weight. Locked only for moments, never
    /// across an await.
    kept: Mutex<VecDeque<(CacheKey, Arc<BodyContent>, usize)>>,
}

impl ContentCache {
    pub(crate) fn get(&self, key: CacheKey) -> Option<Arc<BodyContent>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, ..)| *known == key)?;
        let entry = kept.remove(place)?;
        let content = entry.1.clone();
        kept.push_back(entry);
        Some(content)
    }

    /// Inserts a body, or updates its weight.
    pub(crate) fn put(&self, key: CacheKey, content: Arc<BodyContent>) {
        let weight = content.weight();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, ..)| *known != key);
        if weight > MOST_BYTES {
            return;
        }
        let mut all = weight + kept.iter().map(|(_, _, weight)| weight).sum::<usize>();
        while all > MOST_BYTES
            && let Some((_, _, weight)) = kept.pop_front()
        {
            all -= weight;
        }
        kept.push_back((key, content, weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(bytes: usize) -> Arc<BodyContent> {
        Arc::new(BodyContent::new(vec![0; bytes], b"", b""))
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let cache = ContentCache::default();
        let key = |seq| (EndpointId(1), seq);
        for seq in 1..=3 {
            cache.put(key(seq), content(30 * 1024 * 1024));
        }
        assert!(cache.get(key(1)).is_some());
        cache.put(key(4), content(30 * 1024 * 1024));
        assert!(cache.get(key(2)).is_none());
        assert!([1, 3, 4].iter().all(|&seq| cache.get(key(seq)).is_some()));
        cache.put(key(5), content(MOST_BYTES + 1));
        assert!(cache.get(key(5)).is_none() && cache.get(key(4)).is_some());
    }
}
