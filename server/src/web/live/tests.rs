//! Tests feeds over a real store, with control over which changes are published.

use std::{path::Path, sync::Mutex};

use axum::body::Body;
use bytes::Bytes;
use hookglass_store::{
    CapturedRequest, NewEndpoint, Owner,
    key::Key,
    sqlite::{Options, SqliteStore},
};
use hookglass_wire::{LATE_SECONDS, SILENCE_SECONDS};
use http_body_util::BodyExt as _;
use hyper::{HeaderMap, Uri, header::HOST};
use tokio::time::timeout;

use super::*;
use crate::feed::Feed;

/// The time limit for events that should arrive immediately.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store with an endpoint, and a feed that misses selected changes.
struct Fixture {
    store: Arc<dyn Store>,
    feed: Feed,
    endpoint: StoredEndpoint,
    shutdown: CancellationToken,
    /// The numbers of changes that are not published.
    lost: Arc<Mutex<Vec<i64>>>,
}

impl Fixture {
    async fn new(folder: &Path) -> Self {
        let (feed, lost) = (Feed::default(), Arc::new(Mutex::new(Vec::new())));
        let publish = {
            let (feed, lost) = (feed.clone(), lost.clone());
            Box::new(move |mut changes: Vec<Change>| {
                changes.retain(|change| !lost.lock().unwrap().contains(&change.number));
                feed.publish(changes);
            })
        };
        let options = Options { publish, ..Options::new(&folder.join("test.db")) };
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).await.unwrap());
        let owner = Owner::New(Key::random().unwrap().hash());
        let new = NewEndpoint { owner, slug: None, name: None, max_endpoints: 1 };
        let endpoint = store.create_endpoint(new).await.unwrap();
        Self { store, feed, endpoint, shutdown: CancellationToken::new(), lost }
    }

    /// Opens a feed from change `last`.
    fn open(&self, last: i64) -> Body {
        self.open_within(last, &Responses::new(u64::MAX, Gauge::default()))
    }

    /// The same with a limited budget for responses.
    fn open_within(&self, last: i64, responses: &Responses) -> Body {
        let headers = HeaderMap::from_iter([(HOST, "h".parse().unwrap())]);
        let metrics = Metrics::default();
        let reader = FeedReader {
            _open: OpenFeed::new(&metrics),
            store: self.store.clone(),
            metrics,
            responses: responses.clone(),
            client: None,
            shutdown: self.shutdown.clone(),
            origin: Origin::of(&Uri::from_static("/"), &headers, None, None).unwrap(),
            workspace: self.endpoint.workspace,
            endpoints: BTreeSet::new(),
            last,
        };
        let subscription = self.feed.subscribe(self.endpoint.workspace);
        Sse::new(reader.events(subscription)).into_response().into_body()
    }

    async fn capture(&self) -> i64 {
        let captured = CapturedRequest {
            received_at: 1,
            duration_us: 0,
            method: "POST".to_owned(),
            target: b"/x".to_vec(),
            http_version: 11,
            remote_addr: String::new(),
            peer: String::new(),
            content_type: None,
            label: None,
            sender: None,
            delivery: None,
            attempt: None,
            mark: None,
            status: Some(200),
            answer: None,
            complete: true,
            exact: true,
            redacted: false,
            head: b"POST /x HTTP/1.1\r\n\r\n".to_vec(),
            trailers: Vec::new(),
            body_bytes: 0,
            upload: None,
            body: vec![Bytes::new()],
            body_sha256: [0; 32],
            refused: None,
        };
        self.store.append(self.endpoint.id, captured).await.unwrap()
    }
}

/// Returns the next event as text; `None` at the end of the feed.
async fn next(body: &mut Body) -> Option<String> {
    let frame = timeout(PATIENCE, body.frame()).await.expect("something in time")?;
    Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
}

/// Returns the ids of the events up to this one.
async fn ids_until(body: &mut Body, last: i64) -> Vec<i64> {
    let mut ids = Vec::new();
    while ids.last() != Some(&last) {
        let event = next(body).await.expect("the feed goes on");
        let id = event.lines().find_map(|line| line.strip_prefix("id: "));
        ids.extend(id.map(|id| id.parse::<i64>().unwrap()));
    }
    ids
}

/// Reads until all missed changes have arrived.
async fn until_alive(body: &mut Body) {
    while !next(body).await.expect("the feed goes on").contains("event: alive") {}
}

#[tokio::test]
async fn a_hole_in_what_is_heard_is_filled_from_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let heard = Fixture::new(folder.path()).await;
    let mut feed = heard.open(1);
    until_alive(&mut feed).await;
    // The endpoint is change 1, each request one more.
    heard.lost.lock().unwrap().extend([3, 5, 6, 9]);
    for seq in 1..=9 {
        assert_eq!(heard.capture().await, seq);
    }
    assert_eq!(ids_until(&mut feed, 10).await, (2..=10).collect::<Vec<_>>());
    // A late change that was already read from the store is not sent again.
    let summary = heard.store.changes_after(heard.endpoint.workspace, 2, 1).await.unwrap();
    let Backlog::Changes { changes: late, .. } = summary else { panic!("a gap") };
    heard.feed.publish(late);
    heard.capture().await;
    assert_eq!(ids_until(&mut feed, 11).await, [11]);
    heard.store.close().await;
}

#[tokio::test]
async fn what_feeds_have_missed_counts_until_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let heard = Fixture::new(folder.path()).await;
    for _ in 0..20 {
        heard.capture().await;
    }
    let gauge = Gauge::default();
    let responses = Responses::new(40_000, gauge.clone());
    let mut feeds = Vec::new();
    let ended = loop {
        let mut feed = heard.open_within(0, &responses);
        // The first event sets the reconnection time.
        next(&mut feed).await.unwrap();
        match next(&mut feed).await {
            Some(_) => feeds.push(feed),
            None => break feeds.len(),
        }
        assert!(feeds.len() < 50, "what nobody reads is not counted");
    };
    assert!(ended > 0, "one that is alone is told of all");
    assert!(gauge.get() > 10_000);
    let mut feed = feeds.pop().unwrap();
    until_alive(&mut feed).await;
    drop(feeds);
    assert_eq!(gauge.get(), 0);
    heard.store.close().await;
}

#[tokio::test]
async fn a_feed_ends_as_soon_as_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let heard = Fixture::new(folder.path()).await;
    let (mut quiet, mut behind) = (heard.open(1), heard.open(0));
    until_alive(&mut quiet).await;
    until_alive(&mut behind).await;
    heard.shutdown.cancel();
    // Nothing else ends it: the store and the subscription are open.
    assert_eq!(next(&mut quiet).await, None);
    assert_eq!(next(&mut behind).await, None);
    heard.store.close().await;
}

#[test]
fn a_beat_comes_before_a_page_loses_its_patience() {
    let slack = Duration::from_secs(1);
    assert!(BEAT + slack < Duration::from_secs(u64::from(LATE_SECONDS)));
    assert!(BEAT + slack < Duration::from_secs(u64::from(SILENCE_SECONDS)));
    const { assert!(LATE_SECONDS < SILENCE_SECONDS, "a page that is shown again waits less") };
}

#[tokio::test(start_paused = true)]
async fn beats_come_as_often_as_they_are_promised() {
    let started = Instant::now();
    let mut beats = beats();
    for beat in 1..=3 {
        beats.tick().await;
        assert_eq!(started.elapsed(), BEAT * beat);
    }
}
