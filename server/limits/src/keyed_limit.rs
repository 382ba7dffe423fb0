//! How many of something may exist at once, in total and for one key: connections of an address,
//! delayed responses of an endpoint.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::metrics::gauge::Gauge;

/// Counts what exists, by key. A cheap-clone handle.
#[derive(Debug)]
pub struct KeyedLimit<K: Copy + Eq + Hash> {
    inner: Arc<Limit<K>>,
}

#[derive(Debug)]
struct Limit<K> {
    most: usize,
    most_of_one: usize,
    /// Never held across an await: each use is one lookup and two sums.
    counts: Mutex<KeyCounts<K>>,
    gauge: Gauge,
}

#[derive(Debug)]
struct KeyCounts<K> {
    all: usize,
    /// Only keys that have something. Clients choose their addresses: the hasher has to be keyed.
    by_key: HashMap<K, usize>,
}

/// One of what is counted; given back when it is dropped.
#[derive(Debug)]
pub struct Permit<K: Copy + Eq + Hash> {
    inner: Arc<Limit<K>>,
    key: Option<K>,
}

/// Which limit was reached; nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// The limit in total.
    All,
    /// The limit for one key.
    One,
}

impl<K: Copy + Eq + Hash> Clone for KeyedLimit<K> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<K: Copy + Eq + Hash> KeyedLimit<K> {
    /// At most `most` in total, `most_of_one` of them for one key; `gauge` shows how many there are.
    pub fn new(most: usize, most_of_one: usize, gauge: Gauge) -> Self {
        let counts = Mutex::new(KeyCounts { all: 0, by_key: HashMap::new() });
        Self { inner: Arc::new(Limit { most, most_of_one, counts, gauge }) }
    }

    /// Counts one more. Without a key it counts only in total.
    ///
    /// # Errors
    /// Which limit was reached.
    pub fn acquire(&self, key: Option<K>) -> Result<Permit<K>, Reached> {
        let limit = &*self.inner;
        let mut counts = limit.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= limit.most {
            return Err(Reached::All);
        }
        if let Some(key) = key {
            let of_one = counts.by_key.get(&key).copied().unwrap_or(0);
            if of_one >= limit.most_of_one {
                return Err(Reached::One);
            }
            counts.by_key.insert(key, of_one + 1);
        }
        counts.all += 1;
        limit.gauge.inc();
        Ok(Permit { inner: self.inner.clone(), key })
    }
}

impl<K: Copy + Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        self.inner.gauge.dec();
        let mut counts = self.inner.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        let Some(key) = self.key else { return };
        match counts.by_key.get_mut(&key) {
            Some(of_one) if *of_one > 1 => *of_one -= 1,
            _ => drop(counts.by_key.remove(&key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_count_in_total_and_by_key_until_they_are_dropped() {
        let limit = KeyedLimit::new(10, 4, Gauge::default());
        let held: Vec<Vec<Permit<u8>>> = (0..2)
            .map(|key| {
                let held = (0..4).map(|_| limit.acquire(Some(key)).unwrap()).collect();
                assert_eq!(limit.acquire(Some(key)).unwrap_err(), Reached::One);
                held
            })
            .collect();
        let others = [limit.acquire(None).unwrap(), limit.acquire(None).unwrap()];
        assert_eq!(limit.acquire(Some(2)).unwrap_err(), Reached::All);
        assert_eq!(limit.acquire(None).unwrap_err(), Reached::All);
        assert_eq!(limit.inner.gauge.get(), 10);
        drop((held, others));
        assert!(limit.acquire(Some(0)).is_ok());
        assert!(limit.inner.counts.lock().unwrap().by_key.is_empty());
        assert_eq!(limit.inner.gauge.get(), 0);
    }
}
