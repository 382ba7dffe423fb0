//! How many bytes may be in memory, of requests before they are stored and of responses until they
//! are written, in all and for one workspace or client, so that no flood takes the room of the others.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use prometheus_client::metrics::gauge::Gauge;

/// This part of the budget is kept back for those who hold little.
const RESERVE_PART: u64 = 8;
/// Who holds no more than this part of the budget holds little.
const LITTLE_PART: u64 = 128;

/// Bytes that are under way, each held by somebody: a workspace or a client, say. A cheap-clone
/// handle.
#[derive(Debug)]
pub struct Budget<K> {
    inner: Arc<BudgetState<K>>,
}

#[derive(Debug)]
struct BudgetState<K> {
    most: u64,
    /// Never held across an await: each use is one look-up and two sums.
    held: Mutex<Totals<K>>,
    gauge: Gauge,
}

#[derive(Debug)]
struct Totals<K> {
    all: u64,
    /// Only those that hold something. Clients choose their addresses: the hasher has to be keyed.
    by_holder: HashMap<K, u64>,
}

/// The part of the budget that one request or response holds; given back when it is dropped.
#[derive(Debug)]
pub struct Share<K: Copy + Eq + Hash> {
    inner: Arc<BudgetState<K>>,
    holder: K,
    bytes: u64,
}

/// There is no room; nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

impl<K> Clone for Budget<K> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<K: Copy + Eq + Hash> Budget<K> {
    /// A budget of `most` bytes; `gauge` shows how many of them are held.
    pub fn new(most: u64, gauge: Gauge) -> Self {
        Self {
            inner: Arc::new(BudgetState {
                most,
                held: Mutex::new(Totals { all: 0, by_holder: HashMap::new() }),
                gauge,
            }),
        }
    }

    /// A share that holds nothing yet.
    pub fn share(&self, holder: impl Into<K>) -> Share<K> {
        Share { inner: self.inner.clone(), holder: holder.into(), bytes: 0 }
    }
}

/// Bytes with the share that they hold.
struct SharedBytes<B, S> {
    bytes: B,
    _share: S,
}

impl<B: AsRef<[u8]>, S> AsRef<[u8]> for SharedBytes<B, S> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

/// Bytes that hold a share until the last part of them is dropped: connections hold on to them when
/// their body has ended.
pub fn held<B, S>(bytes: B, share: S) -> Bytes
where
    B: AsRef<[u8]> + Send + 'static,
    S: Send + 'static,
{
    Bytes::from_owner(SharedBytes { bytes, _share: share })
}

impl<K: Copy + Eq + Hash> Share<K> {
    /// Takes so many bytes more. One may hold half of what the others leave, so that however many
    /// hold as much as they can, something is left.
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

    /// Gives so many bytes back.
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
        // Little is up to 10, the reserve is 160.
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
        assert_eq!(large[3].grow(1), Err(Exhausted), "that is more than little");
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
        assert_eq!((first.bytes, second.bytes), (0, 40), "nobody gives back what others hold");
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
        assert_eq!(floods[0].bytes, 128 * 1024 * 1024, "half for one alone");
        let mut webhook = budget.share(11);
        assert_eq!(webhook.grow(1024 * 1024), Ok(()));
        let mut stranger = budget.share(-1);
        assert_eq!(stranger.grow(64 * 1024), Ok(()));
    }
}
