//! Reads, each on a pooled connection and within one snapshot. No query stays open across a
//! caller's await: an open reader would let the write-ahead log grow without bound.

use std::{collections::BTreeSet, ops::Range};

use futures_util::TryStreamExt as _;
use hookglass_message::head;
use hookglass_wire::{GoneReason, OnLimit, Refused, Summary, Timestamp, Window};
use sqlx::{Row as _, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{
    super::{
        EndpointId, RequestPage, RequestRef, ResponseSettings, StoreError, StoredEndpoint,
        StoredRequest, WorkspaceId,
        truncate::{LIST_BYTES, fitting, row_bytes, truncate_for_list},
    },
    PIECE, PIECES,
};
use crate::{ProviderOf, key::KeyHash, slug::Slug};

/// The default number of requests on a page.
const PAGE_REQUESTS: u32 = 50;

/// Endpoints that one step expires.
const EXPIRED_AT_ONCE: i64 = 50;
/// Unused pages that are never returned to the disk: 4 MiB.
const KEPT_FREE_PAGES: i64 = 1024;

macro_rules! endpoint_columns {
    () => {
        "endpoints.id, endpoints.workspace_id, endpoints.slug, endpoints.name,
        endpoints.created_at, endpoints.expires_at, endpoints.expires_in, endpoints.gone_reason,
        endpoints.last_seq, endpoints.requests, endpoints.refuses, endpoints.floor,
        endpoints.purged, endpoints.dropped_through,
        exists (select 1 from secrets where endpoint_id = endpoints.id) as has_secrets,
        (select version from answers where endpoint_id = endpoints.id) as answers_version,
        (select words from answers where endpoint_id = endpoints.id) as answers_words"
    };
}
/// The columns of a list entry, from `requests` joined with its endpoint.
macro_rules! summary_columns {
    () => {
        "endpoints.slug, requests.seq, requests.received_at, requests.method, requests.target,
        requests.remote_addr, requests.content_type, requests.body_bytes, requests.complete,
        requests.label, requests.refused, requests.sender, requests.mark, requests.status,
        requests.note, requests.pinned, requests.verdict, requests.delivery, requests.attempt"
    };
}
/// Whether a request exists: above the floor, or pinned.
macro_rules! is_kept {
    () => {
        "(requests.seq > endpoints.floor or requests.pinned = 1)"
    };
}
pub(super) use {endpoint_columns, is_kept, summary_columns};

/// Selects one request of an endpoint, without its body.
macro_rules! stored_request {
    ($which:literal) => {
        concat!(
            "select ",
            summary_columns!(),
            ", requests.http_version, requests.peer, requests.exact, requests.redacted,
            requests.duration_us, requests.body_sha256, requests.head, requests.trailers,
            requests.answer
            from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.endpoint_id = ?1 and ",
            is_kept!(),
            $which
        )
    };
}

/// Returns when the newest dated row was created, microseconds since the epoch; `None` if there is
/// none.
pub(super) async fn newest(connection: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "select max(at) from (
            select * from (select received_at as at from requests order by id desc limit 1)
            union all
            select * from (select created_at from endpoints order by id desc limit 1)
        )",
    )
    .fetch_one(connection)
    .await
}

/// The read connections, and the settings that an endpoint's row does not hold.
pub(super) struct Readers {
    pub(super) provider_of: ProviderOf,
    pub(super) pool: SqlitePool,
    /// The maximum number of requests per endpoint.
    pub(super) max_requests: u32,
}

/// How much of the file is in use.
pub(super) struct FileUsage {
    pub(super) used_bytes: i64,
    /// Whether so much of it is unused that space should be returned to the disk. A little is kept
    /// for the next requests.
    pub(super) has_much_free: bool,
}

/// An endpoint with its internal columns.
pub(super) struct EndpointRow {
    pub(super) endpoint: StoredEndpoint,
    /// Requests up to this `seq` do not exist unless they are pinned.
    pub(super) floor: i64,
    /// Rows up to this `seq` are deleted unless they are pinned.
    pub(super) purged: i64,
    /// The `seq` of each pinned request.
    pub(super) pins: BTreeSet<i64>,
}

impl Readers {
    pub(super) async fn ready(&self) -> Result<(), StoreError> {
        sqlx::query("select 1 from workspaces limit 1").fetch_optional(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn workspace(&self, key: &KeyHash) -> Result<Option<WorkspaceId>, StoreError> {
        let row = sqlx::query("select hash, workspace_id from workspace_keys where hash = ?1")
            .bind(key.as_bytes())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.filter(|row| key.matches(row.get::<&[u8], _>(0))).map(|row| WorkspaceId(row.get(1))))
    }

    pub(super) async fn endpoints(
        &self,
        workspace: WorkspaceId,
    ) -> Result<(Vec<StoredEndpoint>, i64), StoreError> {
        let mut snapshot = self.pool.begin().await?;
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
        Ok((rows.iter().map(|row| self.endpoint_from(row)).collect::<Result<_, _>>()?, change))
    }

    pub(super) async fn endpoint(&self, slug: &Slug) -> Result<Option<StoredEndpoint>, StoreError> {
        let row =
            sqlx::query(concat!("select ", endpoint_columns!(), " from endpoints where slug = ?1"))
                .bind(slug.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.as_ref().map(|row| self.endpoint_from(row)).transpose()?)
    }

    pub(super) async fn requests(
        &self,
        id: EndpointId,
        window: Window,
    ) -> Result<RequestPage, StoreError> {
        let limit = window.limit.unwrap_or(PAGE_REQUESTS);
        let mut snapshot = self.pool.begin().await?;
        let EndpointRow { endpoint, .. } = row_by_id(&mut snapshot, id, self.max_requests).await?;
        let change = change(&mut snapshot, endpoint.workspace).await?;
        let query = match window.after {
            Some(after) => sqlx::query(concat!(
                "select ",
                summary_columns!(),
                " from requests join endpoints on endpoints.id = requests.endpoint_id
                where requests.endpoint_id = ?1 and requests.seq > ?2 and ",
                is_kept!(),
                " order by requests.seq
                limit ?3"
            ))
            .bind(id.0)
            .bind(after),
            None => sqlx::query(concat!(
                "select ",
                summary_columns!(),
                " from requests join endpoints on endpoints.id = requests.endpoint_id
                where requests.endpoint_id = ?1 and requests.seq < ?2 and ",
                is_kept!(),
                " order by requests.seq desc
                limit ?3"
            ))
            .bind(id.0)
            .bind(window.before.unwrap_or(i64::MAX)),
        };
        // One row more than requested reveals whether there is a next page. Rows are read one by
        // one: values that are truncated for the list may be long.
        let mut rows = query.bind(i64::from(limit) + 1).fetch(&mut *snapshot);
        let (mut requests, mut bytes) = (Vec::new(), 0);
        while bytes <= LIST_BYTES
            && let Some(row) = rows.try_next().await?
        {
            let request = truncate_for_list(summary_from(&row, self.provider_of));
            bytes += row_bytes(&request);
            requests.push(request);
        }
        let asked_for = usize::try_from(limit).unwrap_or(usize::MAX);
        let kept = fitting(&requests).min(asked_for);
        let more = requests.len() > kept;
        requests.truncate(kept);
        Ok(RequestPage { requests, more, change })
    }

    pub(super) async fn request(
        &self,
        id: EndpointId,
        which: RequestRef,
    ) -> Result<StoredRequest, StoreError> {
        // Separate statements: with a condition for both, SQLite would scan the requests from the
        // newest.
        let query = match which {
            RequestRef::Seq(seq) => {
                sqlx::query(stored_request!(" and requests.seq = ?2")).bind(id.0).bind(seq)
            }
            RequestRef::Latest => {
                sqlx::query(stored_request!(" order by requests.seq desc limit 1")).bind(id.0)
            }
        };
        let row = query.fetch_one(&self.pool).await?;
        Ok(StoredRequest {
            summary: summary_from(&row, self.provider_of),
            http_version: row.get("http_version"),
            peer: row.get("peer"),
            exact: row.get("exact"),
            redacted: row.get("redacted"),
            duration_us: row.get("duration_us"),
            body_sha256: row.get("body_sha256"),
            head: row.get("head"),
            trailers: row.get("trailers"),
            answer: row.get("answer"),
        })
    }

    pub(super) async fn body(
        &self,
        id: EndpointId,
        seq: i64,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError> {
        let start = i64::try_from(range.start).unwrap_or(i64::MAX);
        let end = i64::try_from(range.end).unwrap_or(i64::MAX);
        if start >= end {
            return Ok(Vec::new());
        }
        let mut snapshot = self.pool.begin().await?;
        let request: i64 = sqlx::query_scalar(concat!(
            "select requests.id
            from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.endpoint_id = ?1 and requests.seq = ?2 and ",
            is_kept!()
        ))
        .bind(id.0)
        .bind(seq)
        .fetch_one(&mut *snapshot)
        .await?;
        // All pieces but the last have the same length: the first and last piece of the range are
        // known without reading any. `substr` counts from 1.
        let pieces: Vec<Vec<u8>> = sqlx::query_scalar(
            "select substr(
                bytes,
                max(?2 - (id - ?1) * ?4, 0) + 1,
                ?3 - max(?2, (id - ?1) * ?4)
            )
            from body_pieces
            where id between ?1 + ?2 / ?4 and ?1 + ?5
            order by id",
        )
        .bind(request * PIECES)
        .bind(start)
        .bind(end)
        .bind(PIECE)
        .bind(((end - 1) / PIECE).min(PIECES - 1))
        .fetch_all(&mut *snapshot)
        .await?;
        Ok(pieces.concat())
    }

    pub(super) async fn last_change(&self, workspace: WorkspaceId) -> Result<i64, StoreError> {
        change(&mut *self.pool.acquire().await?, workspace).await
    }

    /// Returns some of the expired endpoints, the longest expired first.
    pub(super) async fn overdue(&self, now: i64) -> Result<Vec<EndpointId>, StoreError> {
        let ids: Vec<i64> = sqlx::query_scalar(
            "select id from endpoints
            where gone_at is null and expires_at <= ?1
            order by expires_at
            limit ?2",
        )
        .bind(now)
        .bind(EXPIRED_AT_ONCE)
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().map(EndpointId).collect())
    }

    /// Returns how the file is used.
    pub(super) async fn space(&self) -> Result<FileUsage, StoreError> {
        let (pages, free, page_bytes): (i64, i64, i64) = sqlx::query_as(
            "select page_count, freelist_count, page_size
            from pragma_page_count, pragma_freelist_count, pragma_page_size",
        )
        .fetch_one(&self.pool)
        .await?;
        let used = pages - free;
        Ok(FileUsage {
            used_bytes: used * page_bytes,
            has_much_free: free > KEPT_FREE_PAGES + used / 8,
        })
    }

    pub(super) fn endpoint_from(&self, row: &SqliteRow) -> Result<StoredEndpoint, sqlx::Error> {
        endpoint_from(row, self.max_requests)
    }
}

/// Returns endpoints with rows that are still to be deleted, and approximately how many.
pub(super) async fn unpurged(
    connection: &mut SqliteConnection,
) -> Result<Vec<(EndpointId, i64)>, sqlx::Error> {
    let found: Vec<(i64, i64)> =
        sqlx::query_as("select id, floor - purged from endpoints where purged < floor")
            .fetch_all(connection)
            .await?;
    Ok(found.into_iter().map(|(id, rows)| (EndpointId(id), rows)).collect())
}

/// Returns an endpoint by its internal number, active or gone.
pub(super) async fn row_by_id(
    connection: &mut SqliteConnection,
    id: EndpointId,
    max_requests: u32,
) -> Result<EndpointRow, sqlx::Error> {
    let row = sqlx::query(concat!(
        "select ",
        endpoint_columns!(),
        ", (
            select json_group_array(seq) from requests indexed by requests_by_pin
            where endpoint_id = ?1 and pinned = 1
        ) as pins
        from endpoints
        where id = ?1"
    ))
    .bind(id.0)
    .fetch_one(connection)
    .await?;
    Ok(EndpointRow {
        endpoint: endpoint_from(&row, max_requests)?,
        floor: row.get("floor"),
        purged: row.get("purged"),
        pins: serde_json::from_str(row.get("pins")).map_err(|_| corrupt("requests.pinned"))?,
    })
}

pub(super) async fn change(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("select change from workspaces where id = ?1")
        .bind(workspace.0)
        .fetch_one(connection)
        .await?)
}

fn endpoint_from(row: &SqliteRow, max_requests: u32) -> Result<StoredEndpoint, sqlx::Error> {
    Ok(StoredEndpoint {
        id: EndpointId(row.get("id")),
        workspace: WorkspaceId(row.get("workspace_id")),
        slug: slug_from(row)?,
        name: row.get("name"),
        created_at: row.get("created_at"),
        expires_at: row.get("expires_at"),
        expires_in: row.get("expires_in"),
        gone: row
            .get::<Option<&str>, _>("gone_reason")
            .map(|reason| gone_reason(reason).ok_or_else(|| corrupt("endpoints.gone_reason")))
            .transpose()?,
        last_seq: row.get("last_seq"),
        requests: row.get("requests"),
        max_requests,
        on_limit: if row.get("refuses") { OnLimit::Refuse } else { OnLimit::DropOldest },
        dropped_through: row.get("dropped_through"),
        has_secrets: row.get("has_secrets"),
        answers: row
            .get::<Option<i64>, _>("answers_version")
            .map(|version| ResponseSettings { version, words: row.get("answers_words") }),
    })
}

pub(super) fn slug_from(row: &SqliteRow) -> Result<Slug, sqlx::Error> {
    Slug::from_segment(row.get("slug")).ok_or_else(|| corrupt("endpoints.slug"))
}

pub(super) fn summary_from(row: &SqliteRow, provider_of: ProviderOf) -> Summary {
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
        refused: row.get::<Option<&str>, _>("refused").and_then(refused),
        label: row.get("label"),
        provider: row.get::<Option<&str>, _>("sender").and_then(provider_of).map(str::to_owned),
        sender: row.get("sender"),
        verdict: row.get("verdict"),
        mark: row.get("mark"),
        status: row.get("status"),
        note: row.get("note"),
        pinned: row.get("pinned"),
        delivery_id: row.get("delivery"),
        attempt: row.get("attempt"),
    }
}

pub(super) const fn gone_reason_text(reason: GoneReason) -> &'static str {
    match reason {
        GoneReason::Expired => "expired",
        GoneReason::Deleted => "deleted",
    }
}

pub(super) fn gone_reason(text: &str) -> Option<GoneReason> {
    [GoneReason::Expired, GoneReason::Deleted]
        .into_iter()
        .find(|&reason| gone_reason_text(reason) == text)
}

/// Encodes the `refused` column.
pub(super) fn refused_text(refused: &Refused) -> String {
    format!("{}={}", refused.limit, refused.value)
}

fn refused(text: &str) -> Option<Refused> {
    let (limit, value) = text.split_once('=')?;
    Some(Refused { limit: limit.to_owned(), value: value.parse().ok()? })
}

/// Returns the error for a row that no version of Hookglass writes.
pub(super) fn corrupt(column: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{column} holds what Hookglass never wrote").into())
}
