//! Captured requests into rows: numbers first, then as few statements as possible.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use hookglass_app::wire::{GoneReason, Summary, Timestamp};
use sqlx::{Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::{
    super::{
        super::{Captured, Change, EndpointId, StoreError, What, WorkspaceId},
        CHUNK_BYTES,
    },
    Batch, Desk, Reply,
};
use crate::{head, slug::Slug};

/// How many rows one statement inserts, largest first: a statement is prepared once for each.
const ROWS: [usize; 3] = [64, 8, 1];

macro_rules! times_8 {
    ($text:expr) => {
        concat!(
            $text, ",", $text, ",", $text, ",", $text, ",", $text, ",", $text, ",", $text, ",",
            $text
        )
    };
}
macro_rules! insert_requests {
    ($rows:expr) => {
        concat!(
            "insert into requests (
                id, endpoint_id, seq, workspace_id, change, received_at, duration_us, method,
                target, http_version, remote_addr, peer, content_type, label, body_bytes,
                body_sha256, complete, exact, redacted, head, trailers
            ) values ",
            $rows
        )
    };
}
macro_rules! request_row {
    () => {
        "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    };
}
macro_rules! insert_chunks {
    ($rows:expr) => {
        concat!("insert into body_chunks (request_id, position, bytes) values ", $rows)
    };
}
macro_rules! chunk_row {
    () => {
        "(?,?,?)"
    };
}

/// A request on its way into the database.
pub(super) struct Append {
    pub(super) id: EndpointId,
    pub(super) captured: Box<Captured>,
    pub(super) reply: Reply<i64>,
}

/// A request with all its numbers.
struct Row {
    id: i64,
    endpoint: EndpointId,
    seq: i64,
    workspace: WorkspaceId,
    change: i64,
    captured: Box<Captured>,
}

/// What the counters of an endpoint give to the requests of this batch.
struct Numbers {
    workspace: WorkspaceId,
    slug: Slug,
    next_seq: i64,
}

impl Desk {
    /// Keeps requests in the order in which they came.
    pub(super) async fn append(
        &mut self,
        appends: Vec<Append>,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        if appends.is_empty() {
            return Ok(());
        }
        let mut numbers = self.take_numbers(&appends).await?;
        let mut next_changes = self.take_workspace_changes(&appends, &numbers).await?;

        let mut rows = Vec::with_capacity(appends.len());
        for Append { id, captured, reply } in appends {
            let taken = match numbers.get_mut(&id) {
                Some(Ok(taken)) => taken,
                Some(Err(reason)) => {
                    batch.answer(reply, Err(StoreError::Gone(*reason)));
                    continue;
                }
                None => {
                    batch.answer(reply, Err(StoreError::NotFound));
                    continue;
                }
            };
            let seq = taken.next_seq;
            taken.next_seq += 1;
            let next_change = next_changes.entry(taken.workspace).or_default();
            let change = *next_change;
            *next_change += 1;
            batch.changes.push(Change {
                workspace: taken.workspace,
                number: change,
                endpoint: taken.slug.clone(),
                what: What::Captured(Arc::new(summary(&taken.slug, seq, &captured))),
            });
            batch.answer(reply, Ok(seq));
            rows.push(Row {
                id: self.next_request_id,
                endpoint: id,
                seq,
                workspace: taken.workspace,
                change,
                captured,
            });
            self.next_request_id += 1;
        }
        insert_requests(&mut self.connection, &rows).await?;
        insert_bodies(&mut self.connection, &rows).await
    }

    /// Counts each endpoint up by what it gets, and says why if it can get nothing.
    async fn take_numbers(
        &mut self,
        appends: &[Append],
    ) -> Result<HashMap<EndpointId, Result<Numbers, GoneReason>>, sqlx::Error> {
        let mut counts: HashMap<EndpointId, i64> = HashMap::new();
        for append in appends {
            *counts.entry(append.id).or_default() += 1;
        }
        let mut numbers = HashMap::with_capacity(counts.len());
        for (id, count) in counts {
            let counted: Option<(i64, i64, String)> = sqlx::query_as(
                "update endpoints
                set last_seq = last_seq + ?2, requests = requests + ?2
                where id = ?1 and gone_at is null
                returning workspace_id, last_seq, slug",
            )
            .bind(id.0)
            .bind(count)
            .fetch_optional(&mut self.connection)
            .await?;
            if let Some((workspace, last_seq, slug)) = counted
                && let Some(slug) = Slug::from_segment(&slug)
            {
                let workspace = WorkspaceId(workspace);
                numbers.insert(id, Ok(Numbers { workspace, slug, next_seq: last_seq - count + 1 }));
            } else {
                numbers.insert(id, Err(GoneReason::Deleted));
            }
        }
        Ok(numbers)
    }

    /// The first change number for the requests of each workspace.
    async fn take_workspace_changes(
        &mut self,
        appends: &[Append],
        numbers: &HashMap<EndpointId, Result<Numbers, GoneReason>>,
    ) -> Result<HashMap<WorkspaceId, i64>, sqlx::Error> {
        let mut counts: HashMap<WorkspaceId, i64> = HashMap::new();
        for append in appends {
            if let Some(Ok(taken)) = numbers.get(&append.id) {
                *counts.entry(taken.workspace).or_default() += 1;
            }
        }
        let mut next = HashMap::with_capacity(counts.len());
        for (workspace, count) in counts {
            next.insert(workspace, self.take_changes(workspace, count).await?);
        }
        Ok(next)
    }
}

fn summary(slug: &Slug, seq: i64, captured: &Captured) -> Summary {
    Summary {
        endpoint: slug.to_string(),
        seq,
        received_at: Timestamp::from_micros(captured.received_at),
        method: captured.method.clone(),
        target: head::text(&captured.target),
        remote_addr: captured.remote_addr.clone(),
        content_type: captured.content_type.as_deref().map(head::text),
        body_bytes: captured.body_bytes() as u64,
        complete: captured.complete,
        refused: None,
        label: captured.label.clone(),
    }
}

async fn insert_requests(
    connection: &mut SqliteConnection,
    mut rows: &[Row],
) -> Result<(), sqlx::Error> {
    while !rows.is_empty() {
        let (count, sql) = match rows_at_once(rows.len()) {
            64 => (64, insert_requests!(times_8!(times_8!(request_row!())))),
            8 => (8, insert_requests!(times_8!(request_row!()))),
            _ => (1, insert_requests!(request_row!())),
        };
        let (now, later) = rows.split_at(count);
        let mut query = sqlx::query(sql);
        for row in now {
            query = bind_request(query, row);
        }
        query.execute(&mut *connection).await?;
        rows = later;
    }
    Ok(())
}

type Insert<'q> = Query<'q, Sqlite, SqliteArguments>;

fn bind_request<'q>(query: Insert<'q>, row: &'q Row) -> Insert<'q> {
    let captured = &row.captured;
    query
        .bind(row.id)
        .bind(row.endpoint.0)
        .bind(row.seq)
        .bind(row.workspace.0)
        .bind(row.change)
        .bind(captured.received_at)
        .bind(captured.duration_us)
        .bind(captured.method.as_str())
        .bind(captured.target.as_slice())
        .bind(captured.http_version)
        .bind(captured.remote_addr.as_str())
        .bind(captured.peer.as_str())
        .bind(captured.content_type.as_deref())
        .bind(captured.label.as_deref())
        .bind(i64::try_from(captured.body_bytes()).unwrap_or(i64::MAX))
        .bind(captured.body_sha256.as_slice())
        .bind(captured.complete)
        .bind(captured.exact)
        .bind(captured.redacted)
        .bind(captured.head.as_slice())
        .bind(captured.trailers.as_slice())
}

async fn insert_bodies(connection: &mut SqliteConnection, rows: &[Row]) -> Result<(), sqlx::Error> {
    let chunks: Vec<(i64, i64, Bytes)> = rows
        .iter()
        .flat_map(|row| {
            let mut position = 0;
            chunks(&row.captured.body).into_iter().map(move |bytes| {
                let chunk = (row.id, position, bytes.clone());
                position += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
                chunk
            })
        })
        .collect();
    let mut rest = chunks.as_slice();
    while !rest.is_empty() {
        let (count, sql) = match rows_at_once(rest.len()) {
            64 => (64, insert_chunks!(times_8!(times_8!(chunk_row!())))),
            8 => (8, insert_chunks!(times_8!(chunk_row!()))),
            _ => (1, insert_chunks!(chunk_row!())),
        };
        let (now, later) = rest.split_at(count);
        let mut query = sqlx::query(sql);
        for (request, position, bytes) in now {
            query = query.bind(*request).bind(*position).bind(bytes.as_ref());
        }
        query.execute(&mut *connection).await?;
        rest = later;
    }
    Ok(())
}

/// A body in pieces of `CHUNK_BYTES`, the last one shorter.
fn chunks(body: &[Bytes]) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    let mut filling: Vec<u8> = Vec::new();
    for piece in body {
        let mut piece = piece.clone();
        if filling.is_empty() && piece.len() <= CHUNK_BYTES && body.len() == 1 {
            return if piece.is_empty() { chunks } else { vec![piece] };
        }
        while !piece.is_empty() {
            let taken = piece.split_to(piece.len().min(CHUNK_BYTES - filling.len()));
            filling.extend_from_slice(&taken);
            if filling.len() == CHUNK_BYTES {
                chunks.push(Bytes::from(std::mem::take(&mut filling)));
            }
        }
    }
    if !filling.is_empty() {
        chunks.push(Bytes::from(filling));
    }
    chunks
}

/// How many of so many rows the next statement takes.
fn rows_at_once(rows: usize) -> usize {
    ROWS.into_iter().find(|&count| count <= rows).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_in_chunks_is_the_same_body(
            pieces in proptest::collection::vec(0..CHUNK_BYTES * 2, 0..5),
        ) {
            let pieces: Vec<Bytes> = pieces
                .into_iter()
                .enumerate()
                .map(|(at, length)| vec![u8::try_from(at).unwrap(); length].into())
                .collect();
            let chunks = chunks(&pieces);
            prop_assert_eq!(chunks.concat(), pieces.concat());
            for (at, chunk) in chunks.iter().enumerate() {
                prop_assert!(!chunk.is_empty());
                prop_assert!(chunk.len() == CHUNK_BYTES || at + 1 == chunks.len());
            }
        }
    }
}
