//! Deletes the rows of requests that no longer exist, in small steps that give way to captures.

use std::{collections::BTreeSet, sync::PoisonError};

use sqlx::Row as _;

use super::{
    super::{super::EndpointId, PIECE, PIECES, ROW_BYTES},
    Batch, Writer,
    uploads::PIECES_AT_ONCE,
};

/// The most requests that one step deletes.
pub(super) const STEP_REQUESTS: i64 = 128;
/// The bytes after which a step ends: large bodies have many pages.
pub(super) const STEP_BYTES: i64 = PIECES_AT_ONCE * PIECE;

/// The endpoints with rows to delete.
#[derive(Default)]
pub(super) struct PurgeQueue {
    endpoints: BTreeSet<EndpointId>,
    /// The approximate number of their requests.
    requests: i64,
    /// Whether small remainders are deleted too, because the writer idles.
    resting: bool,
}

impl PurgeQueue {
    /// Adds about this many requests of an endpoint.
    pub(super) fn add(&mut self, id: EndpointId, requests: i64) {
        self.endpoints.insert(id);
        self.requests += requests;
    }

    /// Includes small remainders until nothing is left.
    pub(super) fn rest(&mut self) {
        self.resting = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }

    /// Records a committed step.
    pub(super) fn did(&mut self, purged: &PurgedStep) {
        self.requests = (self.requests - purged.requests).max(0);
        if purged.is_done {
            self.done(purged.endpoint);
        }
    }

    fn done(&mut self, id: EndpointId) {
        self.endpoints.remove(&id);
        if self.endpoints.is_empty() {
            self.requests = 0;
            self.resting = false;
        }
    }

    /// Whether a step is worth its commit.
    pub(super) fn is_due(&self) -> bool {
        !self.is_empty() && (self.resting || self.requests >= STEP_REQUESTS)
    }

    /// Whether a step must run even if senders have to wait.
    pub(super) fn is_overdue(&self) -> bool {
        self.requests >= 32 * STEP_REQUESTS
    }
}

/// The deletions of one step, to be recorded once it is committed.
pub(super) struct PurgedStep {
    endpoint: EndpointId,
    requests: i64,
    /// Whether nothing is left of the endpoint.
    is_done: bool,
}

impl Writer {
    /// Runs a step of maintenance while the writer idles. Returns whether there was any.
    pub(super) async fn clean_up(&mut self) -> bool {
        if self.connection.is_lost() || !*self.storing.borrow() {
            return false;
        }
        let abandoned =
            self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).last().copied();
        let done = if let Some(upload) = abandoned {
            self.sweep(upload).await.map(|done| {
                if done {
                    let mut abandoned =
                        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner);
                    abandoned.retain(|&other| other != upload);
                }
            })
        } else if self.purge.is_due() {
            self.purge_step().await
        } else {
            return false;
        };
        let done = match done {
            Ok(()) => self.look_for_room().await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            self.failed(&error).await;
            return false;
        }
        true
    }

    /// Deletes some rows of the first endpoint with any to delete, in a separate transaction.
    pub(super) async fn purge_step(&mut self) -> Result<(), sqlx::Error> {
        let Some(purged) = self.purge_rows().await? else { return Ok(()) };
        self.finish(&mut Batch::default()).await?;
        self.purge.did(&purged);
        Ok(())
    }

    /// The same within the current transaction. All numbered rows must be written before.
    pub(super) async fn purge_rows(&mut self) -> Result<Option<PurgedStep>, sqlx::Error> {
        let Some(&id) = self.purge.endpoints.first() else { return Ok(None) };
        let book = self.cache.load(self.connection.get()?, id).await?;
        let (after, floor, workspace) = (book.purged, book.floor, book.endpoint.workspace);
        let rows = sqlx::query(
            "select id, seq, body_bytes,
                length(head) + length(trailers) + coalesce(length(answer), 0)
                    + coalesce(length(cast(note as blob)), 0) as beside
            from requests
            where endpoint_id = ? and seq > ? and seq <= ? and pinned = 0
            order by seq
            limit ?",
        )
        .bind(id.0)
        .bind(after)
        .bind(floor)
        .bind(STEP_REQUESTS)
        .fetch_all(self.connection.get()?)
        .await?;
        if let Some(first) = rows.first()
            && first.get::<i64, _>("body_bytes") > STEP_BYTES
            && self.delete_pieces(first.get("id")).await?
        {
            return Ok(Some(PurgedStep { endpoint: id, requests: 0, is_done: false }));
        }
        let (mut bytes, mut through, mut count) = (0_i64, after, 0);
        for row in &rows {
            let body: i64 = row.get("body_bytes");
            if count > 0 && bytes + body > STEP_BYTES {
                break;
            }
            bytes += body + row.get::<i64, _>("beside") + ROW_BYTES;
            through = row.get("seq");
            count += 1;
        }
        if count == i64::try_from(rows.len()).unwrap_or(count) && count < STEP_REQUESTS {
            through = floor;
        }
        if count > 0 {
            sqlx::query(
                "with recursive piece (id, remaining) as (
                    select id * 1048576, (body_bytes + 262143) / 262144
                    from requests
                    where endpoint_id = ? and seq > ? and seq <= ? and pinned = 0
                        and body_bytes > 0
                    union all
                    select id + 1, remaining - 1 from piece where remaining > 1
                )
                delete from body_pieces where id in (select id from piece);
                delete from requests
                where endpoint_id = ? and seq > ? and seq <= ? and pinned = 0",
            )
            .bind(id.0)
            .bind(after)
            .bind(through)
            .bind(id.0)
            .bind(after)
            .bind(through)
            .execute(self.connection.write().await?)
            .await?;
        }
        let book = self.cache.change(id)?;
        book.purged = through;
        self.cache.change_workspace(workspace)?.bytes -= bytes;
        // Writes the cached rows back even if no row was left.
        self.connection.write().await?;
        Ok(Some(PurgedStep { endpoint: id, requests: count, is_done: through >= floor }))
    }

    /// Whether there are abandoned uploads that are not deleted yet.
    pub(super) fn has_abandoned(&self) -> bool {
        !self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Deletes a few pieces of a large body whose request no longer exists. Returns whether there
    /// may be more.
    async fn delete_pieces(&mut self, request: i64) -> Result<bool, sqlx::Error> {
        let deleted = sqlx::query(
            "delete from body_pieces
            where id in (select id from body_pieces where id >= ? and id < ? order by id limit ?)",
        )
        .bind(request * PIECES)
        .bind((request + 1) * PIECES)
        .bind(PIECES_AT_ONCE)
        .execute(self.connection.write().await?)
        .await?;
        Ok(deleted.rows_affected() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_waits_until_it_is_worth_a_commit_and_senders_wait_where_it_is_overdue() {
        let id = EndpointId(1);
        let mut purge = PurgeQueue::default();
        assert!(!purge.is_due() && !purge.is_overdue());
        purge.add(id, STEP_REQUESTS - 1);
        assert!(!purge.is_due());
        purge.rest();
        assert!(purge.is_due(), "the writer idles");
        purge.did(&PurgedStep { endpoint: id, requests: 1, is_done: true });
        assert!(!purge.is_due() && purge.is_empty());
        purge.add(id, STEP_REQUESTS);
        assert!(purge.is_due() && !purge.is_overdue());
        purge.add(EndpointId(2), 31 * STEP_REQUESTS - 1);
        assert!(!purge.is_overdue());
        purge.add(EndpointId(2), 1);
        assert!(purge.is_overdue());
        purge.did(&PurgedStep { endpoint: id, requests: STEP_REQUESTS, is_done: true });
        assert!(purge.is_due() && !purge.is_overdue(), "the other endpoint is left");
    }
}
