//! Finding requests: searches, counts and suggestions, as programs ask for them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Client, TestServer};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A query as it stands in a URL.
fn encoded(q: &str) -> String {
    q.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

struct Bench {
    server: TestServer,
    owner: Client,
    id: String,
}

impl Bench {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let (owner, id) = server.owner().await;
        Self { server, owner, id }
    }

    async fn send(&self, method: Method, tail: &str, fields: &[(&str, &str)], body: &[u8]) {
        let path = format!("/{}{tail}", self.id);
        let sent = self.server.stranger().send(method, &path, fields, body.to_vec()).await;
        assert!(sent.headers.contains_key("hookglass-seq"), "{sent:?}");
    }

    async fn fill(&self, count: usize) {
        for number in 1..=count {
            let body = format!("{{\"number\":{number}}}");
            self.send(Method::POST, "/fill", &[JSON], body.as_bytes()).await;
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/endpoints/{}/requests{rest}", self.id)
    }

    async fn found(&self, q: &str) -> Vec<i64> {
        let page = self.owner.get(&self.path(&format!("?q={}", encoded(q)))).await;
        assert_eq!(page.status, StatusCode::OK, "{q}: {page:?}");
        seqs(&page.json())
    }
}

fn seqs(page: &Value) -> Vec<i64> {
    let requests = page["requests"].as_array().unwrap();
    requests.iter().map(|request| request["seq"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_by_every_part_of_a_request() {
    let bench = Bench::new().await;
    let github = [JSON, ("x-github-event", "push"), ("user-agent", "GitHub-Hookshot/1")];
    let body = br#"{"repository":{"id":123456789012345678901},"zen":"Keep it"}"#;
    bench.send(Method::POST, "/a?page=2", &github, body).await;
    bench.send(Method::PUT, "/b", &[("content-type", "text/plain")], b"plain words").await;
    bench.send(Method::GET, "/c", &[("user-agent", "curl/8.5.0")], b"").await;
    let preview = [("user-agent", "Slackbot-LinkExpanding 1.0")];
    bench.send(Method::GET, "/a/deep", &preview, b"").await;
    for (q, expected) in [
        ("", &[4, 3, 2, 1][..]),
        ("method:get", &[4, 3]),
        ("path:/a", &[4, 1]),
        ("sender:GitHub label:push", &[1]),
        ("sender:curl OR method:PUT", &[3, 2]),
        ("header.x-github-event:push", &[1]),
        ("body.repository.id:123456789012345678901", &[1]),
        ("body.repository.id:123456789012345678902", &[]),
        ("KEEP", &[1]),
        ("\"plain words\"", &[2]),
        ("-method:GET -label:push", &[2]),
        ("is:preview", &[4]),
        ("status:200 size:>0", &[2, 1]),
        ("query.page:2", &[1]),
        ("after:-1h seq:..2", &[2, 1]),
        ("before:-1h", &[]),
    ] {
        assert_eq!(bench.found(q).await, expected, "{q}");
    }
    let page = bench.owner.get(&bench.path("?q=label:push")).await.json();
    assert_eq!(page["requests"][0]["sender"], "GitHub");
    assert_eq!(page["requests"][0]["status"], 200);
    assert_eq!((&page["next_before"], &page["change"]), (&Value::Null, &json!(5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_are_searched_as_what_they_hold() {
    let bench = Bench::new().await;
    // `{"secret":"hidden treasure"}` by gzip.
    let zipped: &[u8] = &[
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x2a, 0x4e, 0x4d,
        0x2e, 0x4a, 0x2d, 0x51, 0xb2, 0x52, 0xca, 0xc8, 0x4c, 0x49, 0x49, 0xcd, 0x53, 0x28, 0x29,
        0x4a, 0x4d, 0x2c, 0x2e, 0x2d, 0x4a, 0x55, 0xaa, 0x05, 0x00, 0x97, 0x2a, 0xda, 0x26, 0x1c,
        0x00, 0x00, 0x00,
    ];
    bench.send(Method::POST, "/", &[JSON, ("content-encoding", "gzip")], zipped).await;
    bench.send(Method::POST, "/", &[JSON], br#"{"secret":"none"}"#).await;
    assert_eq!(bench.found("treasure").await, [1]);
    assert_eq!(bench.found("body.secret:hidden*").await, [1]);
    assert_eq!(bench.found("body:secret").await, [2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_search_go_on_in_both_directions_until_the_end() {
    let bench = Bench::new().await;
    bench.fill(25).await;
    let q = encoded("body.number:>=10 -body.number:15");
    let expected: Vec<i64> = (10..=25).filter(|seq| *seq != 15).collect();
    for (start, cursor, turned) in
        [("before=9999", "next_before", true), ("after=0", "next_after", false)]
    {
        let (mut all, mut at) = (Vec::new(), start.to_owned());
        loop {
            let page = bench.owner.get(&bench.path(&format!("?limit=4&{at}&q={q}"))).await.json();
            all.extend(seqs(&page));
            let Some(next) = page[cursor].as_i64() else { break };
            at = format!("{}={next}", cursor.trim_start_matches("next_"));
        }
        if turned {
            all.reverse();
        }
        assert_eq!(all, expected, "{start}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_wrong_says_where_and_what_to_do() {
    let bench = Bench::new().await;
    for (q, start, end) in [("a methd:POST", 2, 7), ("size:ten", 5, 8), ("(a", 0, 1)] {
        for path in [format!("?q={}", encoded(q)), format!("/counts?q={}", encoded(q))] {
            let answer = bench.owner.get(&bench.path(&path)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{q}");
            assert_eq!(answer.problem(), "invalid-query");
            let problem = answer.json();
            assert_eq!((&problem["start"], &problem["end"]), (&json!(start), &json!(end)), "{q}");
            assert!(!problem["detail"].as_str().unwrap().is_empty());
        }
    }
    let stranger = bench.server.stranger().get(&bench.path("?q=a")).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_add_up_to_what_there_is() {
    let bench = Bench::new().await;
    bench.fill(6).await;
    bench.send(Method::GET, "/x", &[], b"").await;
    bench.send(Method::from_bytes(b"BREW").unwrap(), "/x", &[], b"").await;
    let counts = bench.owner.get(&bench.path("/counts?buckets=4")).await.json();
    assert_eq!((&counts["total"], &counts["buckets"]), (&json!(8), &json!(4)));
    assert_eq!((&counts["is_complete"], &counts["change"]), (&json!(true), &json!(9)));
    let mut methods = std::collections::BTreeMap::<String, u64>::new();
    for count in counts["counts"].as_array().unwrap() {
        assert!(count["bucket"].as_u64().unwrap() < 4);
        for method in count["methods"].as_array().unwrap() {
            *methods.entry(method[0].as_str().unwrap().to_owned()).or_default() +=
                method[1].as_u64().unwrap();
        }
    }
    let expected = [("GET", 1), ("POST", 6), ("other", 1)];
    assert_eq!(methods, expected.map(|(name, count)| (name.to_owned(), count)).into());

    let found = bench.owner.get(&bench.path("/counts?buckets=4&q=body.number:%3E2")).await.json();
    assert_eq!(found["total"], 4);
    assert_eq!(found["from"], counts["from"], "the same edges");
    let past = "/counts?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z";
    let past = bench.owner.get(&bench.path(past)).await.json();
    assert_eq!((&past["total"], &past["counts"]), (&json!(0), &json!([])));
    assert_eq!(past["from"], "2020-01-01T00:00:00.000000Z");
    for wrong in ["buckets=0", "buckets=501", "from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z"] {
        let answer = bench.owner.get(&bench.path(&format!("/counts?{wrong}"))).await;
        assert_eq!(answer.problem(), "invalid-request", "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_without_requests_has_counts_too() {
    let bench = Bench::new().await;
    let counts = bench.owner.get(&bench.path("/counts")).await.json();
    assert_eq!((&counts["total"], &counts["buckets"]), (&json!(0), &json!(120)));
    assert!(counts["from"].as_str() < counts["to"].as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_kept_and_what_came_is_marked() {
    let bench = Bench::new().await;
    let asks = [("origin", "https://a.example"), ("access-control-request-method", "PUT")];
    bench.send(Method::OPTIONS, "/", &asks, b"").await;
    bench.send(Method::GET, "/", &[("service-worker", "script")], b"").await;
    let page = bench.owner.get(&bench.path("?after=0")).await.json();
    let brief: Vec<_> = page["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| (request["status"].clone(), request.get("mark").cloned()))
        .collect();
    assert_eq!(brief, [(json!(200), Some(json!("preflight"))), (json!(403), None)]);
}
