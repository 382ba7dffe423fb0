//! Searches on behalf of callers: parsing, and time limits.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hookglass_query::Query;
use hookglass_store::{
    self, EndpointId, Search, SearchPage, Store, StoredEndpoint, TimeRange,
    counting::{add, edges, empty},
};
use hookglass_wire::{Counts, CountsAsk, Page, Timestamp, Window};

use super::{AppState, error::Error};

/// The default page size.
const PAGE_REQUESTS: u32 = 50;
/// The time limit of a search for one page; the page then says where to continue.
const PAGE_BUDGET: Duration = Duration::from_millis(300);
/// The time limit of a search through everything.
const WHOLE_BUDGET: Duration = Duration::from_secs(2);
/// How many requests are found at a time in a search for all.
const AT_ONCE: usize = 1000;
/// How many deletions run at a time; others wait for their slot, and do not start if the caller
/// leaves.
pub(crate) const DELETIONS: usize = 4;
/// The default number of buckets of a time range.
const BUCKETS: u32 = 120;
/// The most buckets.
const MAX_BUCKETS: u32 = 500;

/// Parses a search; `None` if it is missing or empty.
pub(super) fn read(q: Option<&str>) -> Result<Option<Arc<Query>>, Error> {
    read_as_of(q, Duration::ZERO)
}

/// The same, relative to an earlier time.
pub(super) fn read_as_of(q: Option<&str>, ago: Duration) -> Result<Option<Arc<Query>>, Error> {
    let Some(q) = q else { return Ok(None) };
    let ago_us = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
    let query = Query::parse(q, Timestamp::now().as_micros().saturating_sub(ago_us))
        .map_err(Error::InvalidQuery)?;
    Ok(query.map(Arc::new))
}

/// Returns a page of the matches.
pub(super) async fn page(
    store: &dyn Store,
    id: EndpointId,
    window: &Window,
    query: Arc<Query>,
) -> Result<Page, Error> {
    let from = match window.after {
        Some(after) => hookglass_store::From::After(after),
        None => hookglass_store::From::Before(window.before.unwrap_or(i64::MAX)),
    };
    let limit = usize::try_from(window.limit.unwrap_or(PAGE_REQUESTS)).unwrap_or(usize::MAX);
    let search = Search { query, from, limit, budget: PAGE_BUDGET };
    let SearchPage { requests, next, change } = store.search(id, search).await?;
    let (next_before, next_after) =
        if window.after.is_some() { (None, next) } else { (next, None) };
    Ok(Page { requests, next_before, next_after, change })
}

/// Counts requests by time.
pub(super) async fn counts(
    store: &dyn Store,
    id: EndpointId,
    ask: &CountsAsk,
) -> Result<Counts, Error> {
    let buckets = ask.buckets.unwrap_or(BUCKETS);
    if !(1..=MAX_BUCKETS).contains(&buckets) {
        return Err(Error::Invalid(format!("`buckets` takes 1 to {MAX_BUCKETS}.")));
    }
    let micros = |time: Timestamp| time.as_micros();
    let span = TimeRange {
        from: ask.from.map(micros),
        to: ask.to.map(micros),
        now: Timestamp::now().as_micros(),
        buckets,
    };
    if span.from.zip(span.to).is_some_and(|(from, to)| from >= to) {
        return Err(Error::Invalid("`from` has to be before `to`.".into()));
    }
    match read(ask.q.as_deref())? {
        None => Ok(store.counts(id, span).await?),
        Some(query) => count_found(store, id, span, query).await,
    }
}

/// Counts matches one by one. The edges are those of all requests, so that the matches can be drawn
/// over them.
async fn count_found(
    store: &dyn Store,
    id: EndpointId,
    span: TimeRange,
    query: Arc<Query>,
) -> Result<Counts, Error> {
    let clock = Instant::now();
    let all = store.counts(id, TimeRange { buckets: 1, ..span.clone() }).await?;
    let (from, to) = edges(&span, Some(all.from.as_micros()));
    let mut counts = empty(&span, from, to, all.change);
    let mut next = Some(i64::MAX);
    while let Some(before) = next {
        let budget = WHOLE_BUDGET.saturating_sub(clock.elapsed());
        if budget.is_zero() {
            counts.is_complete = false;
            break;
        }
        let from = hookglass_store::From::Before(before);
        let search = Search { query: query.clone(), from, limit: AT_ONCE, budget };
        let found = store.search(id, search).await?;
        for request in &found.requests {
            count(&mut counts, &span, request);
        }
        next = found.next;
    }
    Ok(counts)
}

/// Deletes the matches up to the number `through`, in small steps, and returns their number.
/// Continues to the end even if the caller disconnects, unless the server stops; covers what was
/// there at the start. A few run at a time, others wait for their slot.
pub(super) async fn delete(
    app: &AppState,
    endpoint: &StoredEndpoint,
    query: Arc<Query>,
    through: i64,
) -> Result<u64, Error> {
    let (task_app, endpoint) = (app.clone(), endpoint.clone());
    // A task of the server: a handler is dropped when its caller disconnects.
    let deleting = app.capture.tasks.spawn(async move {
        let app = &task_app;
        let turn = app.deletions.acquire();
        let stopping = app.shutdown.cancelled();
        let _turn = tokio::select! {
            turn = turn => turn.map_err(|_| Error::Unavailable)?,
            () = stopping => return Err(Error::Unavailable),
        };
        delete_found(app, &endpoint, query, through).await
    });
    deleting.await.map_err(|error| {
        tracing::error!(%error, "a deletion failed");
        Error::Internal
    })?
}

async fn delete_found(
    app: &AppState,
    endpoint: &StoredEndpoint,
    query: Arc<Query>,
    through: i64,
) -> Result<u64, Error> {
    let (mut deleted, mut next) = (0, Some(endpoint.last_seq.min(through).saturating_add(1)));
    while let Some(before) = next {
        if app.shutdown.is_cancelled() {
            return Err(Error::Unavailable);
        }
        let from = hookglass_store::From::Before(before);
        let search = Search { query: query.clone(), from, limit: AT_ONCE, budget: PAGE_BUDGET };
        let found = app.store.search(endpoint.id, search).await?;
        let mut seqs: Vec<i64> = found.requests.iter().map(|request| request.seq).collect();
        while !seqs.is_empty() {
            let step = app.store.delete_requests(endpoint.id, seqs.clone()).await?;
            deleted += step.deleted;
            seqs.drain(..step.done.clamp(1, seqs.len()));
        }
        next = found.next;
    }
    Ok(deleted)
}

fn count(counts: &mut Counts, span: &TimeRange, request: &hookglass_wire::Summary) {
    let (from, to) = (counts.from.as_micros(), counts.to.as_micros());
    let at = request.received_at.as_micros();
    if span.from.is_some_and(|from| at < from) || span.to.is_some_and(|to| at >= to) {
        return;
    }
    let length = i128::from(to - from).max(1);
    let bucket = i128::from(at - from) * i128::from(span.buckets) / length;
    let bucket = bucket.clamp(0, i128::from(span.buckets) - 1);
    let bucket = u32::try_from(bucket).unwrap_or_default();
    add(counts, bucket, Some(&request.method), request.refused.is_some(), 1);
}
