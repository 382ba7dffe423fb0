//! Writes captured requests as rows: first numbers them from memory, then runs as few statements as
//! possible, a whole small transaction in one call. Each call is a round trip to the connection's
//! thread, which costs more than inserting a row.

use std::sync::Arc;

use bytes::Bytes;
use hookglass_wire::OnLimit;
use sqlx::sqlite::SqliteArguments;

use super::{
    super::{
        super::{
            CapturedRequest, Change, ChangeKind, EndpointId, StoreError, WorkspaceId,
            truncate::truncate_for_list,
        },
        ROW_BYTES,
    },
    Batch, ResultSender, Writer, expiry,
    rows::{NewRow, add, add_nulls, bind_rows, insert_piece},
    statements,
};

/// A request on its way into the database.
pub(in super::super) struct PendingInsert {
    pub(in super::super) id: EndpointId,
    pub(in super::super) captured: Box<CapturedRequest>,
    pub(in super::super) reply: ResultSender<i64>,
}

impl PendingInsert {
    /// Returns how many bytes it adds.
    pub(super) fn bytes(&self) -> usize {
        let captured = &self.captured;
        let body: usize = captured.body.iter().map(Bytes::len).sum();
        body + captured.bytes_beside()
    }
}

/// An eviction at one endpoint.
pub(super) struct Drop {
    pub(super) workspace: WorkspaceId,
    pub(super) endpoint: EndpointId,
    pub(super) change: i64,
    /// The earlier change that reported a lower floor; the new one replaces it.
    pub(super) previous: i64,
    pub(super) below: i64,
}

impl Writer {
    /// Numbers a request, to be written with the others of its batch.
    pub(super) async fn take(
        &mut self,
        append: PendingInsert,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        let PendingInsert { id, mut captured, reply } = append;
        if let Err(refused) = self.may_take(id).await? {
            batch.answer(reply, Err(refused));
            return Ok(());
        }
        let upload = match captured.upload {
            None => None,
            Some(upload) => match self.uploads.get(upload) {
                Some(open) => Some((upload, open)),
                None => {
                    batch.answer(reply, Err(StoreError::NotFound));
                    return Ok(());
                }
            },
        };
        let book = self.cache.change(id)?;
        book.endpoint.last_seq += 1;
        book.endpoint.requests += 1;
        let (seq, workspace) = (book.endpoint.last_seq, book.endpoint.workspace);
        let slug = book.endpoint.slug.clone();
        self.attempts.number(id, seq, book.floor, &mut captured);
        self.extend_expiry(id, batch)?;

        let tail: usize = captured.body.iter().map(Bytes::len).sum();
        let beside = captured.bytes_beside();
        batch.bytes += (beside + tail) as u64;
        let bytes = i64::try_from(beside + tail).unwrap_or(i64::MAX);
        let book = self.cache.change_workspace(workspace)?;
        book.bytes = book.bytes.saturating_add(bytes + ROW_BYTES);
        book.change += 1;
        let change = book.change;

        let what = ChangeKind::Captured(Arc::new(truncate_for_list(captured.summary(
            &slug,
            seq,
            self.provider_of,
        ))));
        batch.changes.push(Change { workspace, number: change, endpoint: slug, what });
        batch.kept.push((reply, seq));
        let (request, uploaded) = match upload {
            Some((upload, open)) => {
                // Its pieces already have the id of this row.
                self.finish_upload(upload, batch).await?;
                (upload.0, open.pieces)
            }
            None => {
                self.next_request_id += 1;
                (self.next_request_id - 1, 0)
            }
        };
        batch.rows.push(NewRow {
            id: request,
            endpoint: id,
            seq,
            workspace,
            change,
            uploaded,
            captured,
        });
        Ok(())
    }

    /// Whether the endpoint accepts a request now.
    pub(super) async fn may_take(
        &mut self,
        id: EndpointId,
    ) -> Result<Result<(), StoreError>, sqlx::Error> {
        let book = match self.cache.load(self.connection.get()?, id).await {
            Ok(book) => book,
            Err(sqlx::Error::RowNotFound) => return Ok(Err(StoreError::NotFound)),
            Err(error) => return Err(error),
        };
        if let Some(reason) = book.endpoint.gone {
            return Ok(Err(StoreError::Gone(reason)));
        }
        let refuses = book.endpoint.on_limit == OnLimit::Refuse;
        let max = book.endpoint.max_requests;
        if refuses && book.counted() >= i64::from(max) {
            let value = u64::from(max);
            return Ok(Err(StoreError::Full { limit: "max-requests", value }));
        }
        let workspace = book.endpoint.workspace;
        Ok(self.quota.may_take(workspace, refuses))
    }

    /// Extends the expiry of an endpoint in use.
    pub(super) fn extend_expiry(
        &mut self,
        id: EndpointId,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        let (ttl_us, now) = (self.ttl_us, self.clock.time().latest_us);
        let book = self.cache.change(id)?;
        book.used_at = book.used_at.max(now);
        let end = expiry::end(&book.endpoint, ttl_us, book.used_at);
        let end = expiry::extend_expiry(book.endpoint.expires_at, end);
        if expiry::is_worth_writing(book.endpoint.expires_at, end, now) {
            book.endpoint.expires_at = end;
            if !batch.extend_expiry.contains(&id) {
                batch.extend_expiry.push(id);
            }
        }
        Ok(())
    }

    /// Evicts the oldest requests of endpoints that exceed their limit.
    pub(super) async fn drop_surplus(&mut self, batch: &mut Batch) -> Result<(), sqlx::Error> {
        let full: Vec<EndpointId> = self
            .cache
            .changed_endpoints()
            .iter()
            .copied()
            .filter(|&id| {
                self.cache
                    .endpoint(id)
                    .is_some_and(|book| book.counted() > i64::from(book.endpoint.max_requests))
            })
            .collect();
        for id in full {
            let Some(book) = self.cache.endpoint(id) else { continue };
            let surplus = book.counted() - i64::from(book.endpoint.max_requests);
            let floor = if let Some(floor) = book.floor_above(surplus) {
                floor
            } else {
                let after = book.floor;
                self.write_rows(batch).await?;
                sqlx::query_scalar(
                    "select seq from requests
                    where endpoint_id = ?1 and seq > ?2 and pinned = 0
                    order by seq
                    limit 1 offset ?3",
                )
                .bind(id.0)
                .bind(after)
                .bind(surplus - 1)
                .fetch_one(self.connection.get()?)
                .await?
            };
            self.drop_through(id, floor, surplus, "max-requests", batch)?;
        }
        Ok(())
    }

    /// Evicts the unpinned requests of an endpoint up to `floor`, `requests` in number.
    pub(super) fn drop_through(
        &mut self,
        id: EndpointId,
        floor: i64,
        requests: i64,
        limit: &'static str,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        let book = self.cache.change(id)?;
        book.floor = floor;
        book.endpoint.requests -= requests;
        book.endpoint.dropped_through = floor;
        let (workspace, slug) = (book.endpoint.workspace, book.endpoint.slug.clone());
        let previous = book.drop_change;
        let change = self.cache.next_change(workspace)?;
        self.cache.change(id)?.drop_change = change;
        let below = floor + 1;
        batch.drops.push(Drop { workspace, endpoint: id, change, previous, below });
        let what = ChangeKind::Dropped(below);
        batch.changes.push(Change { workspace, number: change, endpoint: slug, what });
        batch.dropped.push((limit, requests));
        self.purge.add(id, requests);
        Ok(())
    }

    /// Writes the rest of the batch and commits. Returns whether there was anything.
    pub(super) async fn finish(&mut self, batch: &mut Batch) -> Result<bool, sqlx::Error> {
        let alone = match (self.cache.changed_endpoints(), self.cache.changed_workspaces()) {
            ([endpoint], [workspace]) => Some((*endpoint, *workspace)),
            _ => None,
        };
        if let Some((endpoint, workspace)) = alone
            && !self.connection.is_in_transaction()
            && batch.drops.is_empty()
            && batch.extend_expiry.is_empty()
            && (1..=8).contains(&batch.rows.len())
            && batch.rows.iter().all(NewRow::has_one_piece_at_most)
        {
            let (count, sql) = statements::whole(batch.rows.len());
            let mut arguments = SqliteArguments::default();
            bind_rows(&mut arguments, batch.rows.drain(..), count)?;
            self.cache.bind_endpoint(endpoint, &mut arguments)?;
            self.cache.bind_workspace(workspace, &mut arguments)?;
            self.connection.commit(sql, arguments).await?;
            self.written();
            return Ok(true);
        }
        self.write_rows(batch).await?;
        self.write_drops(batch).await?;
        for id in std::mem::take(&mut batch.extend_expiry) {
            let Some(endpoint) = self.cache.endpoint(id).map(|book| book.endpoint.clone()) else {
                continue;
            };
            sqlx::query("update endpoints set expires_at = ?2 where id = ?1")
                .bind(id.0)
                .bind(endpoint.expires_at)
                .execute(self.connection.write().await?)
                .await?;
            // Open pages show when it expires.
            self.log(&endpoint, ChangeKind::Endpoint(endpoint.clone()), batch).await?;
        }
        if !self.connection.is_in_transaction() {
            // Nothing changed; a use that is not worth writing is only kept in memory.
            self.cache.written();
            return Ok(false);
        }
        match alone {
            Some((endpoint, workspace)) => {
                let mut arguments = SqliteArguments::default();
                self.cache.bind_endpoint(endpoint, &mut arguments)?;
                self.cache.bind_workspace(workspace, &mut arguments)?;
                self.connection.commit(statements::LAST, arguments).await?;
            }
            None => {
                self.write_endpoints().await?;
                self.write_workspaces().await?;
                self.connection.commit("commit", SqliteArguments::default()).await?;
            }
        }
        self.written();
        Ok(true)
    }

    fn written(&mut self) {
        self.note_holders();
        self.cache.written();
    }

    async fn write_endpoints(&mut self) -> Result<(), sqlx::Error> {
        let ids = self.cache.changed_endpoints().to_vec();
        let mut ids = ids.as_slice();
        while !ids.is_empty() {
            let (count, sql) = statements::endpoints(ids.len());
            let (now, later) = ids.split_at(ids.len().min(count));
            let mut arguments = SqliteArguments::default();
            for &id in now {
                self.cache.bind_endpoint(id, &mut arguments)?;
            }
            add_nulls(&mut arguments, (count - now.len()) * 6)?;
            sqlx::query_with(sql, arguments).execute(self.connection.write().await?).await?;
            ids = later;
        }
        Ok(())
    }

    async fn write_workspaces(&mut self) -> Result<(), sqlx::Error> {
        let ids = self.cache.changed_workspaces().to_vec();
        let mut ids = ids.as_slice();
        while !ids.is_empty() {
            let (count, sql) = statements::workspaces(ids.len());
            let (now, later) = ids.split_at(ids.len().min(count));
            let mut arguments = SqliteArguments::default();
            for &id in now {
                self.cache.bind_workspace(id, &mut arguments)?;
            }
            add_nulls(&mut arguments, (count - now.len()) * 3)?;
            sqlx::query_with(sql, arguments).execute(self.connection.write().await?).await?;
            ids = later;
        }
        Ok(())
    }

    /// Writes the rows that have been numbered, with their bodies.
    pub(super) async fn write_rows(&mut self, batch: &mut Batch) -> Result<(), sqlx::Error> {
        let mut rows = batch.rows.drain(..).peekable();
        while rows.peek().is_some() {
            let (count, sql) = statements::insert(rows.len());
            let connection = self.connection.write().await?;
            let mut arguments = SqliteArguments::default();
            let large = bind_rows(&mut arguments, rows.by_ref().take(count), count)?;
            sqlx::query_with(sql, arguments).execute(&mut *connection).await?;
            for (id, bytes) in large {
                insert_piece(connection, id, bytes).await?;
            }
        }
        Ok(())
    }

    async fn write_drops(&mut self, batch: &mut Batch) -> Result<(), sqlx::Error> {
        for drop in batch.drops.drain(..) {
            let mut arguments = SqliteArguments::default();
            for value in [drop.workspace.0, drop.change, drop.endpoint.0, drop.below] {
                add(&mut arguments, value)?;
            }
            for value in [drop.workspace.0, drop.previous] {
                add(&mut arguments, value)?;
            }
            sqlx::query_with(
                "insert into changes (workspace_id, change, endpoint_id, kind, payload)
                values (?, ?, ?, 'dropped', cast(? as text));
                delete from changes where workspace_id = ? and change = ?",
                arguments,
            )
            .execute(self.connection.write().await?)
            .await?;
        }
        Ok(())
    }
}
