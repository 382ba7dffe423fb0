//! Memory budgets: bound the bytes of requests before they are stored and of responses until they
//! are written, in total and per workspace or client, so that no flood starves the others.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use prometheus_client::metrics::gauge::Gauge;

/// The part of the budget that is reserved for small holders.
const RESERVE_PART: u64 = 8;
/// A holder of at most this part of the budget is small.
const LITTLE_PART: u64 = 128;

/// Bytes in flight, each held by one holder, such as a workspace or a client. A cheap-clone handle.
#[derive(Debug)]
pub struct Budget<K> {
    inner: Arc<BudgetState<K>>,
}

#[derive(Debug)]
struct BudgetState<K> {
    most: u64,
    /// Never held across an await: each use is one look-up and two additions.
    held: Mutex<Totals<K>>,
    gauge: Gauge,
}

#[derive(Debug)]
struct Totals<K> {
    all: u64,
    /// Only holders of at least one byte. Clients choose their addresses, so the hasher must be
    /// keyed.
    by_holder: HashMap<K, u64>,
}

/// The part of the budget that one request or response holds; released on drop.
#[derive(Debug)]
pub struct Share<K: Copy + Eq + Hash> {
    inner: Arc<BudgetState<K>>,
    holder: K,
    bytes: u64,
}

/// The budget is exhausted; nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

impl<K> Clone for Budget<K> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<K: Copy + Eq + Hash> Budget<K> {
    /// Creates a budget of `most` bytes; `gauge` shows how many of them are held.
    pub fn new(most: u64, gauge: Gauge) -> Self {
        Self {
            inner: Arc::new(BudgetState {
                most,
                held: Mutex::new(Totals { all: 0, by_holder: HashMap::new() }),
                gauge,
            }),
        }
    }

    /// Returns a share that holds nothing yet.
    pub fn share(&self, holder: impl Into<K>) -> Share<K> {
        Share { inner: self.inner.clone(), holder: holder.into(), bytes: 0 }
    }
}

/// Bytes together with their share.
struct SharedBytes<B, S> {
    bytes: B,
    _share: S,
}

impl<B: AsRef<[u8]>, S> AsRef<[u8]> for SharedBytes<B, S> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

/// Ties a share to bytes until the last part of them is dropped: connections keep bytes even after
/// the body has ended.
pub fn held<B, S>(bytes: B, share: S) -> Bytes
where
    B: AsRef<[u8]> + Send + 'static,
    S: Send + 'static,
{
    Bytes::from_owner(SharedBytes { bytes, _share: share })
}

impl<K: Copy + Eq + Hash> Share<K> {
    /// Takes `bytes` more. One holder gets at most half of what the others leave, so that something
    /// is left however many holders take their maximum.
    pub fn grow(&mut self, bytes: u64) -> Result<(), Exhausted> {
        let BudgetState { most, held, gauge } = &*self.inner;
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = held.by_holder.get(&self.holder).copied().unwrap_or(0);
        let of_others = held.all - of_one;
        let is_little = of_one + bytes <= most / LITTLE_PART;
        let open = if is_little { *most } else { most - most / RESERVE_PART };
        if held.all + bytes > open || !is_little && of_one + bytes > (most - of_others) / 2 {
            return Err(Exhausted);
        }
        held.all += bytes;
        held.by_holder.insert(self.holder, of_one + bytes);
        self.bytes += bytes;
        gauge.set(i64::try_from(held.all).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Returns `bytes` to the budget.
    pub fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        let mut held = self.inner.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all -= bytes;
        if let Some(of_one) = held.by_holder.get_mut(&self.holder) {
            *of_one -= bytes;
            if *of_one == 0 {
                held.by_holder.remove(&self.holder);
            }
        }
        self.inner.gauge.set(i64::try_from(held.all).unwrap_or(i64::MAX));
    }
}

impl<K: Copy + Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.shrink(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_workspace_never_takes_the_room_of_the_others() {
        let budget = Budget::<i64>::new(100, Gauge::default());
        let mut flood = budget.share(1);
        assert_eq!(flood.grow(50), Ok(()));
        let mut more = budget.share(1);
        assert_eq!(more.grow(1), Err(Exhausted));
        let mut quiet = budget.share(2);
        assert_eq!(quiet.grow(26), Err(Exhausted));
        assert_eq!(quiet.grow(25), Ok(()));
        let mut third = budget.share(3);
        assert_eq!(third.grow(13), Err(Exhausted));
        flood.shrink(10);
        assert_eq!(third.grow(13), Ok(()));
        drop((flood, more, quiet, third));
        let held = budget.inner.held.lock().unwrap();
        assert_eq!((held.all, held.by_holder.len()), (0, 0));
    }

    #[test]
    fn each_bound_is_exact() {
        // Small is up to 10, the reserve is 160.
        let budget = Budget::<i64>::new(1280, Gauge::default());
        let shares = |ids: std::ops::RangeInclusive<i64>| -> Vec<Share<i64>> {
            ids.map(|id| budget.share(id)).collect()
        };
        let mut large = shares(1..=4);
        for (share, half) in large.iter_mut().zip([640, 320, 160]) {
            assert_eq!(share.grow(half + 1), Err(Exhausted));
            assert_eq!(share.grow(half), Ok(()), "half of what the others leave");
        }
        assert_eq!(large[3].grow(11), Err(Exhausted), "only the reserve is left");
        assert_eq!(large[3].grow(10), Ok(()));
        assert_eq!(large[3].grow(1), Err(Exhausted), "that is more than a small holder gets");
        let mut little = shares(5..=19);
        for share in &mut little {
            assert_eq!(share.grow(10), Ok(()));
        }
        assert_eq!(budget.share(20).grow(1), Err(Exhausted), "all of it is held");
        drop(little);
        assert_eq!(budget.share(20).grow(10), Ok(()));
    }

    #[test]
    fn what_is_given_back_in_part_leaves_the_rest_counted() {
        let budget = Budget::<i64>::new(1280, Gauge::default());
        let mut first = budget.share(1);
        first.grow(640).unwrap();
        first.shrink(40);
        let mut second = budget.share(1);
        assert_eq!(second.grow(41), Err(Exhausted), "600 are held already");
        assert_eq!(second.grow(40), Ok(()));
        first.shrink(10_000);
        assert_eq!((first.bytes, second.bytes), (0, 40), "a share releases only its own bytes");
        assert_eq!(second.grow(600), Ok(()));
    }

    #[test]
    fn many_who_take_all_they_can_leave_room_for_those_who_need_little() {
        let budget = Budget::<i64>::new(256 * 1024 * 1024, Gauge::default());
        let mut floods = Vec::new();
        for id in 1..=10 {
            let mut flood = budget.share(id);
            while flood.grow(256 * 1024).is_ok() {}
            floods.push(flood);
        }
        assert_eq!(floods[0].bytes, 128 * 1024 * 1024, "half for a single holder");
        let mut webhook = budget.share(11);
        assert_eq!(webhook.grow(1024 * 1024), Ok(()));
        let mut stranger = budget.share(-1);
        assert_eq!(stranger.grow(64 * 1024), Ok(()));
    }
}
