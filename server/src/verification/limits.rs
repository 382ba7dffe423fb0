//! Limits on the cost of verification: memory in all, and slots per workspace, so that one
//! workspace's large bodies do not delay others. Knows nothing of signatures.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use hookglass_senders::signature::Depth;
use hookglass_store::{StoreError, WorkspaceId};

/// Memory in MiB for verifying large bodies, the same again for explaining their failures, and
/// again for small ones: viewing failures delays no response. Work that needs more waits. A body
/// that needs more than all of it takes all of it.
const MOST_MEBIBYTES: u32 = 64;
/// The signed message is built beside the body.
const COPIES: u64 = 2;
/// Memory for the variants that explaining a failure tries, in MiB: the minimum and the maximum; in
/// between it is a multiple of the body, for its JSON as values.
const EXPLAINED_MEBIBYTES: (u64, u64) = (4, 16);
const EXPLAINED_TIMES: u64 = 100;
const MEBIBYTE: u64 = 1024 * 1024;
/// The largest body that is cheap to verify, in bytes. If it is in memory, hashing it takes no
/// shared memory.
const SMALL_BYTES: u64 = MEBIBYTE;

/// The kinds of verification with their own slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum JobClass {
    Small,
    Large,
    Explained,
}

/// The slot that a verification uses. It is taken before memory, so that a workspace waits for its
/// own work first.
#[derive(Debug)]
pub(crate) enum Slot {
    /// That of the task that verifies for lists.
    Listed,
    /// One of this workspace; waits until one is free.
    Of(WorkspaceId),
    /// One that is already taken.
    Taken(SlotPermit),
}

/// A taken slot; dropping it releases it.
#[derive(Debug)]
pub(crate) struct SlotPermit {
    _permit: OwnedSemaphorePermit,
}

/// What a verification holds until it ends.
#[derive(Debug)]
pub(super) struct JobPermit {
    _turn: Option<SlotPermit>,
    _memory: Option<OwnedSemaphorePermit>,
}

/// The slots of each workspace and kind of work.
type Slots = FxHashMap<(WorkspaceId, JobClass), Arc<Semaphore>>;

/// The limits. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// In MiB, here and below. Taken once per verification, never while holding some of it.
    large: Arc<Semaphore>,
    explaining: Arc<Semaphore>,
    small: Arc<Semaphore>,
    /// Of workspaces with verifications. Never held across an await: locked for one look-up.
    turns: Arc<Mutex<Slots>>,
}

impl JobClass {
    fn of(body_bytes: u64, depth: Depth) -> Self {
        match depth {
            Depth::Explained => Self::Explained,
            Depth::Verdict if body_bytes <= SMALL_BYTES => Self::Small,
            Depth::Verdict => Self::Large,
        }
    }

    /// The number of slots per workspace.
    const fn turns(self) -> usize {
        match self {
            Self::Small => 8,
            Self::Large | Self::Explained => 1,
        }
    }
}

impl Limits {
    pub(super) fn new() -> Self {
        let memory = || Arc::new(Semaphore::new(usize::try_from(MOST_MEBIBYTES).unwrap_or(1)));
        Self { large: memory(), explaining: memory(), small: memory(), turns: Arc::default() }
    }

    /// Takes a slot to verify a body in memory, if one is free.
    pub(super) fn turn_now(&self, workspace: WorkspaceId, body_bytes: u64) -> Option<SlotPermit> {
        let work = JobClass::of(body_bytes, Depth::Verdict);
        if work != JobClass::Small {
            return None;
        }
        let permit = self.turns(workspace, work).try_acquire_owned().ok()?;
        Some(SlotPermit { _permit: permit })
    }

    /// Waits for a slot and for the memory to verify a body. `is_read` means that the body is in
    /// memory.
    pub(super) async fn take(
        &self,
        turn: Slot,
        body_bytes: u64,
        is_read: bool,
        depth: Depth,
    ) -> Result<JobPermit, StoreError> {
        let work = JobClass::of(body_bytes, depth);
        let turn = match turn {
            Slot::Listed => None,
            Slot::Taken(held) => Some(held),
            Slot::Of(workspace) => {
                let permit = self.turns(workspace, work).acquire_owned().await;
                Some(SlotPermit { _permit: permit.map_err(|_| StoreError::Aborted)? })
            }
        };
        let pool = match work {
            JobClass::Small if is_read => return Ok(JobPermit { _turn: turn, _memory: None }),
            _ if body_bytes <= SMALL_BYTES => &self.small,
            JobClass::Explained => &self.explaining,
            JobClass::Small | JobClass::Large => &self.large,
        };
        let memory = pool.clone().acquire_many_owned(mebibytes(body_bytes, depth)).await;
        Ok(JobPermit { _turn: turn, _memory: Some(memory.map_err(|_| StoreError::Aborted)?) })
    }

    /// Returns the slots of a workspace for one kind of work.
    fn turns(&self, workspace: WorkspaceId, work: JobClass) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = turns.get(&(workspace, work)) {
            return turns.clone();
        }
        // Slots that are in use or awaited have other references.
        turns.retain(|_, turns| Arc::strong_count(turns) > 1);
        let new = Arc::new(Semaphore::new(work.turns()));
        turns.insert((workspace, work), new.clone());
        new
    }
}

/// The memory for verifying a body, in MiB.
fn mebibytes(body_bytes: u64, depth: Depth) -> u32 {
    let body = body_bytes.saturating_mul(COPIES).div_ceil(MEBIBYTE).max(1);
    let variants = match depth {
        Depth::Verdict => 0,
        Depth::Explained => {
            let (least, most) = EXPLAINED_MEBIBYTES;
            body_bytes.saturating_mul(EXPLAINED_TIMES).div_ceil(MEBIBYTE).clamp(least, most)
        }
    };
    let needs = u32::try_from(body.saturating_add(variants)).unwrap_or(MOST_MEBIBYTES);
    needs.min(MOST_MEBIBYTES)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const LARGE: u64 = 24 * MEBIBYTE;
    const ONE: WorkspaceId = WorkspaceId(1);
    const OTHER: WorkspaceId = WorkspaceId(2);

    #[test]
    fn what_judging_takes_follows_the_body_and_is_never_more_than_there_is() {
        for (bytes, verdict, explained) in [
            (0, 1, 5),
            (100 * 1024, 1, 11),
            (MEBIBYTE, 2, 18),
            (25_000_000, 48, 64),
            (u64::MAX, 64, 64),
        ] {
            assert_eq!(mebibytes(bytes, Depth::Verdict), verdict, "{bytes}");
            assert_eq!(mebibytes(bytes, Depth::Explained), explained, "{bytes}");
        }
    }

    /// Takes a permit if that needs no waiting.
    fn place(
        room: &Limits,
        of: WorkspaceId,
        bytes: u64,
        is_read: bool,
        depth: Depth,
    ) -> Option<JobPermit> {
        let taken = room.take(Slot::Of(of), bytes, is_read, depth).now_or_never()?;
        Some(taken.unwrap())
    }

    #[test]
    fn small_bodies_never_wait_for_the_large_ones_of_others() {
        let room = Limits::new();
        let _large = place(&room, ONE, LARGE, false, Depth::Verdict).unwrap();
        let _explained = place(&room, ONE, LARGE, false, Depth::Explained).unwrap();
        for is_read in [true, false] {
            assert!(place(&room, OTHER, 20, is_read, Depth::Verdict).is_some(), "{is_read}");
            assert!(place(&room, OTHER, 20, is_read, Depth::Explained).is_some(), "{is_read}");
        }
        let _small = room.small.clone().try_acquire_many_owned(MOST_MEBIBYTES).unwrap();
        assert!(place(&room, OTHER, 20, true, Depth::Verdict).is_some());
    }

    #[test]
    fn a_workspace_waits_for_its_own_turn_before_it_waits_for_memory() {
        let room = Limits::new();
        let held = place(&room, ONE, 2 * MEBIBYTE, false, Depth::Explained).unwrap();
        let mut waiting: Vec<_> = (0..40)
            .map(|_| Box::pin(room.take(Slot::Of(ONE), LARGE, false, Depth::Explained)))
            .collect();
        for waiting in &mut waiting {
            assert!(waiting.now_or_never().is_none());
        }
        // None of them blocks another one's.
        assert!(place(&room, OTHER, 2 * MEBIBYTE, false, Depth::Explained).is_some());
        drop(held);
        assert!(waiting[0].as_mut().now_or_never().is_some());
    }

    #[test]
    fn who_cannot_wait_is_told_so_and_no_turn_is_remembered_for_long() {
        let room = Limits::new();
        assert!(room.turn_now(ONE, LARGE).is_none());
        let held: Vec<_> = std::iter::from_fn(|| room.turn_now(ONE, 20)).take(100).collect();
        assert_eq!(held.len(), JobClass::Small.turns());
        assert!(room.turn_now(OTHER, 20).is_some());
        drop(held);
        assert!(room.turn_now(ONE, 20).is_some());
        assert!(room.turn_now(WorkspaceId(3), 20).is_some());
        assert_eq!(room.turns.lock().unwrap().len(), 1);
    }
}
