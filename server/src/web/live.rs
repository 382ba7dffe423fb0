//! Feeds as server-sent events (WHATWG HTML §9.2): first missed changes from the store, then new
//! ones, each once and in order.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc, time::Duration};

use async_stream::stream;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
};
use futures_util::Stream;
use hookglass_limits::address::Address;
use hookglass_metrics::Metrics;
use hookglass_store::{
    Backlog, Change, ChangeKind, Store, StoreError, StoredEndpoint, WorkspaceId, slug::Slug,
};
use hookglass_wire::{BEAT_SECONDS, FeedEvent};
use prometheus_client::metrics::gauge::Gauge;
use serde::Deserialize;
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    AppState, backend::to_wire, caller::Caller, error::Error, origin::Origin, responses::Responses,
};
use crate::feed::{Received, Subscription};

/// The interval of heartbeats on a quiet feed.
const BEAT: Duration = Duration::from_secs(BEAT_SECONDS as u64);
/// An open feed keeps its endpoints in use: touches them every `TOUCH_BEATS` heartbeats, which is
/// twice within the shortest possible expiry.
const TOUCH_BEATS: u32 = 3;
/// How long a browser waits before it reconnects.
const RETRY: Duration = Duration::from_secs(2);
/// Changes that are read from the store at a time: the most that a slow reader holds.
const BACKLOG_CHANGES: u32 = 200;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceQuery {
    endpoints: Option<String>,
    after: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointQuery {
    after: Option<i64>,
}

/// `GET /api/live?endpoints=a,b&after=`
pub(crate) async fn of_workspace(
    State(app): State<AppState>,
    query: Result<Query<WorkspaceQuery>, QueryRejection>,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Response, Error> {
    let Query(query) = query.map_err(|error| Error::Invalid(error.body_text()))?;
    let workspace = caller.workspace().ok_or(Error::NotFound)?;
    let mut endpoints = Vec::new();
    for id in query.endpoints.iter().flat_map(|named| named.split(',')).filter(|id| !id.is_empty())
    {
        endpoints.push(caller.endpoint(&*app.store, id).await?);
    }
    open(app, caller, workspace, endpoints, query.after, &headers).await
}

/// `GET /api/endpoints/{endpoint}/live?after=`
pub(crate) async fn of_endpoint(
    State(app): State<AppState>,
    Path(id): Path<String>,
    query: Result<Query<EndpointQuery>, QueryRejection>,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Response, Error> {
    let Query(query) = query.map_err(|error| Error::Invalid(error.body_text()))?;
    let endpoint = caller.endpoint(&*app.store, &id).await?;
    let workspace = endpoint.workspace;
    open(app, caller, workspace, vec![endpoint], query.after, &headers).await
}

/// Opens the feed of the named endpoints, or of the whole workspace.
async fn open(
    app: AppState,
    caller: Caller,
    workspace: WorkspaceId,
    endpoints: Vec<StoredEndpoint>,
    after: Option<i64>,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    // Subscribe before reading the backlog, so that no change falls in between.
    let subscription = app.feed.subscribe(workspace);
    let after = match (headers.get(LAST_EVENT_ID), after) {
        // An id that is not a number cannot be resumed from: that gives a gap.
        (Some(id), _) => id.to_str().ok().and_then(|id| id.parse().ok()).unwrap_or(i64::MAX),
        (None, Some(after)) => after,
        (None, None) => app.store.last_change(workspace).await?,
    };
    if let [only] = endpoints.as_slice()
        && let Some(reason) = only.gone
    {
        return Err(Error::Gone(reason));
    }
    let Caller { origin, client, .. } = caller;
    let reader = FeedReader {
        _open: OpenFeed::new(&app.metrics),
        store: app.store.clone(),
        metrics: app.metrics.clone(),
        responses: app.responses.clone(),
        client,
        shutdown: app.shutdown.clone(),
        origin,
        workspace,
        endpoints: endpoints.into_iter().map(|endpoint| endpoint.slug).collect(),
        last: after,
    };
    let mut response = Sse::new(reader.events(subscription)).into_response();
    let fields = response.headers_mut();
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    fields.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// Ticks when a feed has to send a heartbeat.
fn beats() -> Interval {
    let mut beats = interval_at(Instant::now() + BEAT, BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

/// Counts a feed while it is open.
struct OpenFeed(Gauge);

impl OpenFeed {
    fn new(metrics: &Metrics) -> Self {
        metrics.open_feeds.inc();
        Self(metrics.open_feeds.clone())
    }
}

impl Drop for OpenFeed {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// One open feed.
struct FeedReader {
    _open: OpenFeed,
    store: Arc<dyn Store>,
    metrics: Metrics,
    /// The budget for missed changes until they are sent.
    responses: Responses,
    client: Option<Address>,
    shutdown: CancellationToken,
    origin: Origin,
    workspace: WorkspaceId,
    /// Empty for all endpoints.
    endpoints: BTreeSet<Slug>,
    /// The number of the last change that was handled.
    last: i64,
}

impl FeedReader {
    fn events(
        mut self,
        mut subscription: Subscription,
    ) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
        let shutdown = self.shutdown.clone();
        let mut storing = self.store.storing();
        stream! {
            let mut beat = beats();
            yield Ok(Event::default().retry(RETRY));
            self.touch().await;
            let mut beats = 0;
            loop {
                // `last` is behind the store: read until it is not.
                loop {
                    let backlog =
                        self.store.changes_after(self.workspace, self.last, BACKLOG_CHANGES);
                    match backlog.await {
                        Err(error) => {
                            tracing::warn!(%error, "a feed cannot read missed changes");
                            return;
                        }
                        Ok(Backlog::Gap(last)) => {
                            let Ok(mut endpoints) = self.gaps().await else { return };
                            // Only the last event has the id: a client that resumes from it has all
                            // of them.
                            let final_one = endpoints.pop();
                            for endpoint in endpoints {
                                yield Ok(sse(&FeedEvent::Gap { endpoint }, None));
                            }
                            if let Some(endpoint) = final_one {
                                yield Ok(sse(&FeedEvent::Gap { endpoint }, Some(last)));
                            }
                            self.last = last;
                        }
                        Ok(Backlog::Changes { changes, more }) => {
                            // A slow reader holds them until the last is sent.
                            let mut share = self.responses.share(Some(self.workspace), self.client);
                            let bytes: usize = changes.iter().map(Change::bytes).sum();
                            if share.grow(bytes as u64).is_err() {
                                tracing::debug!("a feed ended: too much is unread");
                                return;
                            }
                            for change in changes {
                                self.last = change.number;
                                if let Some(event) = self.event(&change) {
                                    yield Ok(event);
                                }
                                if self.ends_with(&change) {
                                    return;
                                }
                            }
                            if !more {
                                break;
                            }
                        }
                    }
                    if shutdown.is_cancelled() {
                        return;
                    }
                }
                yield Ok(self.alive(&mut storing));
                loop {
                    let heard = tokio::select! {
                        biased;
                        () = shutdown.cancelled() => return,
                        heard = subscription.next() => heard,
                        Ok(()) = storing.changed() => {
                            yield Ok(self.alive(&mut storing));
                            continue;
                        }
                        _ = beat.tick() => {
                            beats += 1;
                            if beats % TOUCH_BEATS == 0 {
                                self.touch().await;
                            }
                            yield Ok(self.alive(&mut storing));
                            continue;
                        }
                    };
                    let Received::Change(change) = heard else {
                        self.metrics.lag_refills.inc();
                        break;
                    };
                    if change.number <= self.last {
                        continue;
                    }
                    if change.number != self.last + 1 {
                        break;
                    }
                    self.last = change.number;
                    if let Some(event) = self.event(&change) {
                        yield Ok(event);
                    }
                    if self.ends_with(&change) {
                        return;
                    }
                }
            }
        }
    }

    fn alive(&self, storing: &mut watch::Receiver<bool>) -> Event {
        let storing = *storing.borrow_and_update();
        sse(&FeedEvent::Alive { change: self.last, storing }, None)
    }

    /// Marks the endpoints of this feed as in use.
    async fn touch(&self) {
        let touched = async {
            for endpoint in self.store.endpoints(self.workspace).await?.0 {
                if self.endpoints.is_empty() || self.endpoints.contains(&endpoint.slug) {
                    self.store.touch(endpoint.id).await?;
                }
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = touched.await {
            tracing::debug!(%error, "cannot mark endpoints as used");
        }
    }

    /// Returns the event of a change, if its endpoint is in this feed.
    fn event(&self, change: &Change) -> Option<Event> {
        if !self.endpoints.is_empty() && !self.endpoints.contains(&change.endpoint) {
            return None;
        }
        let endpoint = change.endpoint.to_string();
        let event = match &change.what {
            ChangeKind::Captured(summary) => FeedEvent::Captured((**summary).clone()),
            ChangeKind::Updated(summary) => FeedEvent::Updated((**summary).clone()),
            ChangeKind::Deleted(seqs) => FeedEvent::Deleted { endpoint, seqs: seqs.clone() },
            ChangeKind::Cleared(through) => FeedEvent::Cleared { endpoint, through: *through },
            ChangeKind::Dropped(below) => FeedEvent::Dropped { endpoint, below: *below },
            ChangeKind::Endpoint(endpoint) => FeedEvent::Endpoint(to_wire(endpoint, &self.origin)),
            ChangeKind::Gone(reason) => FeedEvent::Gone { endpoint, reason: *reason },
        };
        Some(sse(&event, Some(change.number)))
    }

    /// Whether nothing can follow: the feed's only endpoint is gone.
    fn ends_with(&self, change: &Change) -> bool {
        matches!(change.what, ChangeKind::Gone(_))
            && self.endpoints.len() == 1
            && self.endpoints.contains(&change.endpoint)
    }

    /// Returns the endpoints that have to be fetched again.
    async fn gaps(&self) -> Result<Vec<String>, StoreError> {
        if !self.endpoints.is_empty() {
            return Ok(self.endpoints.iter().map(Slug::to_string).collect());
        }
        let endpoints = self.store.endpoints(self.workspace).await.inspect_err(|error| {
            tracing::warn!(%error, "a feed cannot read its endpoints");
        });
        Ok(endpoints?.0.iter().map(|endpoint| endpoint.slug.to_string()).collect())
    }
}

fn sse(event: &FeedEvent, id: Option<i64>) -> Event {
    let sse = Event::default().event(event.name());
    let sse = match id {
        Some(id) => sse.id(id.to_string()),
        None => sse,
    };
    match event.data() {
        Ok(data) => sse.data(data),
        // The types have no map keys or numbers that JSON cannot represent.
        Err(error) => sse.comment(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
