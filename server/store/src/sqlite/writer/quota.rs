//! Storage usage by workspace, and eviction.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row as _;

use super::{
    super::super::{EndpointId, StoreError, WorkspaceId},
    Batch, Writer,
};

/// Eviction starts this many bytes below the limit, or at an eighth of it: early enough that the
/// file stays below the limit with the requests in progress.
const DROPPING_BELOW: u64 = 64 * 1024 * 1024;
/// Beyond this nothing is accepted before a step of eviction.
const FULL_BELOW: u64 = DROPPING_BELOW / 2;
/// Beyond this, smaller workspaces are evicted from too; if none has anything to evict, nothing is
/// accepted.
const BRIM_BELOW: u64 = FULL_BELOW / 2;
/// After how many written bytes the file is measured again, or a 64th of the limit.
const MEASURE_BYTES: u64 = 1024 * 1024;
/// The most requests that one step evicts.
const STEP_REQUESTS: i64 = 64;
/// The bytes after which a step evicts no more.
const STEP_BYTES: i64 = 8 * 1024 * 1024;

/// The storage usage known to the writer.
pub(super) struct StorageQuota {
    limit: u64,
    /// The pages of the file in use; `None` if they must be counted.
    used: Option<u64>,
    /// The bytes written since then.
    grown: u64,
    /// All workspaces by their size without pinned requests, which are bounded separately and
    /// cannot be evicted; `None` if they must be read.
    holders: Option<Usage>,
    /// Largest workspaces with nothing left to evict.
    stuck: BTreeSet<WorkspaceId>,
}

/// Workspaces, ordered by size.
#[derive(Default)]
struct Usage {
    ordered: BTreeSet<(i64, WorkspaceId)>,
    bytes: BTreeMap<WorkspaceId, i64>,
}

impl Usage {
    fn set(&mut self, id: WorkspaceId, bytes: i64) {
        if let Some(before) = self.bytes.insert(id, bytes) {
            self.ordered.remove(&(before, id));
        }
        self.ordered.insert((bytes, id));
    }
}

impl StorageQuota {
    pub(super) const fn new(limit: u64) -> Self {
        Self { limit, used: None, grown: 0, holders: None, stuck: BTreeSet::new() }
    }

    /// Returns the maximum size of the file.
    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    fn dropping(&self) -> u64 {
        self.limit - DROPPING_BELOW.min(self.limit / 8)
    }

    fn full(&self) -> u64 {
        self.limit - FULL_BELOW.min(self.limit / 16)
    }

    fn critical_bytes(&self) -> u64 {
        self.limit - BRIM_BELOW.min(self.limit / 32)
    }

    /// Records that `bytes` were written since the last measurement.
    pub(super) const fn note(&mut self, bytes: u64) {
        self.grown += bytes;
    }

    /// Discards all values after a failure; they are read again.
    pub(super) fn forget(&mut self) {
        self.used = None;
        self.holders = None;
    }

    /// Whether there is room for a request of this workspace; `refuses` tells whether its endpoint
    /// refuses when full.
    pub(super) fn may_take(&self, id: WorkspaceId, refuses: bool) -> Result<(), StoreError> {
        let used = self.used.unwrap_or(0);
        // The largest workspace with nothing to evict must not crowd out the others. The critical
        // level is only reached if nobody has anything to evict: then all must wait.
        let is_stuck = self.stuck.contains(&id) && used >= self.full();
        if (refuses && used >= self.dropping()) || is_stuck || used >= self.critical_bytes() {
            return Err(StoreError::Full { limit: "max-storage", value: self.limit });
        }
        Ok(())
    }
}

impl Writer {
    /// Measures the file from time to time, and evicts what is necessary: one step while there is
    /// room for new requests, otherwise as many as needed.
    pub(super) async fn evict(&mut self) {
        if self.connection.is_lost() || !*self.storing.borrow() {
            return;
        }
        if self.purge.is_overdue()
            && let Err(error) = self.purge_step().await
        {
            self.failed(&error).await;
            return;
        }
        if self.quota.used.is_some() && self.quota.grown < MEASURE_BYTES.min(self.quota.limit / 64)
        {
            return;
        }
        loop {
            let step = async {
                let used = self.measure().await?;
                if used < self.quota.dropping() {
                    return Ok(false);
                }
                let more = self.free_some(used).await?;
                Ok(more && used >= self.quota.full())
            };
            match step.await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let error: sqlx::Error = error;
                    self.failed(&error).await;
                    return;
                }
            }
        }
    }

    /// Measures the file again after a deletion, if that may let a workspace store again.
    pub(super) async fn look_for_room(&mut self) -> Result<(), sqlx::Error> {
        if self.quota.used.is_some_and(|used| used >= self.quota.dropping()) {
            self.measure().await?;
        }
        Ok(())
    }

    /// Returns the bytes of the pages in use.
    async fn measure(&mut self) -> Result<u64, sqlx::Error> {
        let bytes: i64 = sqlx::query_scalar(
            "select (page_count - freelist_count) * page_size
            from pragma_page_count, pragma_freelist_count, pragma_page_size",
        )
        .fetch_one(self.connection.get()?)
        .await?;
        self.metrics.database_bytes.set(bytes);
        let used = u64::try_from(bytes).unwrap_or_default();
        self.quota.used = Some(used);
        self.quota.grown = 0;
        if used < self.quota.dropping() {
            self.quota.stuck.clear();
        }
        Ok(used)
    }

    /// Deletes rows that no longer exist; if there are none, evicts the oldest requests of the
    /// largest workspace. At the critical level it continues with the next one if that has none.
    /// Returns whether it freed anything.
    async fn free_some(&mut self, used: u64) -> Result<bool, sqlx::Error> {
        // Abandoned uploads are deleted before existing requests.
        if self.has_abandoned() {
            return Ok(self.clean_up().await);
        }
        if !self.purge.is_empty() {
            self.purge_step().await?;
            return Ok(true);
        }
        self.list_holders().await?;
        let asked = if used >= self.quota.critical_bytes() { usize::MAX } else { 1 };
        let holders = self.quota.holders.iter().flat_map(|holders| holders.ordered.iter().rev());
        let holders: Vec<WorkspaceId> = holders
            .take(asked)
            .take_while(|(bytes, _)| *bytes > 0)
            .map(|&(_, workspace)| workspace)
            .collect();
        let (mut stuck, mut dropped) = (BTreeSet::new(), false);
        for workspace in holders {
            dropped = self.drop_oldest(workspace).await?;
            if dropped {
                break;
            }
            stuck.insert(workspace);
        }
        if dropped || asked > 1 {
            self.quota.stuck = stuck;
        } else {
            self.quota.stuck.append(&mut stuck);
        }
        Ok(dropped)
    }

    /// Reads the size of each workspace, or only the changed ones.
    async fn list_holders(&mut self) -> Result<(), sqlx::Error> {
        if self.quota.holders.is_some() {
            return Ok(());
        }
        let mut holders = Usage::default();
        let all: Vec<(i64, i64)> =
            sqlx::query_as("select id, bytes from workspaces where bytes > 0")
                .fetch_all(self.connection.get()?)
                .await?;
        let pinned = self.pinned().await?;
        for (id, bytes) in all.into_iter().map(|(id, bytes)| (WorkspaceId(id), bytes)) {
            holders.set(id, bytes - pinned.of(id));
        }
        self.quota.holders = Some(holders);
        Ok(())
    }

    /// Records the sizes of this transaction's workspaces.
    pub(super) fn note_holders(&mut self) {
        let Some(holders) = &mut self.quota.holders else { return };
        for &id in self.cache.changed_workspaces() {
            if let Some(book) = self.cache.workspace(id) {
                let pinned = self.pinned.as_ref().map_or(0, |pinned| pinned.of(id));
                holders.set(id, book.bytes - pinned);
            }
        }
    }

    /// Evicts the oldest requests of a workspace. Returns whether there were any.
    async fn drop_oldest(&mut self, workspace: WorkspaceId) -> Result<bool, sqlx::Error> {
        let rows = sqlx::query(
            "select requests.endpoint_id, requests.seq, requests.body_bytes
            from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.workspace_id = ? and requests.seq > endpoints.floor
                and requests.pinned = 0
            order by requests.change
            limit ?",
        )
        .bind(workspace.0)
        .bind(STEP_REQUESTS)
        .fetch_all(self.connection.get()?)
        .await?;
        let mut through: BTreeMap<EndpointId, (i64, i64)> = BTreeMap::new();
        let mut bytes = 0;
        for row in &rows {
            let (floor, count) = through.entry(EndpointId(row.get("endpoint_id"))).or_default();
            *floor = row.get("seq");
            *count += 1;
            bytes += row.get::<i64, _>("body_bytes");
            if bytes >= STEP_BYTES {
                break;
            }
        }
        if through.is_empty() {
            return Ok(false);
        }
        let mut batch = Batch::default();
        for (id, (floor, count)) in through {
            self.cache.load(self.connection.get()?, id).await?;
            self.drop_through(id, floor, count, "max-storage", &mut batch)?;
        }
        self.finish(&mut batch).await?;
        self.committed(batch);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_come_in_depends_on_how_full_it_is() {
        const MIB: u64 = 1024 * 1024;
        let (largest, other) = (WorkspaceId(1), WorkspaceId(2));
        // How far below the limit; accepted from the largest workspace with nothing to evict, from
        // others, and from an endpoint of others that refuses.
        for (limit, below, taken) in [
            (1024, 65, [true, true, true]),
            (1024, 64, [true, true, false]),
            (1024, 33, [true, true, false]),
            (1024, 32, [false, true, false]),
            (1024, 17, [false, true, false]),
            (1024, 16, [false, false, false]),
            (1024, 0, [false, false, false]),
            // A small storage reserves parts of itself.
            (64, 9, [true, true, true]),
            (64, 8, [true, true, false]),
            (64, 4, [false, true, false]),
            (64, 2, [false, false, false]),
        ] {
            let mut quota = StorageQuota::new(limit * MIB);
            quota.used = Some((limit - below) * MIB);
            quota.stuck.insert(largest);
            let told = [(largest, false), (other, false), (other, true)]
                .map(|(workspace, refuses)| quota.may_take(workspace, refuses).is_ok());
            assert_eq!(told, taken, "{below} of {limit} MiB are left");
        }
        let mut quota = StorageQuota::new(64 * MIB);
        assert!(quota.may_take(other, true).is_ok(), "not measured yet");
        quota.used = Some(64 * MIB);
        quota.forget();
        assert!(quota.may_take(other, true).is_ok(), "it must be measured again");
    }
}
