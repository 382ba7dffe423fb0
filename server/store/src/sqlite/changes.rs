//! Reads of changes, for feeds that reconnect.

use std::sync::Arc;

use futures_util::{Stream, TryStreamExt as _};
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{
    super::{Backlog, Change, ChangeKind, StoreError, WorkspaceId, truncate::truncate_for_list},
    reader::{
        Readers, corrupt, endpoint_columns, gone_reason, is_kept, slug_from, summary_columns,
        summary_from,
    },
};

/// The bytes read at once of each kind of change: an unread feed holds no more.
const BACKLOG_BYTES: usize = 64 * 1024;

impl Readers {
    pub(super) async fn changes_after(
        &self,
        workspace: WorkspaceId,
        after: i64,
        limit: u32,
    ) -> Result<Backlog, StoreError> {
        let mut snapshot = self.pool.begin().await?;
        let (last, floor): (i64, i64) =
            sqlx::query_as("select change, change_floor from workspaces where id = ?1")
                .bind(workspace.0)
                .fetch_one(&mut *snapshot)
                .await?;
        // A higher number comes from another database under the same URL.
        if after < floor || after > last {
            return Ok(Backlog::Gap(last));
        }
        let mut changes = Vec::new();
        // The number up to which each list has all changes: a truncated list has gaps after its
        // end.
        let mut known = i64::MAX;
        let captured = sqlx::query(concat!(
            "select requests.change, ",
            summary_columns!(),
            " from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.workspace_id = ?1 and requests.change > ?2 and ",
            is_kept!(),
            " order by requests.change
            limit ?3"
        ))
        .bind(workspace.0)
        .bind(after)
        .bind(limit)
        .fetch(&mut *snapshot);
        let captured = self.read_part(captured, workspace, limit, &mut changes, |row| {
            Ok(ChangeKind::Captured(Arc::new(truncate_for_list(summary_from(
                row,
                self.provider_of,
            )))))
        });
        known = known.min(captured.await?);
        // Of several updates of one request only the last is reported.
        let updated = sqlx::query(concat!(
            "select requests.updated as change, ",
            summary_columns!(),
            " from requests indexed by requests_by_update
            join endpoints on endpoints.id = requests.endpoint_id
            where requests.workspace_id = ?1 and requests.updated > ?2 and ",
            is_kept!(),
            " order by requests.updated
            limit ?3"
        ))
        .bind(workspace.0)
        .bind(after)
        .bind(limit)
        .fetch(&mut *snapshot);
        let updated = self.read_part(updated, workspace, limit, &mut changes, |row| {
            Ok(ChangeKind::Updated(Arc::new(truncate_for_list(summary_from(
                row,
                self.provider_of,
            )))))
        });
        known = known.min(updated.await?);
        let others = sqlx::query(concat!(
            "select changes.change, changes.kind, changes.payload, ",
            endpoint_columns!(),
            " from changes join endpoints on endpoints.id = changes.endpoint_id
            where changes.workspace_id = ?1 and changes.change > ?2
            order by changes.change
            limit ?3"
        ))
        .bind(workspace.0)
        .bind(after)
        .bind(limit)
        .fetch(&mut *snapshot);
        let others =
            self.read_part(others, workspace, limit, &mut changes, |row| self.what_from(row));
        known = known.min(others.await?);
        drop(snapshot);
        changes.sort_unstable_by_key(|change| change.number);
        changes.retain(|change| change.number <= known);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = known < i64::MAX || changes.len() > limit;
        changes.truncate(limit);
        Ok(Backlog::Changes { changes, more })
    }

    /// Adds the changes of a list, and returns the number up to which it is complete: the last of
    /// `limit` rows, or of the rows that fit the byte limit, or no bound if it ended.
    async fn read_part(
        &self,
        mut rows: impl Stream<Item = Result<SqliteRow, sqlx::Error>> + Unpin,
        workspace: WorkspaceId,
        limit: u32,
        changes: &mut Vec<Change>,
        what: impl Fn(&SqliteRow) -> Result<ChangeKind, sqlx::Error>,
    ) -> Result<i64, sqlx::Error> {
        let (mut count, mut bytes) = (0, 0);
        while let Some(row) = rows.try_next().await? {
            let (number, what) = (row.get("change"), what(&row)?);
            let change = Change { workspace, number, endpoint: slug_from(&row)?, what };
            count += 1;
            bytes += change.bytes();
            changes.push(change);
            if count >= limit || bytes >= BACKLOG_BYTES {
                return Ok(number);
            }
        }
        Ok(i64::MAX)
    }

    fn what_from(&self, row: &SqliteRow) -> Result<ChangeKind, sqlx::Error> {
        let payload: Option<&str> = row.get("payload");
        let payload = payload.unwrap_or_default();
        let number = || payload.parse().map_err(|_| corrupt("changes.payload"));
        match row.get("kind") {
            "endpoint" => Ok(ChangeKind::Endpoint(self.endpoint_from(row)?)),
            "gone" => {
                gone_reason(payload).map(ChangeKind::Gone).ok_or_else(|| corrupt("changes.payload"))
            }
            "deleted" => serde_json::from_str(payload)
                .map(ChangeKind::Deleted)
                .map_err(|_| corrupt("changes.payload")),
            "cleared" => number().map(ChangeKind::Cleared),
            "dropped" => number().map(ChangeKind::Dropped),
            _ => Err(corrupt("changes.kind")),
        }
    }
}
