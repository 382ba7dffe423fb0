//! Reads, each on a connection of the pool and within one snapshot. No query stays open across a
//! caller's await: a reader left open would let the write-ahead log grow without end.

use std::{ops::Range, sync::Arc};

use hookglass_app::wire::{GoneReason, Summary, Timestamp, Window};
use sqlx::{Row as _, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::super::{
    Backlog, Change, Endpoint, EndpointId, RequestPage, StoreError, StoredRequest, What, Which,
    WorkspaceId,
};
use crate::{head, key::KeyHash, slug::Slug};

/// Requests on a page if the caller does not say.
const PAGE_REQUESTS: u32 = 50;

macro_rules! endpoint_columns {
    () => {
        "endpoints.id, endpoints.workspace_id, endpoints.slug, endpoints.name,
        endpoints.created_at, endpoints.expires_at, endpoints.gone_reason,
        endpoints.last_seq, endpoints.requests"
    };
}
macro_rules! summary_columns {
    () => {
        "endpoints.slug, requests.seq, requests.received_at, requests.method, requests.target,
        requests.remote_addr, requests.content_type, requests.body_bytes, requests.complete,
        requests.label"
    };
}

pub(super) async fn workspace(
    pool: &SqlitePool,
    key: &KeyHash,
) -> Result<Option<WorkspaceId>, StoreError> {
    let row = sqlx::query("select hash, workspace_id from workspace_keys where hash = ?1")
        .bind(key.as_bytes())
        .fetch_optional(pool)
        .await?;
    Ok(row.filter(|row| key.matches(row.get::<&[u8], _>(0))).map(|row| WorkspaceId(row.get(1))))
}

pub(super) async fn endpoints(
    pool: &SqlitePool,
    workspace: WorkspaceId,
) -> Result<(Vec<Endpoint>, i64), StoreError> {
    let mut snapshot = pool.begin().await?;
    let change = change(&mut snapshot, workspace).await?;
    let rows = sqlx::query(concat!(
        "select ",
        endpoint_columns!(),
        " from endpoints
        where workspace_id = ?1 and gone_at is null
        order by created_at desc, id desc"
    ))
    .bind(workspace.0)
    .fetch_all(&mut *snapshot)
    .await?;
    Ok((rows.iter().map(endpoint_from).collect::<Result<_, _>>()?, change))
}

pub(super) async fn endpoint(
    pool: &SqlitePool,
    slug: &Slug,
) -> Result<Option<Endpoint>, StoreError> {
    let row =
        sqlx::query(concat!("select ", endpoint_columns!(), " from endpoints where slug = ?1"))
            .bind(slug.as_str())
            .fetch_optional(pool)
            .await?;
    Ok(row.as_ref().map(endpoint_from).transpose()?)
}

/// An endpoint by its internal number, gone or not.
pub(super) async fn endpoint_by_id(
    connection: &mut SqliteConnection,
    id: EndpointId,
) -> Result<Endpoint, sqlx::Error> {
    let row = sqlx::query(concat!("select ", endpoint_columns!(), " from endpoints where id = ?1"))
        .bind(id.0)
        .fetch_one(connection)
        .await?;
    endpoint_from(&row)
}

pub(super) async fn requests(
    pool: &SqlitePool,
    id: EndpointId,
    window: Window,
) -> Result<RequestPage, StoreError> {
    let limit = window.limit.unwrap_or(PAGE_REQUESTS);
    let mut snapshot = pool.begin().await?;
    let workspace = endpoint_by_id(&mut snapshot, id).await?.workspace;
    let change = change(&mut snapshot, workspace).await?;
    let query = match window.after {
        Some(after) => sqlx::query(concat!(
            "select ",
            summary_columns!(),
            " from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.endpoint_id = ?1 and requests.seq > ?2
            order by requests.seq
            limit ?3"
        ))
        .bind(id.0)
        .bind(after),
        None => sqlx::query(concat!(
            "select ",
            summary_columns!(),
            " from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.endpoint_id = ?1 and requests.seq < ?2
            order by requests.seq desc
            limit ?3"
        ))
        .bind(id.0)
        .bind(window.before.unwrap_or(i64::MAX)),
    };
    // One more than asked for tells whether there is a next page.
    let rows = query.bind(i64::from(limit) + 1).fetch_all(&mut *snapshot).await?;
    let mut requests: Vec<Summary> = rows.iter().map(summary_from).collect();
    let asked_for = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = requests.len() > asked_for;
    requests.truncate(asked_for);
    Ok(RequestPage { requests, more, change })
}

pub(super) async fn request(
    pool: &SqlitePool,
    id: EndpointId,
    which: Which,
) -> Result<StoredRequest, StoreError> {
    let row = sqlx::query(concat!(
        "select ",
        summary_columns!(),
        ", requests.http_version, requests.peer, requests.exact, requests.redacted,
        requests.duration_us, requests.body_sha256, requests.head, requests.trailers
        from requests join endpoints on endpoints.id = requests.endpoint_id
        where requests.endpoint_id = ?1 and (?2 is null or requests.seq = ?2)
        order by requests.seq desc
        limit 1"
    ))
    .bind(id.0)
    .bind(match which {
        Which::Seq(seq) => Some(seq),
        Which::Latest => None,
    })
    .fetch_one(pool)
    .await?;
    Ok(StoredRequest {
        summary: summary_from(&row),
        http_version: row.get("http_version"),
        peer: row.get("peer"),
        exact: row.get("exact"),
        redacted: row.get("redacted"),
        duration_us: row.get("duration_us"),
        body_sha256: row.get("body_sha256"),
        head: row.get("head"),
        trailers: row.get("trailers"),
    })
}

pub(super) async fn body(
    pool: &SqlitePool,
    id: EndpointId,
    seq: i64,
    range: Range<u64>,
) -> Result<Vec<u8>, StoreError> {
    let start = i64::try_from(range.start).unwrap_or(i64::MAX);
    let end = i64::try_from(range.end).unwrap_or(i64::MAX);
    let mut snapshot = pool.begin().await?;
    let request: i64 =
        sqlx::query_scalar("select id from requests where endpoint_id = ?1 and seq = ?2")
            .bind(id.0)
            .bind(seq)
            .fetch_one(&mut *snapshot)
            .await?;
    // `substr` counts from 1; a piece that begins inside the range is taken from its start.
    let pieces: Vec<Vec<u8>> = sqlx::query_scalar(
        "select substr(bytes, max(?2 - position, 0) + 1, ?3 - max(?2, position))
        from body_chunks
        where request_id = ?1 and position < ?3 and position + length(bytes) > ?2
        order by position",
    )
    .bind(request)
    .bind(start)
    .bind(end)
    .fetch_all(&mut *snapshot)
    .await?;
    Ok(pieces.concat())
}

pub(super) async fn last_change(
    pool: &SqlitePool,
    workspace: WorkspaceId,
) -> Result<i64, StoreError> {
    change(&mut *pool.acquire().await?, workspace).await
}

pub(super) async fn changes_after(
    pool: &SqlitePool,
    workspace: WorkspaceId,
    after: i64,
    limit: u32,
) -> Result<Backlog, StoreError> {
    let mut snapshot = pool.begin().await?;
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
        where requests.workspace_id = ?1 and requests.change > ?2
        order by requests.change
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

    let mut changes = Vec::with_capacity(captured.len() + others.len());
    for row in &captured {
        let summary = summary_from(row);
        changes.push(Change {
            workspace,
            number: row.get("change"),
            endpoint: slug_from(row)?,
            what: What::Captured(Arc::new(summary)),
        });
    }
    for row in &others {
        let what = what_from(row)?;
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

async fn change(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("select change from workspaces where id = ?1")
        .bind(workspace.0)
        .fetch_one(connection)
        .await?)
}

fn what_from(row: &SqliteRow) -> Result<What, sqlx::Error> {
    let payload: Option<&str> = row.get("payload");
    let payload = payload.unwrap_or_default();
    match row.get("kind") {
        "endpoint" => Ok(What::Endpoint(endpoint_from(row)?)),
        "gone" => gone_reason(payload).map(What::Gone).ok_or_else(|| corrupt("changes.payload")),
        "deleted" => {
            serde_json::from_str(payload).map(What::Deleted).map_err(|_| corrupt("changes.payload"))
        }
        "cleared" => payload.parse().map(What::Cleared).map_err(|_| corrupt("changes.payload")),
        _ => Err(corrupt("changes.kind")),
    }
}

fn endpoint_from(row: &SqliteRow) -> Result<Endpoint, sqlx::Error> {
    Ok(Endpoint {
        id: EndpointId(row.get("id")),
        workspace: WorkspaceId(row.get("workspace_id")),
        slug: slug_from(row)?,
        name: row.get("name"),
        created_at: row.get("created_at"),
        expires_at: row.get("expires_at"),
        gone: row
            .get::<Option<&str>, _>("gone_reason")
            .map(|reason| gone_reason(reason).ok_or_else(|| corrupt("endpoints.gone_reason")))
            .transpose()?,
        last_seq: row.get("last_seq"),
        requests: row.get("requests"),
    })
}

fn slug_from(row: &SqliteRow) -> Result<Slug, sqlx::Error> {
    Slug::from_segment(row.get("slug")).ok_or_else(|| corrupt("endpoints.slug"))
}

fn summary_from(row: &SqliteRow) -> Summary {
    Summary {
        endpoint: row.get("slug"),
        seq: row.get("seq"),
        received_at: Timestamp::from_micros(row.get("received_at")),
        method: row.get("method"),
        target: head::text(row.get("target")),
        remote_addr: row.get("remote_addr"),
        content_type: row.get::<Option<&[u8]>, _>("content_type").map(head::text),
        body_bytes: u64::try_from(row.get::<i64, _>("body_bytes")).unwrap_or_default(),
        complete: row.get("complete"),
        refused: None,
        label: row.get("label"),
    }
}

pub(super) const fn gone_reason_text(reason: GoneReason) -> &'static str {
    match reason {
        GoneReason::Expired => "expired",
        GoneReason::Deleted => "deleted",
    }
}

fn gone_reason(text: &str) -> Option<GoneReason> {
    [GoneReason::Expired, GoneReason::Deleted]
        .into_iter()
        .find(|&reason| gone_reason_text(reason) == text)
}

/// A row that no version of this program writes.
fn corrupt(column: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{column} holds what Hookglass never wrote").into())
}
