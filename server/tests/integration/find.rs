//! Searches and counts of requests, as programs request them.

mod suggestions;

use http_body_util::Empty;
use hyper::{Method, Request, StatusCode, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::common::{Client, PATIENCE, TestServer};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Encodes a query for a URL.
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

    /// Returns all requests that a search finds, page by page.
    async fn found(&self, q: &str) -> Vec<i64> {
        let (mut found, mut before) = (Vec::new(), i64::MAX);
        loop {
            let path = self.path(&format!("?before={before}&q={}", encoded(q)));
            let page = self.owner.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{q}: {page:?}");
            let page = page.json();
            found.extend(seqs(&page));
            let Some(next) = page["next_before"].as_i64() else { return found };
            before = next;
        }
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
    // `{"secret":"hidden treasure"}`, gzipped.
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
async fn a_span_begins_with_its_first_moment_and_ends_before_its_last() {
    let bench = Bench::new().await;
    bench.fill(1).await;
    let page = bench.owner.get(&bench.path("")).await.json();
    let at = page["requests"][0]["received_at"].as_str().unwrap().to_owned();
    let (long_ago, far) = ("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    for q in ["", "&q=method:POST"] {
        for (from, to, total) in [(at.as_str(), far, 1), (long_ago, at.as_str(), 0)] {
            let path = bench.path(&format!("/counts?buckets=3&from={from}&to={to}{q}"));
            let counts = bench.owner.get(&path).await;
            assert_eq!(counts.status, StatusCode::OK, "{}", counts.text());
            assert_eq!(counts.json()["total"], total, "{from} {to} {q}");
        }
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

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_pins_are_kept_found_and_told() {
    let bench = Bench::new().await;
    bench.fill(3).await;
    let feed = format!("/api/endpoints/{}/live?after=4", bench.id);
    let mut feed = bench.owner.feed(&feed, None).await;
    let noted =
        bench.owner.patch(&bench.path("/2"), r#"{"note":" Look here ","pinned":true}"#).await;
    assert_eq!(noted.status, StatusCode::OK, "{noted:?}");
    let noted = noted.json();
    assert_eq!((&noted["note"], &noted["pinned"]), (&json!("Look here"), &json!(true)));
    let event = loop {
        let event = feed.next().await.unwrap();
        if event.name != "alive" {
            break event;
        }
    };
    assert_eq!((event.name.as_str(), &event.data), ("updated", &noted));
    for q in ["is:pinned", "has:note", "note:LOOK", "is:noted is:pinned"] {
        assert_eq!(bench.found(q).await, [2], "{q}");
    }
    assert_eq!(bench.owner.get(&bench.path("/2")).await.json()["note"], "Look here");
    let back = bench.owner.patch(&bench.path("/2"), r#"{"note":null}"#).await.json();
    assert_eq!((back.get("note"), &back["pinned"]), (None, &json!(true)));

    // The same with a form, where an empty field removes the note.
    let posted =
        bench.owner.form(&bench.path("/3"), "_method=PATCH&note=By+form&pinned=true").await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    assert_eq!(posted.header("location"), format!("/inspect/{}/3", bench.id));
    assert_eq!(bench.found("note:\"by form\" is:pinned").await, [3]);
    bench.owner.form(&bench.path("/3"), "_method=PATCH&note=").await;
    assert_eq!(bench.found("has:note OR -is:pinned").await, [1]);

    for (seq, body, problem) in [
        ("2", r#"{"note":5}"#.to_owned(), "invalid-request"),
        ("2", r#"{"pinned":"maybe"}"#.to_owned(), "invalid-request"),
        ("2", r#"{"pin":true}"#.to_owned(), "invalid-request"),
        ("2", format!(r#"{{"note":"{}"}}"#, "a".repeat(2001)), "invalid-request"),
        ("9", r#"{"pinned":true}"#.to_owned(), "not-found"),
    ] {
        assert_eq!(
            bench.owner.patch(&bench.path(&format!("/{seq}")), &body).await.problem(),
            problem
        );
    }
    let stranger = bench.server.stranger().patch(&bench.path("/2"), "{}").await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hundred_and_first_pin_is_refused_with_what_to_do() {
    let bench = Bench::new().await;
    bench.fill(101).await;
    for seq in 1..=100 {
        let pinned = bench.owner.patch(&bench.path(&format!("/{seq}")), r#"{"pinned":true}"#).await;
        assert_eq!(pinned.status, StatusCode::OK);
    }
    let refused = bench.owner.patch(&bench.path("/101"), r#"{"pinned":true}"#).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "too-many-pins"));
    assert!(refused.json()["detail"].as_str().unwrap().contains("100"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_negation_does_not_find_is_spared_by_its_deletion() {
    let mut bench = Bench::new().await;
    for (q, spared) in [
        ("-alpha", &[1, 2, 3][..]),
        ("NOT alpha", &[1, 2, 3]),
        ("-\"alpha beta\"", &[3]),
        ("NOT body:alpha", &[2, 3]),
        ("-body.kind:alpha", &[2]),
        ("-(method:POST alpha)", &[1, 2, 3]),
        ("-(path:/none OR body:alpha)", &[2, 3]),
        ("NOT header.x-kind:alpha", &[1]),
        ("method:POST -body:alpha", &[2, 3, 5]),
        ("-body:*", &[1, 2, 3, 4]),
    ] {
        (bench.owner, bench.id) = bench.server.owner().await;
        bench.send(Method::POST, "/a", &[JSON, ("x-kind", "alpha")], b"{}").await;
        bench.send(Method::POST, "/b", &[JSON], br#"{"kind":"alpha"}"#).await;
        bench.send(Method::POST, "/c", &[JSON], br#"{"kind":"c","text":"alpha beta"}"#).await;
        bench.send(Method::POST, "/d", &[JSON], br#"{"kind":"beta"}"#).await;
        bench.send(Method::GET, "/e", &[], b"").await;
        let found = bench.found(q).await;
        assert!(found.iter().all(|seq| !spared.contains(seq)), "{q}: {found:?}");
        let deleted = bench.owner.delete(&bench.path(&format!("?q={}", encoded(q)))).await;
        assert_eq!(deleted.json(), json!({ "deleted": 5 - spared.len() }), "{q}");
        let left = seqs(&bench.owner.get(&bench.path("?after=0")).await.json());
        assert_eq!(left, spared, "{q}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_search_finds_is_deleted_and_nothing_else() {
    let bench = Bench::new().await;
    bench.fill(300).await;
    let q = encoded("body.number:>40 -body.number:>290");
    let count = bench.owner.get(&bench.path(&format!("/counts?q={q}"))).await.json();
    assert_eq!((&count["total"], &count["is_complete"]), (&json!(250), &json!(true)));
    let deleted = bench.owner.delete(&bench.path(&format!("?q={q}"))).await;
    assert_eq!(deleted.json(), json!({"deleted": 250}));
    let left = seqs(&bench.owner.get(&bench.path("?limit=200&after=0")).await.json());
    assert_eq!(left, (1..=40).chain(291..=300).collect::<Vec<_>>());
    let endpoint = bench.owner.get(&format!("/api/endpoints/{}", bench.id)).await.json();
    assert_eq!(endpoint["requests"], 50);

    // A client that reconnects gets all of them, in batches.
    let feed = format!("/api/endpoints/{}/live?after=301", bench.id);
    let mut feed = bench.owner.feed(&feed, None).await;
    let mut told = 0;
    while told < 250 {
        let event = feed.next().await.unwrap();
        if event.name == "deleted" {
            let seqs = event.data["seqs"].as_array().unwrap().len();
            assert!(seqs <= 1000);
            told += seqs;
        }
    }
    assert_eq!(told, 250);

    // An empty or invalid selection never deletes everything.
    for query in ["?q=", "?q=%20", "?q=*", "?x=1", "?q=size:x", "?q=a&limit=1"] {
        let refused = bench.owner.delete(&bench.path(query)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let posted = bench.owner.form(&bench.path("?q=seq:..5"), "_method=DELETE").await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    assert_eq!(bench.owner.delete(&bench.path("")).await.json(), json!({"deleted": 45}));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_targets_are_searched_to_their_end_however_many_there_are() {
    let bench = Bench::new().await;
    let long = format!("/{}", "x".repeat(60_000));
    for number in 0..500 {
        let tail = if number % 100 == 7 { format!("{long}?end") } else { long.clone() };
        bench.send(Method::POST, &tail, &[("content-type", &long[..1000])], b"").await;
    }
    assert_eq!(bench.found("target:end").await, [408, 308, 208, 108, 8]);
    let page = bench.owner.get(&bench.path("?q=target:end")).await.json();
    assert_eq!(page["requests"][0]["target"].as_str().unwrap().len(), 2048);
    let whole = bench.owner.get(&bench.path("/8")).await.json();
    assert!(whole["target"].as_str().unwrap().ends_with("?end"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_goes_on_though_its_caller_hangs_up() {
    let bench = Bench::new().await;
    bench.fill(1500).await;
    let stream = TcpStream::connect(bench.server.address()).await.unwrap();
    // Here the server drops a handler as soon as its client is gone.
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let url = format!("http://{}{}", bench.server.address(), bench.path("?q=body:number"));
    let mut request = Request::delete(url);
    for (name, value) in &bench.owner.fields {
        request = request.header(name, value);
    }
    let asked = tokio::spawn(sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()));
    let left = async || {
        let endpoint = bench.owner.get(&format!("/api/endpoints/{}", bench.id)).await.json();
        endpoint["requests"].as_u64().unwrap()
    };
    let begun = async { while left().await == 1500 {} };
    tokio::time::timeout(PATIENCE, begun).await.expect("it begins");
    connection.abort();
    asked.abort();
    let ended = async { while left().await > 0 {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("it goes on until its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_takes_what_was_found_when_it_was_shown_and_nothing_that_came_since() {
    let bench = Bench::new().await;
    bench.fill(3).await;
    for (query, deleted) in [
        // The current requests did not exist an hour ago.
        ("q=before:-0s&age_ms=3600000", 0),
        ("q=before:-0s&age_ms=0&through=1", 1),
        ("q=method:POST&through=1", 0),
        ("q=method:POST&through=2", 1),
        ("q=after:-1m&age_ms=18446744073709551615", 1),
    ] {
        let answer = bench.owner.delete(&bench.path(&format!("?{query}"))).await;
        assert_eq!(answer.json(), json!({ "deleted": deleted }), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_long_rows_is_short_and_its_cursor_goes_on() {
    let bench = Bench::new().await;
    let note = json!({ "note": "n".repeat(2000) }).to_string();
    for seq in 1..=120 {
        let tail = format!("/{}", "l".repeat(2040));
        bench.send(Method::GET, &tail, &[("content-type", &"t".repeat(2040))], b"").await;
        let noted = bench.owner.patch(&bench.path(&format!("/{seq}")), &note).await;
        assert_eq!(noted.status, StatusCode::OK);
    }
    let newest_first: Vec<i64> = (1..=120).rev().collect();
    let oldest_first: Vec<i64> = (1..=120).collect();
    for q in ["", "&q=has%3Anote", "&q=method%3AGET"] {
        for (start, cursor, expected) in
            [("before=1000", "before", &newest_first), ("after=0", "after", &oldest_first)]
        {
            let (mut seqs, mut at) = (Vec::new(), start.to_owned());
            loop {
                let page = bench.owner.get(&bench.path(&format!("?limit=200&{at}{q}"))).await;
                assert!(page.body.len() < 640 * 1024, "{} bytes at once", page.body.len());
                let page = page.json();
                let rows = page["requests"].as_array().unwrap();
                seqs.extend(rows.iter().map(|row| row["seq"].as_i64().unwrap()));
                assert!(rows.len() > 20, "{} rows", rows.len());
                match page[format!("next_{cursor}")].as_i64() {
                    Some(next) => at = format!("{cursor}={next}"),
                    None => break,
                }
            }
            assert_eq!(&seqs, expected, "{start}{q}");
        }
    }
}
