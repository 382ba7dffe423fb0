//! Owners' annotations of requests: notes and pins.

use std::{collections::HashMap, sync::Arc};

use hookglass_wire::Summary;

use super::{
    super::{
        super::{
            Annotation, Change, ChangeKind, EndpointId, StoreError, WorkspaceId,
            truncate::truncate_for_list,
        },
        ROW_BYTES,
        reader::{self, summary_columns},
    },
    Batch, Writer,
    commands::CommandResult,
};

/// The most pinned requests of an endpoint.
const MAX_PINS: u32 = 100;
/// Pinned requests take at most this part of the storage: otherwise they could fill it forever.
const PINNED_PART: u64 = 2;
/// Pinned requests of one workspace take at most this part.
const PINNED_PART_EACH: u64 = 8;

/// The storage that pinned requests take.
#[derive(Default)]
pub(super) struct PinnedUsage {
    all: i64,
    of: HashMap<WorkspaceId, i64>,
}

impl PinnedUsage {
    fn add(&mut self, workspace: WorkspaceId, bytes: i64) {
        self.all += bytes;
        *self.of.entry(workspace).or_default() += bytes;
    }

    /// Returns how much one workspace has pinned.
    pub(super) fn of(&self, workspace: WorkspaceId) -> i64 {
        self.of.get(&workspace).copied().unwrap_or(0)
    }
}

impl Writer {
    /// Changes note or pin of a request.
    pub(in super::super) async fn annotate(
        &mut self,
        id: EndpointId,
        seq: i64,
        annotation: Annotation,
        batch: &mut Batch,
    ) -> CommandResult<Summary> {
        let endpoint = match self.active(id).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Err(error)),
        };
        let Some((request, bytes, before)) = self.kept(id, seq).await? else {
            return Ok(Err(StoreError::NotFound));
        };
        let mut after = before.clone();
        after.note = annotation.note.unwrap_or(after.note);
        after.pinned = annotation.pinned.unwrap_or(after.pinned);
        if after == before {
            return Ok(Ok(before));
        }
        let workspace = endpoint.workspace;
        if after.pinned && !before.pinned {
            if let Err(error) = self.may_pin(id, workspace, bytes).await? {
                return Ok(Err(error));
            }
            self.cache.change(id)?.pins.insert(seq);
            self.note_pinned(workspace, bytes);
        }
        if before.pinned && !after.pinned {
            self.note_pinned(workspace, -bytes);
            let book = self.cache.change(id)?;
            book.pins.remove(&seq);
            if seq <= book.floor {
                // Only the pin kept it.
                book.endpoint.requests -= 1;
                self.leave_to_purge(id, seq, request).await?;
                self.log(&endpoint, ChangeKind::Deleted(vec![seq]), batch).await?;
                return Ok(Ok(after));
            }
        }
        let longer = note_bytes(&after) - note_bytes(&before);
        let book = self.cache.change_workspace(workspace)?;
        book.bytes += longer;
        book.change += 1;
        let number = book.change;
        sqlx::query("update requests set note = ?2, pinned = ?3, updated = ?4 where id = ?1")
            .bind(request)
            .bind(after.note.as_deref())
            .bind(after.pinned)
            .bind(number)
            .execute(self.connection.write().await?)
            .await?;
        if after.pinned {
            self.note_pinned(workspace, longer);
        }
        // So that the unpinned request counts towards the limit.
        self.cache.change(id)?;
        batch.changes.push(Change {
            workspace,
            number,
            endpoint: endpoint.slug,
            what: ChangeKind::Updated(Arc::new(after.clone())),
        });
        Ok(Ok(after))
    }

    /// Returns an existing request: its id, size and list entry.
    pub(super) async fn kept(
        &mut self,
        id: EndpointId,
        seq: i64,
    ) -> Result<Option<(i64, i64, Summary)>, sqlx::Error> {
        use sqlx::Row as _;
        let row = sqlx::query(concat!(
            "select requests.id as request,
                body_bytes + length(head) + length(trailers) + coalesce(length(answer), 0)
                    + coalesce(length(cast(note as blob)), 0) as bytes, ",
            summary_columns!(),
            " from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.endpoint_id = ?1 and requests.seq = ?2
                and (requests.seq > ?3 or requests.pinned = 1)"
        ))
        .bind(id.0)
        .bind(seq)
        .bind(self.cache.endpoint(id).map_or(0, |book| book.floor))
        .fetch_optional(self.connection.write().await?)
        .await?;
        Ok(row.map(|row| {
            let bytes = row.get::<i64, _>("bytes") + ROW_BYTES;
            (
                row.get("request"),
                bytes,
                truncate_for_list(reader::summary_from(&row, self.provider_of)),
            )
        }))
    }

    /// Whether another request of this size may be pinned.
    async fn may_pin(
        &mut self,
        id: EndpointId,
        workspace: WorkspaceId,
        bytes: i64,
    ) -> CommandResult<()> {
        let pins = self.cache.endpoint(id).map_or(0, |book| book.pins.len());
        if pins >= usize::try_from(MAX_PINS).unwrap_or(usize::MAX) {
            return Ok(Err(StoreError::TooManyPins(MAX_PINS)));
        }
        let limit = self.quota.limit();
        let pinned = self.pinned().await?;
        let (all, of) = (pinned.all, pinned.of(workspace));
        for (pinned, part) in [(all, PINNED_PART), (of, PINNED_PART_EACH)] {
            let most = limit / part;
            if u64::try_from(pinned + bytes).unwrap_or_default() > most {
                return Ok(Err(StoreError::PinsTooLarge(most)));
            }
        }
        Ok(Ok(()))
    }

    /// Returns the storage that pinned requests take; reads it once.
    pub(super) async fn pinned(&mut self) -> Result<&mut PinnedUsage, sqlx::Error> {
        if self.pinned.is_none() {
            let found: Vec<(i64, i64)> = sqlx::query_as(
                "select endpoints.workspace_id,
                    sum(requests.body_bytes + length(requests.head) + length(requests.trailers)
                        + coalesce(length(requests.answer), 0)
                        + coalesce(length(cast(requests.note as blob)), 0) + ?1)
                from requests indexed by requests_by_pin
                join endpoints on endpoints.id = requests.endpoint_id
                where requests.pinned = 1
                group by endpoints.workspace_id",
            )
            .bind(ROW_BYTES)
            .fetch_all(self.connection.get()?)
            .await?;
            let mut pinned = PinnedUsage::default();
            for (workspace, bytes) in found {
                pinned.add(WorkspaceId(workspace), bytes);
            }
            self.pinned = Some(pinned);
        }
        Ok(self.pinned.get_or_insert_default())
    }

    /// Records that this many more bytes, or fewer, are pinned.
    pub(super) fn note_pinned(&mut self, workspace: WorkspaceId, bytes: i64) {
        if let Some(pinned) = &mut self.pinned {
            pinned.add(workspace, bytes);
        }
    }

    /// Leaves the row of an unpinned request below the floor to the purge.
    async fn leave_to_purge(
        &mut self,
        id: EndpointId,
        seq: i64,
        request: i64,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("update requests set pinned = 0 where id = ?1")
            .bind(request)
            .execute(self.connection.write().await?)
            .await?;
        let book = self.cache.change(id)?;
        book.purged = book.purged.min(seq - 1);
        self.purge.add(id, 1);
        Ok(())
    }

    /// Unpins all requests of an endpoint before they are deleted.
    pub(super) async fn unpin_all(&mut self, id: EndpointId) -> Result<(), sqlx::Error> {
        let book = self.cache.change(id)?;
        let Some(&first) = book.pins.first() else { return Ok(()) };
        book.pins.clear();
        book.purged = book.purged.min(first - 1);
        let workspace = book.endpoint.workspace;
        let unpinned: Vec<i64> = sqlx::query_scalar(
            "update requests indexed by requests_by_pin
            set pinned = 0
            where endpoint_id = ?1 and pinned = 1
            returning body_bytes + length(head) + length(trailers) + coalesce(length(answer), 0)
                + coalesce(length(cast(note as blob)), 0) + ?2",
        )
        .bind(id.0)
        .bind(ROW_BYTES)
        .fetch_all(self.connection.write().await?)
        .await?;
        self.note_pinned(workspace, -unpinned.iter().sum::<i64>());
        Ok(())
    }
}

fn note_bytes(summary: &Summary) -> i64 {
    let bytes = summary.note.as_ref().map_or(0, String::len);
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
