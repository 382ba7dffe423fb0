//! Feeds: missed events come from the store, nothing is lost and nothing comes twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hyper::{Method, StatusCode};
use proptest::{prelude::any, strategy::Strategy as _, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::common::{Client, PATIENCE, TestServer, sse::Event};

fn seq(event: &Event) -> i64 {
    event.data["seq"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_tells_what_happens_from_now_on() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    server.stranger().post(&format!("/{id}/before"), "").await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    let headers = feed.response.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-store, no-transform");
    assert_eq!(headers["x-accel-buffering"], "no");
    let beat = feed.next_of_all().await.unwrap();
    assert_eq!((beat.name.as_str(), beat.id, beat.data), ("alive", None, json!({"change": 2})));

    server.stranger().post(&format!("/{id}/now"), "body").await;
    let captured = feed.next().await.unwrap();
    assert_eq!((captured.name.as_str(), captured.id.as_deref()), ("captured", Some("3")));
    let page = owner.get(&format!("/api/endpoints/{id}/requests?limit=1")).await.json();
    assert_eq!(captured.data, page["requests"][0]);

    owner.delete(&format!("/api/endpoints/{id}/requests/1")).await;
    let deleted = feed.next().await.unwrap();
    assert_eq!((deleted.name.as_str(), &deleted.data["seqs"]), ("deleted", &json!([1])));
    owner.delete(&format!("/api/endpoints/{id}/requests")).await;
    let cleared = feed.next().await.unwrap();
    assert_eq!((cleared.name.as_str(), &cleared.data["through"]), ("cleared", &json!(2)));
    let json = [("content-type", "application/json")];
    owner.send(Method::PATCH, &format!("/api/endpoints/{id}"), &json, r#"{"name":"x"}"#).await;
    let renamed = feed.next().await.unwrap();
    assert_eq!((renamed.name.as_str(), &renamed.data["name"]), ("endpoint", &json!("x")));
    owner.delete(&format!("/api/endpoints/{id}")).await;
    let gone = feed.next().await.unwrap();
    assert_eq!(gone.name, "gone");
    assert_eq!(gone.data, json!({"endpoint": id, "reason": "deleted"}));
    assert_eq!(feed.next().await, None, "nothing can follow");
    let again = owner.get(&format!("/api/endpoints/{id}/live?after=3")).await;
    assert_eq!((again.status, again.problem().as_str()), (StatusCode::GONE, "gone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_goes_on_from_where_it_was() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for _ in 0..5 {
        server.stranger().post(&format!("/{id}"), "").await;
    }
    let server = server.restart().await;
    let owner = Client { address: server.address(), ..owner };
    let path = format!("/api/endpoints/{id}/live");
    let mut by_query = owner.feed(&format!("{path}?after=3"), None).await;
    let mut by_header = owner.feed(&format!("{path}?after=1"), Some("4")).await;
    for expected in [4, 5, 6] {
        assert_eq!(by_query.next().await.unwrap().id, Some(expected.to_string()));
    }
    for expected in [5, 6] {
        assert_eq!(
            by_header.next().await.unwrap().id,
            Some(expected.to_string()),
            "the header wins"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_of_some_endpoints_hears_these_only() {
    let server = TestServer::start().await;
    let (owner, first) = server.owner().await;
    let second = owner.post("/api/endpoints", "").await.json()["id"].as_str().unwrap().to_owned();
    let third = owner.post("/api/endpoints", "").await.json()["id"].as_str().unwrap().to_owned();
    let mut two = owner.feed(&format!("/api/live?endpoints={first},{third}&after=3"), None).await;
    let mut all = owner.feed("/api/live?after=0", None).await;
    for id in [&second, &first, &second, &third] {
        server.stranger().post(&format!("/{id}"), "").await;
    }
    for expected in [&first, &third] {
        assert_eq!(two.next().await.unwrap().data["endpoint"], *expected);
    }
    for (name, id) in [
        ("endpoint", &first),
        ("endpoint", &second),
        ("endpoint", &third),
        ("captured", &second),
        ("captured", &first),
        ("captured", &second),
        ("captured", &third),
    ] {
        let event = all.next().await.unwrap();
        assert_eq!(event.name, name);
        let field = if name == "endpoint" { "id" } else { "endpoint" };
        assert_eq!(event.data[field], *id);
    }
    let foreign = server.owner().await.0;
    let refused = foreign.get(&format!("/api/live?endpoints={first}")).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_place_to_go_on_from_gives_a_gap_and_then_what_happens() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}/live");
    for from in ["99", "nonsense", "-1"] {
        let mut feed = owner.feed(&path, Some(from)).await;
        let gap = feed.next().await.unwrap();
        assert_eq!((gap.name.as_str(), gap.data), ("gap", json!({ "endpoint": id })), "{from}");
        let sent = server.stranger().post(&format!("/{id}"), "").await;
        let captured = feed.next().await.unwrap();
        assert_eq!(seq(&captured).to_string(), sent.header("hookglass-seq"));
        assert!(captured.id.unwrap() > gap.id.unwrap());
    }
    let refused = owner.get(&format!("{path}?after=x")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_had_all_of_a_gap_gets_it_again() {
    let server = TestServer::start().await;
    let (owner, first) = server.owner().await;
    let second = owner.post("/api/endpoints", "").await.json()["id"].as_str().unwrap().to_owned();
    let all = BTreeSet::from([first.clone(), second.clone()]);
    for path in ["/api/live".to_owned(), format!("/api/live?endpoints={first},{second}")] {
        let mut feed = owner.feed(&path, Some("99")).await;
        let (one, two) = (feed.next().await.unwrap(), feed.next().await.unwrap());
        assert_eq!((one.name.as_str(), two.name.as_str()), ("gap", "gap"));
        let told = [&one, &two].map(|gap| gap.data["endpoint"].as_str().unwrap().to_owned());
        assert_eq!(BTreeSet::from(told), all);
        assert_eq!((one.id, two.id.as_deref()), (None, Some("2")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_missed_much_gets_all_of_it_though_nothing_happens() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/{id}");
    let posts = (0..410).map(|_| async { server.stranger().post(&path, "").await.status });
    let sent = futures_util::future::join_all(posts).await;
    assert!(sent.iter().all(|status| *status == StatusCode::OK));
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=1"), None).await;
    let all = async {
        for expected in 1..=410 {
            assert_eq!(seq(&feed.next().await.unwrap()), expected);
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("all of it");
}

/// Advances time for all timers at once; the wall clock does not move.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn an_open_feed_keeps_its_endpoints_in_use_from_its_start_on() {
    let server = TestServer::start().await;
    let (owner, first) = server.owner().await;
    let second = owner.post("/api/endpoints", "").await.json()["id"].as_str().unwrap().to_owned();
    server.server.shutdown().await;
    // Their lifetime is so short that each extension is long enough to be reported.
    let soon =
        "update endpoints set expires_in = 12, expires_at = (unixepoch('now') + 8) * 1000000";
    sqlite(&server.folder.path().join("test.db"), soon).await;
    let server = TestServer::on(server.folder, &[]).await;
    let owner = Client { address: server.address(), ..owner };
    let mut feed = owner.feed("/api/live", None).await;
    let mut ends = BTreeMap::new();
    while ends.len() < 2 {
        let event = feed.next().await.expect("the feed goes on");
        assert_eq!(event.name, "endpoint", "{event:?}");
        let end = event.data["expires_at"].as_str().unwrap().to_owned();
        ends.insert(event.data["id"].as_str().unwrap().to_owned(), end);
    }
    assert_eq!(ends.keys().collect::<BTreeSet<_>>(), BTreeSet::from([&first, &second]));
    // Three beats each time: the feed is still open.
    let mut later = BTreeSet::new();
    while later.len() < 2 {
        pass(Duration::from_secs(10)).await;
        let event = feed.next_of_all().await.expect("the feed goes on");
        if event.name == "endpoint" {
            let id = event.data["id"].as_str().unwrap();
            assert!(event.data["expires_at"].as_str().unwrap() > ends[id].as_str(), "{event:?}");
            later.insert(id.to_owned());
        } else {
            assert_eq!(event.name, "alive", "{event:?}");
        }
    }
}

/// Runs a statement on a database that no server has open.
async fn sqlite(database: &std::path::Path, statement: &'static str) {
    use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let mut connection = options.connect().await.unwrap();
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lagging_reader_is_refilled_from_the_store() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    // More than the feed's channel and the socket's buffers hold while nothing is read.
    let fields = [("x-fill", "x".repeat(8000))];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let count = 2_000;
    let target = format!("/{id}/{}", "long/".repeat(800));
    let senders = (0..8).map(|_| {
        let (sender, target, fields) = (server.stranger(), target.clone(), fields.clone());
        async move {
            for _ in 0..count / 8 {
                let sent = sender.send(Method::POST, &target, &fields, "").await;
                assert_eq!(sent.status, StatusCode::OK);
            }
        }
    });
    futures_util::future::join_all(senders).await;
    for expected in 1..=count {
        assert_eq!(seq(&feed.next().await.unwrap()), expected);
    }
}

/// The state of a feed's reader, built by the contract's rules alone.
#[derive(Default)]
struct Held {
    requests: BTreeMap<i64, Value>,
    last_id: i64,
    captured: BTreeSet<i64>,
}

impl Held {
    fn apply(&mut self, event: &Event) {
        let id: i64 = event.id.as_ref().expect("every change has an id").parse().unwrap();
        assert!(id > self.last_id, "{id} after {}: a repeat or a step back", self.last_id);
        self.last_id = id;
        match event.name.as_str() {
            "captured" => {
                assert!(self.captured.insert(seq(event)), "#{} came twice", seq(event));
                self.requests.insert(seq(event), event.data.clone());
            }
            "deleted" => {
                for seq in event.data["seqs"].as_array().unwrap() {
                    self.requests.remove(&seq.as_i64().unwrap());
                }
            }
            "cleared" => {
                let through = event.data["through"].as_i64().unwrap();
                self.requests.retain(|seq, _| *seq > through);
            }
            "endpoint" => {}
            other => panic!("unexpected {other}"),
        }
    }
}

/// Returns the endpoint's requests from the API.
async fn stored(owner: &Client, id: &str) -> (BTreeMap<i64, Value>, i64) {
    let (mut requests, mut after) = (BTreeMap::new(), 0);
    loop {
        let path = format!("/api/endpoints/{id}/requests?limit=200&after={after}");
        let page = owner.get(&path).await.json();
        for request in page["requests"].as_array().unwrap() {
            requests.insert(request["seq"].as_i64().unwrap(), request.clone());
        }
        match page["next_after"].as_i64() {
            Some(next) => after = next,
            None => return (requests, page["change"].as_i64().unwrap()),
        }
    }
}

/// Makes `events` changes while the reader's connection is cut `cuts` times at random, then
/// compares the reader's state with the store.
async fn cut_and_compare(events: usize, cuts: usize) {
    const SENDERS: usize = 8;
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let done = Arc::new(AtomicBool::new(false));
    let senders = (0..SENDERS).map(|sender| {
        let (stranger, owner, id) = (server.stranger(), owner.clone(), id.clone());
        tokio::spawn(async move {
            for number in 0..events / SENDERS {
                let requests = format!("/api/endpoints/{id}/requests");
                // Nine arrivals, then a deletion; occasionally a clearing.
                if number % 10 == 9 {
                    if sender == 0 && number % 500 == 499 {
                        owner.delete(&requests).await;
                    } else {
                        let list = owner.get(&format!("{requests}?limit=1")).await.json();
                        let seq = list["requests"][0]["seq"].as_i64().unwrap_or(1);
                        owner.delete(&format!("{requests}/{seq}")).await;
                    }
                } else {
                    stranger.post(&format!("/{id}/{sender}/{number}"), "").await;
                }
            }
        })
    });
    let senders = futures_util::future::join_all(senders);
    let finished = {
        let done = done.clone();
        tokio::spawn(async move {
            senders.await;
            done.store(true, Ordering::SeqCst);
        })
    };

    let mut runner = TestRunner::default();
    let mut random = move || {
        any::<u16>().new_tree(&mut runner).map(|tree| proptest::strategy::ValueTree::current(&tree))
    };
    let (mut held, mut cut) = (Held::default(), 0);
    let path = format!("/api/endpoints/{id}/live?after=0");
    while !done.load(Ordering::SeqCst) || cut < cuts {
        let last_id = held.last_id.to_string();
        let resumed = (held.last_id > 0).then_some(last_id.as_str());
        let mut feed = owner.feed(&path, resumed).await;
        let reads = random().unwrap() % 80;
        for _ in 0..reads {
            match tokio::time::timeout(Duration::from_millis(100), feed.next()).await {
                Ok(Some(event)) => held.apply(&event),
                Ok(None) => panic!("the feed ended by itself"),
                Err(_) => break,
            }
        }
        // Dropping the connection with events in transit is the cut.
        drop(feed);
        cut += 1;
    }
    finished.await.unwrap();
    let (stored, change) = stored(&owner, &id).await;
    let last_id = held.last_id.to_string();
    let mut feed = owner.feed(&path, Some(&last_id)).await;
    while held.last_id < change {
        let event = tokio::time::timeout(PATIENCE, feed.next()).await.unwrap().unwrap();
        held.apply(&event);
    }
    assert!(cut >= cuts, "{cut} cuts");
    assert_eq!(held.requests, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_cuts_lose_and_repeat_nothing() {
    cut_and_compare(20_000, 500).await;
}
