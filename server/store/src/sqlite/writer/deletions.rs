//! Deletions by owners.

use sqlx::Row as _;

use super::{
    super::{
        super::{ChangeKind, Deletion, EndpointId, StoreError},
        PIECES, ROW_BYTES,
    },
    Batch, Writer,
    commands::CommandResult,
    purge::{STEP_BYTES, STEP_REQUESTS},
};

impl Writer {
    /// Deletes one request.
    pub(in super::super) async fn delete_request(
        &mut self,
        id: EndpointId,
        seq: i64,
        batch: &mut Batch,
    ) -> CommandResult<()> {
        Ok(match self.delete_requests(id, vec![seq], batch).await? {
            Ok(Deletion { deleted: 0, .. }) => Err(StoreError::NotFound),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        })
    }

    /// Deletes the first of these requests, as many as fit into a small step.
    pub(in super::super) async fn delete_requests(
        &mut self,
        id: EndpointId,
        seqs: Vec<i64>,
        batch: &mut Batch,
    ) -> CommandResult<Deletion> {
        let endpoint = match self.active(id).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Err(error)),
        };
        let step = usize::try_from(STEP_REQUESTS).unwrap_or(usize::MAX);
        let seqs = &seqs[..seqs.len().min(step)];
        let floor = self.cache.endpoint(id).map_or(0, |book| book.floor);
        let rows = sqlx::query(
            "select id, seq, body_bytes, pinned,
                length(head) + length(trailers) + coalesce(length(answer), 0)
                    + coalesce(length(cast(note as blob)), 0) as beside
            from requests
            where endpoint_id = ?1 and seq in (select value from json_each(?2))
                and (seq > ?3 or pinned = 1)",
        )
        .bind(id.0)
        .bind(json(seqs))
        .bind(floor)
        .fetch_all(self.connection.write().await?)
        .await?;
        let (mut done, mut bytes, mut step_bytes, mut pinned_bytes) = (0, 0, 0, 0);
        let (mut ids, mut deleted) = (Vec::new(), Vec::new());
        for seq in seqs {
            done += 1;
            // A number that is listed twice is processed once.
            let row = rows.iter().find(|row| row.get::<i64, _>("seq") == *seq);
            let Some(row) = row.filter(|_| !deleted.contains(seq)) else { continue };
            let body: i64 = row.get("body_bytes");
            let all = body + row.get::<i64, _>("beside") + ROW_BYTES;
            bytes += all;
            if row.get("pinned") {
                pinned_bytes += all;
                self.cache.change(id)?.pins.remove(seq);
            }
            ids.push(row.get::<i64, _>("id"));
            deleted.push(*seq);
            step_bytes += body;
            if step_bytes >= STEP_BYTES {
                break;
            }
        }
        if deleted.is_empty() {
            return Ok(Ok(Deletion { done, deleted: 0 }));
        }
        let ids = json(&ids);
        sqlx::query(
            "with recursive piece (id, remaining) as (
                select id * ?2, (body_bytes + 262143) / 262144
                from requests
                where id in (select value from json_each(?1)) and body_bytes > 0
                union all
                select id + 1, remaining - 1 from piece where remaining > 1
            )
            delete from body_pieces where id in (select id from piece)",
        )
        .bind(ids.as_str())
        .bind(PIECES)
        .execute(self.connection.write().await?)
        .await?;
        sqlx::query("delete from requests where id in (select value from json_each(?1))")
            .bind(ids)
            .execute(self.connection.write().await?)
            .await?;
        let count = i64::try_from(deleted.len()).unwrap_or(i64::MAX);
        self.cache.change(id)?.endpoint.requests -= count;
        self.cache.change_workspace(endpoint.workspace)?.bytes -= bytes;
        self.note_pinned(endpoint.workspace, -pinned_bytes);
        let deletion = Deletion { done, deleted: deleted.len() as u64 };
        self.log(&endpoint, ChangeKind::Deleted(deleted), batch).await?;
        Ok(Ok(deletion))
    }

    /// Deletes all requests of an endpoint.
    pub(in super::super) async fn clear(
        &mut self,
        id: EndpointId,
        batch: &mut Batch,
    ) -> CommandResult<u64> {
        if let Err(error) = self.active(id).await? {
            return Ok(Err(error));
        }
        self.unpin_all(id).await?;
        let book = self.cache.change(id)?;
        let cleared = book.endpoint.requests;
        book.floor = book.endpoint.last_seq;
        book.endpoint.requests = 0;
        book.endpoint.dropped_through = 0;
        let endpoint = book.endpoint.clone();
        self.purge.add(id, cleared);
        self.log(&endpoint, ChangeKind::Cleared(endpoint.last_seq), batch).await?;
        Ok(Ok(u64::try_from(cleared).unwrap_or_default()))
    }
}

/// Encodes numbers for `json_each`.
fn json(numbers: &[i64]) -> String {
    format!("{numbers:?}")
}
