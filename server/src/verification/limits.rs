//! How much of the machine judging may take: memory in all, and turns of each workspace, so that one
//! workspace's large bodies hold up nobody else. Knows nothing of signatures.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use hookglass_senders::signature::Depth;
use hookglass_store::{StoreError, WorkspaceId};

/// How many MiB judging large bodies may take at once, explaining failures of large ones as much
/// again, and small ones as much again: who looks at failures holds up no answer. What would need
/// more waits. A body that needs more alone takes all of it.
const MOST_MEBIBYTES: u32 = 64;
/// What is signed is put together beside the body.
const COPIES: u64 = 2;
/// Explaining a failure takes this much for the variants that it tries, in MiB: at least and at
/// most, and in between so many times the body, for its JSON as values.
const EXPLAINED_MEBIBYTES: (u64, u64) = (4, 16);
const EXPLAINED_TIMES: u64 = 100;
const MEBIBYTE: u64 = 1024 * 1024;
/// The largest body that is no work to speak of, in bytes. Where it is in memory, hashing it takes
/// nothing from what is shared.
const SMALL_BYTES: u64 = MEBIBYTE;

/// What a judgement takes a turn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum JobClass {
    Small,
    Large,
    Explained,
}

/// Whose turn a judgement takes. A turn is taken before memory, so that one workspace waits for its
/// own work first.
#[derive(Debug)]
pub(crate) enum Slot {
    /// That of the one task that judges for lists.
    Listed,
    /// One of this workspace, for which it waits.
    Of(WorkspaceId),
    /// One that was taken already.
    Taken(SlotPermit),
}

/// A turn that is taken; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct SlotPermit {
    _permit: OwnedSemaphorePermit,
}

/// What a judgement holds to its end.
#[derive(Debug)]
pub(super) struct JobPermit {
    _turn: Option<SlotPermit>,
    _memory: Option<OwnedSemaphorePermit>,
}

/// What workspaces have of turns for each kind of work.
type Slots = FxHashMap<(WorkspaceId, JobClass), Arc<Semaphore>>;

/// What there is. A cheap-clone handle.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// In MiB, here and below. Taken once for a judgement and never by one who holds some of it.
    large: Arc<Semaphore>,
    explaining: Arc<Semaphore>,
    small: Arc<Semaphore>,
    /// Of workspaces that judge something. Never held across an await: each use is one look-up.
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

    /// How many turns of it one workspace has at once.
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

    /// A turn for the verdict on a body that is in memory, if there is one at once.
    pub(super) fn turn_now(&self, workspace: WorkspaceId, body_bytes: u64) -> Option<SlotPermit> {
        let work = JobClass::of(body_bytes, Depth::Verdict);
        if work != JobClass::Small {
            return None;
        }
        let permit = self.turns(workspace, work).try_acquire_owned().ok()?;
        Some(SlotPermit { _permit: permit })
    }

    /// A turn, and the memory that it takes to judge a body, once there is as much. `is_read` says
    /// that the body is in memory.
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

    /// The turns of a workspace for one kind of work.
    fn turns(&self, workspace: WorkspaceId, work: JobClass) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = turns.get(&(workspace, work)) {
            return turns.clone();
        }
        // Whoever holds a turn or waits for one holds these too.
        turns.retain(|_, turns| Arc::strong_count(turns) > 1);
        let new = Arc::new(Semaphore::new(work.turns()));
        turns.insert((workspace, work), new.clone());
        new
    }
}

/// How much memory judging a body takes, in MiB.
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

    /// A place, if there is one without waiting.
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
        // None of them stands in front of another's.
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
