//! Searches requests in steps, each with its own read on a connection for searches: no reader stays
//! open while requests are matched, and the duration is bounded.

use std::{sync::Arc, time::Instant};

use futures_util::TryStreamExt as _;
use hookglass_query::{Bounds, Needs, Query, SearchedRequest, searched};
use hookglass_wire::{Summary, Text};
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{
    super::{
        EndpointId, From, Search, SearchPage, StoreError,
        truncate::{fitting, truncate_for_list},
    },
    PIECES,
    reader::{self, Readers, is_kept, summary_columns},
};
use crate::ProviderOf;

/// The requests of the first step; each further step doubles, up to a maximum.
const FIRST_STEP: i64 = 64;
/// The maximum if only columns are read.
const LONG_STEP: i64 = 4096;
/// The maximum if heads are read too, each up to 64 KiB.
const HEAD_STEP: i64 = 256;
/// A step whose rows hold more bytes than this is repeated with fewer requests, unless it already
/// has at most [`FIRST_STEP`].
const STEP_BYTES: usize = 16 << 20;
const SHORT_STEP: usize = 128;
/// How many bodies are read at once, and how many bytes of bodies.
const BODIES: usize = 256;
const BODY_BYTES: u64 = 4 << 20;
/// How many bytes of a received body may be needed for its searched part: codings rarely make it
/// longer.
const RAW_BYTES: i64 = 66 * 1024;

/// A request that may match.
struct Candidate {
    id: i64,
    summary: Summary,
    head: Option<Vec<u8>>,
}

/// The range of `seq` that is left to search, both ends exclusive.
#[derive(Clone, Copy)]
struct RemainingRange {
    above: i64,
    below: i64,
}

impl Readers {
    pub(super) async fn search(
        &self,
        id: EndpointId,
        search: Search,
    ) -> Result<SearchPage, StoreError> {
        let clock = Instant::now();
        let Search { query, from, limit, budget } = search;
        let bounds = query.bounds();
        let needs = query.needs();
        let change = self.change_of(id).await?;
        let mut rest =
            RemainingRange { above: bounds.seq.start.saturating_sub(1), below: bounds.seq.end };
        match from {
            From::Before(before) => rest.below = rest.below.min(before),
            From::After(after) => rest.above = rest.above.max(after),
        }
        let most = if needs == Needs::Columns { LONG_STEP } else { HEAD_STEP };
        let (mut step, mut requests) = (FIRST_STEP, Vec::new());
        loop {
            let (edge, length) = self.edge(id, from, rest, step).await?;
            let Some(edge) = edge else {
                return Ok(SearchPage { requests, next: None, change });
            };
            let part = match from {
                From::Before(_) => RemainingRange { above: edge - 1, below: rest.below },
                From::After(_) => RemainingRange { above: rest.above, below: edge + 1 },
            };
            let Some(candidates) = self.candidates(id, from, part, &bounds, needs).await? else {
                step = (step / 4).max(FIRST_STEP);
                continue;
            };
            self.decide(&query, needs, candidates, limit, &mut requests).await?;
            let fitting = fitting(&requests);
            if requests.len() >= limit || fitting < requests.len() {
                requests.truncate(fitting);
                let next = requests.last().map(|last| last.seq);
                return Ok(SearchPage { requests, next, change });
            }
            if length < step {
                return Ok(SearchPage { requests, next: None, change });
            }
            match from {
                From::Before(_) => rest.below = edge,
                From::After(_) => rest.above = edge,
            }
            if clock.elapsed() >= budget {
                return Ok(SearchPage { requests, next: Some(edge), change });
            }
            step = (step * 2).min(most);
        }
    }

    async fn change_of(&self, id: EndpointId) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(
            "select workspaces.change
            from endpoints join workspaces on workspaces.id = endpoints.workspace_id
            where endpoints.id = ?1",
        )
        .bind(id.0)
        .fetch_one(&self.pool)
        .await?)
    }

    /// Returns the last `seq` of the next `step` requests, `None` if there are none, and their
    /// number.
    async fn edge(
        &self,
        id: EndpointId,
        from: From,
        rest: RemainingRange,
        step: i64,
    ) -> Result<(Option<i64>, i64), StoreError> {
        let query = match from {
            From::Before(_) => sqlx::query_as(concat!(
                "select min(seq), count(*) from (
                    select requests.seq
                    from requests join endpoints on endpoints.id = requests.endpoint_id
                    where requests.endpoint_id = ?1 and requests.seq > ?2 and requests.seq < ?3
                        and ",
                is_kept!(),
                " order by requests.seq desc
                    limit ?4
                )"
            )),
            From::After(_) => sqlx::query_as(concat!(
                "select max(seq), count(*) from (
                    select requests.seq
                    from requests join endpoints on endpoints.id = requests.endpoint_id
                    where requests.endpoint_id = ?1 and requests.seq > ?2 and requests.seq < ?3
                        and ",
                is_kept!(),
                " order by requests.seq
                    limit ?4
                )"
            )),
        };
        let query = query.bind(id.0).bind(rest.above).bind(rest.below).bind(step);
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// Returns the requests of a range within the bounds, in search order; `None` if they take too
    /// much memory and are more than a first step has.
    async fn candidates(
        &self,
        id: EndpointId,
        from: From,
        part: RemainingRange,
        bounds: &Bounds,
        needs: Needs,
    ) -> Result<Option<Vec<Candidate>>, StoreError> {
        let status = bounds.status.clone();
        let mut rows = sqlx::query(concat!(
            "select requests.id, ",
            summary_columns!(),
            ", case when ?11 then requests.head end as head
            from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.endpoint_id = ?1 and requests.seq > ?2 and requests.seq < ?3
                and requests.received_at >= ?4 and requests.received_at < ?5
                and requests.body_bytes >= ?6 and requests.body_bytes < ?7
                and (?8 is null or requests.method = ?8 collate nocase)
                and (?9 is null or requests.status >= ?9 and requests.status < ?10) and ",
            is_kept!(),
            " order by requests.seq"
        ))
        .bind(id.0)
        .bind(part.above)
        .bind(part.below)
        .bind(bounds.received_at.start)
        .bind(bounds.received_at.end)
        .bind(bounds.body_bytes.start)
        .bind(bounds.body_bytes.end)
        .bind(bounds.method.as_deref())
        .bind(status.as_ref().map(|status| status.start))
        .bind(status.map(|status| status.end))
        .bind(needs > Needs::Columns)
        .fetch(&self.pool);
        let (mut candidates, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            let candidate = candidate(&row, self.provider_of);
            bytes += candidate.bytes();
            candidates.push(candidate);
            if bytes > STEP_BYTES && candidates.len() > SHORT_STEP {
                return Ok(None);
            }
        }
        drop(rows);
        if matches!(from, From::Before(_)) {
            candidates.reverse();
        }
        Ok(Some(candidates))
    }

    /// Adds the matching requests, in order, until there are `limit`.
    async fn decide(
        &self,
        query: &Arc<Query>,
        needs: Needs,
        candidates: Vec<Candidate>,
        limit: usize,
        found: &mut Vec<Summary>,
    ) -> Result<(), StoreError> {
        if needs < Needs::Body {
            let finds = |candidate: &Candidate| query.finds(&candidate.subject(None)) == Some(true);
            let missing = limit - found.len();
            let summaries = candidates
                .into_iter()
                .filter(finds)
                .map(|candidate| truncate_for_list(candidate.summary));
            found.extend(summaries.take(missing));
            return Ok(());
        }
        // Requests that are decided without their bodies need none.
        let mut open: Vec<(Candidate, Option<bool>)> = candidates
            .into_iter()
            .map(|candidate| {
                let known = query.finds(&candidate.subject(None));
                (candidate, known)
            })
            .filter(|(_, known)| *known != Some(false))
            .collect();
        while !open.is_empty() && found.len() < limit {
            let rest = open.split_off(at_once(&open));
            let part = std::mem::replace(&mut open, rest);
            let bodies = self.body_starts(&part).await?;
            let query = query.clone();
            let decided = tokio::task::spawn_blocking(move || finds_in(&query, part, &bodies));
            let decided = decided.await.map_err(|_| StoreError::Aborted)?;
            let missing = limit - found.len();
            found.extend(decided.into_iter().take(missing));
        }
        Ok(())
    }

    /// Reads the first pieces of the needed bodies, by the ids of their requests, in order.
    async fn body_starts(
        &self,
        part: &[(Candidate, Option<bool>)],
    ) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let ids: Vec<i64> = part
            .iter()
            .filter(|(candidate, known)| known.is_none() && candidate.summary.body_bytes > 0)
            .map(|(candidate, _)| candidate.id * PIECES)
            .collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = serde_json::to_string(&ids).unwrap_or_default();
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "select id / ?2, substr(bytes, 1, ?3)
            from body_pieces
            where id in (select value from json_each(?1))
            order by id",
        )
        .bind(ids)
        .bind(PIECES)
        .bind(RAW_BYTES)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }
}

impl Candidate {
    fn subject<'a>(&'a self, body: Option<&'a [u8]>) -> SearchedRequest<'a> {
        SearchedRequest { summary: &self.summary, head: self.head.as_deref(), body }
    }

    /// Returns the approximate memory size, as far as the sender controls it.
    fn bytes(&self) -> usize {
        let length = |text: &Text| match text {
            Text::Utf8(text) | Text::Base64(text) => text.len(),
        };
        let Summary { method, target, content_type, .. } = &self.summary;
        method.len()
            + length(target)
            + content_type.as_ref().map_or(0, length)
            + self.head.as_ref().map_or(0, Vec::len)
    }
}

fn candidate(row: &SqliteRow, provider_of: ProviderOf) -> Candidate {
    let summary = reader::summary_from(row, provider_of);
    Candidate { id: row.get("id"), summary, head: row.get("head") }
}

/// Returns how many of these have their bodies read together, at least one.
fn at_once(open: &[(Candidate, Option<bool>)]) -> usize {
    let mut bytes = 0;
    let fitting = open.iter().take(BODIES).take_while(|(candidate, _)| {
        bytes += candidate.summary.body_bytes.min(RAW_BYTES.unsigned_abs());
        bytes <= BODY_BYTES
    });
    fitting.count().max(1)
}

/// Matches the requests of a range whose bodies have been read.
fn finds_in(
    query: &Query,
    part: Vec<(Candidate, Option<bool>)>,
    bodies: &[(i64, Vec<u8>)],
) -> Vec<Summary> {
    let finds = |(candidate, known): &(Candidate, Option<bool>)| {
        known.unwrap_or_else(|| {
            let place = bodies.binary_search_by_key(&candidate.id, |(id, _)| *id);
            let raw = place.map_or(&[][..], |place| bodies[place].1.as_slice());
            let body = searched(candidate.head.as_deref().unwrap_or_default(), raw);
            query.finds(&candidate.subject(Some(&body))) == Some(true)
        })
    };
    part.into_iter()
        .filter(finds)
        .map(|(candidate, _)| truncate_for_list(candidate.summary))
        .collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{
        super::{
            super::{CapturedRequest, NewEndpoint, Owner, Store as _},
            Options, SqliteStore,
        },
        *,
    };
    use crate::key::Key;

    fn captured(head: usize) -> CapturedRequest {
        CapturedRequest {
            received_at: 0,
            duration_us: 0,
            method: "POST".to_owned(),
            target: b"/a".to_vec(),
            http_version: 11,
            remote_addr: String::new(),
            peer: String::new(),
            content_type: None,
            label: None,
            sender: None,
            delivery: None,
            attempt: None,
            mark: None,
            status: None,
            answer: None,
            complete: true,
            exact: true,
            redacted: false,
            head: vec![b'x'; head],
            trailers: Vec::new(),
            body_bytes: 0,
            upload: None,
            body: vec![Bytes::new()],
            body_sha256: [0; 32],
            refused: None,
        }
    }

    #[tokio::test]
    async fn a_step_of_long_heads_is_taken_again_with_fewer_requests() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(Options::new(&folder.path().join("long.db"))).await.unwrap();
        let owner = Owner::New(Key::random().unwrap().hash());
        let new = NewEndpoint { owner, slug: None, name: None, max_endpoints: 1 };
        let id = store.create_endpoint(new).await.unwrap().id;
        // 256 of these are slightly more than a step may hold.
        let appends = (0..256).map(|_| store.append(id, captured(STEP_BYTES / 255)));
        futures_util::future::try_join_all(appends).await.unwrap();
        let query = Arc::new(Query::parse("header.x-a:1", 0).unwrap().unwrap());
        let (bounds, needs) = (query.bounds(), query.needs());
        assert!(needs > Needs::Columns);
        for (below, fits) in [(257, false), (129, true)] {
            let part = RemainingRange { above: 0, below };
            let from = From::Before(below);
            let step = store.searchers.candidates(id, from, part, &bounds, needs).await.unwrap();
            assert_eq!(step.is_some(), fits, "below {below}");
        }
        let budget = std::time::Duration::from_secs(20);
        let search = Search { query, from: From::Before(i64::MAX), limit: 1, budget };
        let found = store.search(id, search).await.unwrap();
        assert_eq!((found.requests.len(), found.next), (0, None), "all requests were examined");
        store.close().await;
    }
}
