//! Bodies that are stored ahead of their requests.

use std::collections::HashMap;

use bytes::Bytes;

use super::{
    super::{
        super::{EndpointId, PIECE_BYTES, StoreError, UploadId, WorkspaceId},
        PIECE, PIECES,
    },
    Batch, Writer,
    rows::insert_piece,
};

/// Pieces that one step deletes: 8 MiB.
pub(super) const PIECES_AT_ONCE: i64 = 32;

/// An unfinished upload.
#[derive(Clone, Copy)]
pub(super) struct Upload {
    workspace: WorkspaceId,
    pub(super) pieces: i64,
}

/// The unfinished uploads of this run.
#[derive(Default)]
pub(super) struct Uploads(HashMap<UploadId, Upload>);

impl Uploads {
    pub(super) fn get(&self, id: UploadId) -> Option<Upload> {
        self.0.get(&id).copied()
    }
}

impl Writer {
    /// Stores the next piece of an upload, or starts one.
    pub(super) async fn upload(
        &mut self,
        upload: Option<UploadId>,
        endpoint: EndpointId,
        piece: Bytes,
        batch: &mut Batch,
    ) -> Result<Result<UploadId, StoreError>, sqlx::Error> {
        debug_assert_eq!(piece.len(), PIECE_BYTES, "pieces are found by their index");
        if let Err(refused) = self.may_take(endpoint).await? {
            return Ok(Err(refused));
        }
        let (id, open) = match upload {
            Some(id) => match self.uploads.get(id) {
                Some(open) => (id, open),
                None => return Ok(Err(StoreError::NotFound)),
            },
            None => {
                let Some(book) = self.cache.endpoint(endpoint) else {
                    return Ok(Err(StoreError::NotFound));
                };
                let workspace = book.endpoint.workspace;
                let id = UploadId(self.next_request_id);
                self.next_request_id += 1;
                sqlx::query("insert into uploads (id, workspace_id) values (?, ?)")
                    .bind(id.0)
                    .bind(workspace.0)
                    .execute(self.connection.write().await?)
                    .await?;
                (id, Upload { workspace, pieces: 0 })
            }
        };
        batch.bytes += piece.len() as u64;
        insert_piece(self.connection.write().await?, id.0 * PIECES + open.pieces, piece).await?;
        self.cache.change_workspace(open.workspace)?.bytes += PIECE;
        self.uploads.0.insert(id, Upload { pieces: open.pieces + 1, ..open });
        Ok(Ok(id))
    }

    /// Turns the upload into a request's body.
    pub(super) async fn finish_upload(
        &mut self,
        id: UploadId,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        self.write_rows(batch).await?;
        sqlx::query("delete from uploads where id = ?")
            .bind(id.0)
            .execute(self.connection.write().await?)
            .await?;
        self.uploads.0.remove(&id);
        Ok(())
    }

    /// Deletes a few pieces of an abandoned upload. Returns whether they were the last.
    pub(super) async fn sweep(&mut self, id: UploadId) -> Result<bool, sqlx::Error> {
        self.uploads.0.remove(&id);
        let owner: Option<i64> =
            sqlx::query_scalar("select workspace_id from uploads where id = ?")
                .bind(id.0)
                .fetch_optional(self.connection.get()?)
                .await?;
        // Missing: it was never committed, or it was committed as a body after all.
        let Some(owner) = owner.map(WorkspaceId) else { return Ok(true) };
        let deleted = sqlx::query(
            "delete from body_pieces
            where id in (select id from body_pieces where id >= ? and id < ? order by id limit ?)",
        )
        .bind(id.0 * PIECES)
        .bind((id.0 + 1) * PIECES)
        .bind(PIECES_AT_ONCE)
        .execute(self.connection.write().await?)
        .await?
        .rows_affected();
        let deleted = i64::try_from(deleted).unwrap_or(PIECES_AT_ONCE);
        self.cache.load_workspace(self.connection.get()?, owner).await?;
        self.cache.change_workspace(owner)?.bytes -= deleted * PIECE;
        let done = deleted < PIECES_AT_ONCE;
        if done {
            sqlx::query("delete from uploads where id = ?")
                .bind(id.0)
                .execute(self.connection.write().await?)
                .await?;
        }
        self.finish(&mut Batch::default()).await?;
        Ok(done)
    }
}
