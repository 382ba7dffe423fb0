//! Reading what changed, for feeds that come back after an absence.

use std::sync::Arc;

use sqlx::{Row as _, sqlite::SqliteRow};

use super::{
    super::{Backlog, Change, StoreError, What, WorkspaceId, listed::listed},
    reader::{
        Readers, corrupt, endpoint_columns, gone_reason, is_kept, slug_from, summary_columns,
        summary_from,
    },
};

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
        // A number from the future comes from another database under the same URL.
        if after < floor || after > last {
            return Ok(Backlog::Gap(last));
        }
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
        .fetch_all(&mut *snapshot)
        .await?;
        // What changed twice tells only what came of it.
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
        .fetch_all(&mut *snapshot)
        .await?;
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
        .fetch_all(&mut *snapshot)
        .await?;
        drop(snapshot);

        let mut changes = Vec::with_capacity(captured.len() + updated.len() + others.len());
        for (rows, is_new) in [(&captured, true), (&updated, false)] {
            for row in rows {
                let summary = Arc::new(listed(summary_from(row)));
                changes.push(Change {
                    workspace,
                    number: row.get("change"),
                    endpoint: slug_from(row)?,
                    what: if is_new { What::Captured(summary) } else { What::Updated(summary) },
                });
            }
        }
        for row in &others {
            let what = self.what_from(row)?;
            changes.push(Change {
                workspace,
                number: row.get("change"),
                endpoint: slug_from(row)?,
                what,
            });
        }
        changes.sort_unstable_by_key(|change| change.number);
        // Each list ends where its own limit cut it: past the shorter end the other has holes.
        changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Backlog::Changes(changes))
    }

    fn what_from(&self, row: &SqliteRow) -> Result<What, sqlx::Error> {
        let payload: Option<&str> = row.get("payload");
        let payload = payload.unwrap_or_default();
        let number = || payload.parse().map_err(|_| corrupt("changes.payload"));
        match row.get("kind") {
            "endpoint" => Ok(What::Endpoint(self.endpoint_from(row)?)),
            "gone" => {
                gone_reason(payload).map(What::Gone).ok_or_else(|| corrupt("changes.payload"))
            }
            "deleted" => serde_json::from_str(payload)
                .map(What::Deleted)
                .map_err(|_| corrupt("changes.payload")),
            "cleared" => number().map(What::Cleared),
            "dropped" => number().map(What::Dropped),
            _ => Err(corrupt("changes.kind")),
        }
    }
}
