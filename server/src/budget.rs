//! How many bytes of requests may be in memory before they are stored, in all and for one
//! workspace, so that no flood takes the room of the others.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::gauge::Gauge;
use rustc_hash::FxHashMap;

use crate::store::WorkspaceId;

/// Bytes that are being received. A cheap-clone handle.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    most: u64,
    /// Half of `most`: what one workspace may hold.
    most_of_one: u64,
    /// Never held across an await: each use is one look-up and two sums.
    held: Mutex<Held>,
    gauge: Gauge,
}

#[derive(Debug, Default)]
struct Held {
    all: u64,
    /// Only workspaces that hold something. Their ids are numbers of our own, which nobody chooses to
    /// collide.
    by_workspace: FxHashMap<WorkspaceId, u64>,
}

/// The part of the budget that one request holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    inner: Arc<Inner>,
    workspace: WorkspaceId,
    bytes: u64,
}

/// There is no room; nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Budget {
    pub(crate) fn new(most: u64, gauge: Gauge) -> Self {
        let held = Mutex::default();
        Self { inner: Arc::new(Inner { most, most_of_one: most / 2, held, gauge }) }
    }

    /// A share that holds nothing yet.
    pub(crate) fn share(&self, workspace: WorkspaceId) -> Share {
        Share { inner: self.inner.clone(), workspace, bytes: 0 }
    }
}

impl Share {
    /// Takes so many bytes more.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Exhausted> {
        let Inner { most, most_of_one, held, gauge } = &*self.inner;
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = held.by_workspace.get(&self.workspace).copied().unwrap_or(0);
        if held.all + bytes > *most || of_one + bytes > *most_of_one {
            return Err(Exhausted);
        }
        held.all += bytes;
        held.by_workspace.insert(self.workspace, of_one + bytes);
        self.bytes += bytes;
        gauge.set(i64::try_from(held.all).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Gives so many bytes back.
    pub(crate) fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        let mut held = self.inner.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all -= bytes;
        if let Some(of_one) = held.by_workspace.get_mut(&self.workspace) {
            *of_one -= bytes;
            if *of_one == 0 {
                held.by_workspace.remove(&self.workspace);
            }
        }
        self.inner.gauge.set(i64::try_from(held.all).unwrap_or(i64::MAX));
    }
}

impl Drop for Share {
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
        let budget = Budget::new(100, Gauge::default());
        let mut flood = budget.share(WorkspaceId(1));
        assert_eq!(flood.grow(50), Ok(()));
        let mut more = budget.share(WorkspaceId(1));
        assert_eq!(more.grow(1), Err(Exhausted));
        let mut quiet = budget.share(WorkspaceId(2));
        assert_eq!(quiet.grow(50), Ok(()));
        let mut third = budget.share(WorkspaceId(3));
        assert_eq!(third.grow(1), Err(Exhausted));
        flood.shrink(10);
        assert_eq!(third.grow(10), Ok(()));
        drop((flood, more, quiet, third));
        let held = budget.inner.held.lock().unwrap();
        assert_eq!((held.all, held.by_workspace.len()), (0, 0));
    }
}
