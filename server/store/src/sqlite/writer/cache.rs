//! The writer's in-memory cache of endpoint and workspace rows. Only the writer changes them, so
//! that numbering a request reads nothing, and all that is written are plain values.

use std::collections::{BTreeSet, hash_map::Entry};

use rustc_hash::FxHashMap;
use sqlx::{Arguments as _, SqliteConnection, sqlite::SqliteArguments};

use super::super::{
    super::{EndpointId, StoredEndpoint, WorkspaceId},
    reader,
};

/// Cached endpoints, and cached workspaces; beyond that the cache is cleared.
const KNOWN: usize = 20_000;

/// A cached endpoint.
pub(super) struct EndpointState {
    pub(super) endpoint: StoredEndpoint,
    /// Requests up to this `seq` do not exist unless they are pinned.
    pub(super) floor: i64,
    /// Rows up to this `seq` are deleted unless they are pinned.
    pub(super) purged: i64,
    /// The `seq` of each pinned request.
    pub(super) pins: BTreeSet<i64>,
    /// When it was last used, microseconds since the epoch.
    pub(super) used_at: i64,
    /// The change that last reported evicted requests; 0 if unknown.
    pub(super) drop_change: i64,
    changed: bool,
}

/// A cached workspace.
pub(super) struct WorkspaceState {
    /// The number of its last change.
    pub(super) change: i64,
    /// The storage that its requests and uploads take.
    pub(super) bytes: i64,
    changed: bool,
}

/// The cached rows.
pub(super) struct WriterCache {
    endpoints: FxHashMap<EndpointId, EndpointState>,
    workspaces: FxHashMap<WorkspaceId, WorkspaceState>,
    changed_endpoints: Vec<EndpointId>,
    changed_workspaces: Vec<WorkspaceId>,
    max_requests: u32,
}

impl EndpointState {
    /// Returns the number of requests that count towards the limit.
    pub(super) fn counted(&self) -> i64 {
        self.endpoint.requests - i64::try_from(self.pins.len()).unwrap_or_default()
    }

    /// Returns the floor below which `surplus` more unpinned requests lie; `None` if requests above
    /// the floor were deleted one by one, so that the remaining ones must be counted.
    pub(super) fn floor_above(&self, surplus: i64) -> Option<i64> {
        let below = i64::try_from(self.pins.range(..=self.floor).count()).unwrap_or_default();
        if self.endpoint.last_seq - self.floor != self.endpoint.requests - below {
            return None;
        }
        let mut floor = self.floor + surplus;
        // Each pinned one on the way does not count.
        for pin in self.pins.range(self.floor + 1..) {
            if *pin > floor {
                break;
            }
            floor += 1;
        }
        Some(floor)
    }
}

impl WriterCache {
    pub(super) fn new(max_requests: u32) -> Self {
        Self {
            endpoints: FxHashMap::default(),
            workspaces: FxHashMap::default(),
            changed_endpoints: Vec::new(),
            changed_workspaces: Vec::new(),
            max_requests,
        }
    }

    /// Forgets everything, after a failure.
    pub(super) fn clear(&mut self) {
        self.endpoints.clear();
        self.workspaces.clear();
        self.changed_endpoints.clear();
        self.changed_workspaces.clear();
    }

    /// Bounds the cache, between transactions.
    pub(super) fn keep_small(&mut self) {
        if self.endpoints.len() > KNOWN || self.workspaces.len() > KNOWN {
            self.clear();
        }
    }

    /// Reads an endpoint and its workspace unless they are cached.
    ///
    /// # Errors
    /// `RowNotFound` if there is no such endpoint, and the errors of the database.
    pub(super) async fn load(
        &mut self,
        connection: &mut SqliteConnection,
        id: EndpointId,
    ) -> Result<&mut EndpointState, sqlx::Error> {
        if !self.endpoints.contains_key(&id) {
            let row = reader::row_by_id(connection, id, self.max_requests).await?;
            self.load_workspace(connection, row.endpoint.workspace).await?;
            let book = EndpointState {
                endpoint: row.endpoint,
                floor: row.floor,
                purged: row.purged,
                pins: row.pins,
                used_at: 0,
                drop_change: 0,
                changed: false,
            };
            self.endpoints.insert(id, book);
        }
        self.endpoints.get_mut(&id).ok_or(sqlx::Error::RowNotFound)
    }

    pub(super) async fn load_workspace(
        &mut self,
        connection: &mut SqliteConnection,
        id: WorkspaceId,
    ) -> Result<&mut WorkspaceState, sqlx::Error> {
        Ok(match self.workspaces.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let (change, bytes) =
                    sqlx::query_as("select change, bytes from workspaces where id = ?1")
                        .bind(id.0)
                        .fetch_one(connection)
                        .await?;
                unknown.insert(WorkspaceState { change, bytes, changed: false })
            }
        })
    }

    /// Returns an endpoint that was loaded in this transaction, to be written back.
    pub(super) fn change(&mut self, id: EndpointId) -> Result<&mut EndpointState, sqlx::Error> {
        let book = self.endpoints.get_mut(&id).ok_or(sqlx::Error::RowNotFound)?;
        if !book.changed {
            book.changed = true;
            self.changed_endpoints.push(id);
        }
        Ok(book)
    }

    /// Returns a workspace of an endpoint that was loaded in this transaction, to be written back.
    pub(super) fn change_workspace(
        &mut self,
        id: WorkspaceId,
    ) -> Result<&mut WorkspaceState, sqlx::Error> {
        let book = self.workspaces.get_mut(&id).ok_or(sqlx::Error::RowNotFound)?;
        if !book.changed {
            book.changed = true;
            self.changed_workspaces.push(id);
        }
        Ok(book)
    }

    /// Returns the next change number of a workspace.
    pub(super) fn next_change(&mut self, id: WorkspaceId) -> Result<i64, sqlx::Error> {
        let book = self.change_workspace(id)?;
        book.change += 1;
        Ok(book.change)
    }

    /// Returns the endpoints that changed in this transaction.
    pub(super) fn changed_endpoints(&self) -> &[EndpointId] {
        &self.changed_endpoints
    }

    /// Returns the workspaces that changed in this transaction.
    pub(super) fn changed_workspaces(&self) -> &[WorkspaceId] {
        &self.changed_workspaces
    }

    pub(super) fn endpoint(&self, id: EndpointId) -> Option<&EndpointState> {
        self.endpoints.get(&id)
    }

    pub(super) fn workspace(&self, id: WorkspaceId) -> Option<&WorkspaceState> {
        self.workspaces.get(&id)
    }

    /// Records that everything is written back.
    pub(super) fn written(&mut self) {
        for id in self.changed_endpoints.drain(..) {
            if let Some(book) = self.endpoints.get_mut(&id) {
                book.changed = false;
            }
        }
        for id in self.changed_workspaces.drain(..) {
            if let Some(book) = self.workspaces.get_mut(&id) {
                book.changed = false;
            }
        }
    }

    /// Binds the arguments that write an endpoint back: `id` last, as in `update` statements.
    pub(super) fn bind_endpoint(
        &self,
        id: EndpointId,
        arguments: &mut SqliteArguments,
    ) -> Result<(), sqlx::Error> {
        let book = self.endpoints.get(&id).ok_or(sqlx::Error::RowNotFound)?;
        for value in [
            book.endpoint.last_seq,
            book.endpoint.requests,
            book.floor,
            book.purged,
            book.endpoint.dropped_through,
            id.0,
        ] {
            arguments.add(value).map_err(sqlx::Error::Encode)?;
        }
        Ok(())
    }

    /// Binds the arguments that write a workspace back, `id` last.
    pub(super) fn bind_workspace(
        &self,
        id: WorkspaceId,
        arguments: &mut SqliteArguments,
    ) -> Result<(), sqlx::Error> {
        let book = self.workspaces.get(&id).ok_or(sqlx::Error::RowNotFound)?;
        for value in [book.change, book.bytes, id.0] {
            arguments.add(value).map_err(sqlx::Error::Encode)?;
        }
        Ok(())
    }
}
