//! Golden files pin the JSON of every type that crosses the wire. A file here may gain fields in
//! later versions, never lose or change one: an old tab must keep working with a new server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Debug;

use hookglass_wire::{
    Act, Answered, Answering, Attempt, Body, By, Count, Counts, Decoded, Deleted, Delivery, Detail,
    Endpoint, Endpoints, FeedEvent, Field, Form, GoneReason, Header, Note, OnLimit, Page, Piece,
    Problem, Programme, Provider, Providers, QueryError, Reading, Record, Refused, Reply, Row,
    Rule, Secret, Secrets, Session, Signature, Step, Suggestion, Suggestions, Summary, Text,
    Timestamp, Window,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Asserts that the value is written as in the golden file, and can be read from it, also in the
/// form that a newer server would write.
#[track_caller]
fn assert_golden<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, golden: &str) {
    let golden: Value = serde_json::from_str(golden).unwrap();
    assert_eq!(serde_json::to_value(value).unwrap(), golden);
    assert_eq!(&serde_json::from_value::<T>(golden.clone()).unwrap(), value);
    let text = serde_json::to_string(&newer(golden)).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
}

/// Adds a field to every object.
fn newer(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, newer(value)));
            let field = ("a_later_field".to_owned(), serde_json::json!({ "any": [1, null] }));
            members.chain([field]).collect()
        }
        Value::Array(elements) => elements.into_iter().map(newer).collect(),
        other => other,
    }
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_795_262_587_000_000 + micros)
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: "4f1c2f9e-8f0a-4a53-9a0e-6d1c1c0a7b11".to_owned(),
        url: "https://hooks.example.com/4f1c2f9e-8f0a-4a53-9a0e-6d1c1c0a7b11".to_owned(),
        inspect_url: "https://hooks.example.com/inspect/4f1c2f9e-8f0a-4a53-9a0e-6d1c1c0a7b11"
            .to_owned(),
        name: Some("Orders".to_owned()),
        created_at: time(0),
        expires_at: Some(time(604_800_000_000)),
        requests: 127,
        last_seq: 128,
        max_requests: 10_000,
        on_limit: OnLimit::DropOldest,
        dropped_through: 1,
        answers: Some("503 twice, then 200".to_owned()),
        key: None,
    }
}

fn bare_endpoint() -> Endpoint {
    let key = Some("hgk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned());
    Endpoint {
        name: None,
        expires_at: None,
        requests: 0,
        last_seq: 0,
        answers: None,
        key,
        ..endpoint()
    }
}

fn summary() -> Summary {
    Summary {
        endpoint: endpoint().id,
        seq: 128,
        received_at: time(412_000),
        method: "POST".to_owned(),
        target: Text::from("/4f1c2f9e-8f0a-4a53-9a0e-6d1c1c0a7b11/orders?x=1"),
        remote_addr: "203.0.113.7".to_owned(),
        content_type: Some(Text::from("application/json")),
        body_bytes: 7_412,
        complete: true,
        refused: None,
        label: Some("push".to_owned()),
        sender: Some("GitHub".to_owned()),
        provider: Some("github".to_owned()),
        verdict: Some("invalid".to_owned()),
        attempt: Some(2),
        delivery_id: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned()),
        mark: None,
        status: Some(200),
        note: Some("The first one".to_owned()),
        pinned: true,
    }
}

/// A summary with all the unusual values.
fn odd_summary() -> Summary {
    Summary {
        target: Text::Base64("L2H/".to_owned()),
        remote_addr: "2001:db8::7".to_owned(),
        content_type: None,
        complete: false,
        refused: Some(Refused { limit: "max-body".to_owned(), value: 26_214_400 }),
        label: None,
        sender: None,
        provider: None,
        verdict: None,
        attempt: None,
        delivery_id: None,
        mark: Some("preflight".to_owned()),
        status: None,
        note: None,
        pinned: false,
        ..summary()
    }
}

fn header(name: &str, value: &str) -> Header {
    (Text::from(name), Text::from(value))
}

fn signature() -> Signature {
    Signature {
        provider: "github".to_owned(),
        verdict: "invalid".to_owned(),
        secret_id: None,
        reason: Some("The signature was not made with the secret set here.".to_owned()),
        hint: Some("Let the sender change that.".to_owned()),
        signed: Some(Text::Base64("/w==".to_owned())),
        received: Some("00ff".to_owned()),
        computed: Some("ff00".to_owned()),
    }
}

fn detail() -> Detail {
    Detail {
        summary: summary(),
        http_version: "HTTP/1.1".to_owned(),
        peer: "127.0.0.1:51234".to_owned(),
        trailers: vec![header("X-Checksum", "9")],
        headers: vec![
            header("Host", "hooks.example.com"),
            header("X-b", "1"),
            header("x-A", ""),
            header("X-b", "2"),
            (Text::from("X-Latin"), Text::Base64("Y2Fm6Q==".to_owned())),
        ],
        exact: true,
        redacted: false,
        duration_us: 1_234,
        body: Body {
            sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(),
            text: Some("{\"id\":123456789012345678901}\u{2028}</script>".to_owned()),
        },
    }
}

fn record() -> Record {
    let tried = |seq, attempt, second: i64, status| Attempt {
        seq,
        attempt,
        received_at: time(second * 1_000_000),
        status: Some(status),
    };
    Record {
        detail: detail(),
        signature: Some(signature()),
        delivery: Some(Delivery {
            id: "72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned(),
            attempt: 2,
            attempts: vec![tried(127, 1, 0, 503), tried(128, 2, 5, 200)],
            guessed: false,
        }),
        reply: Some(Answered {
            source: "rule 1".to_owned(),
            status: Some(200),
            headers: vec![header("Content-Type", "text/plain")],
            body_bytes: 2,
            body: Some("ok".to_owned()),
            sent_at: Some(time(413_000)),
            duration_us: Some(1_300),
            taken: Some(true),
            ..Answered::default()
        }),
    }
}

#[test]
fn endpoints_are_as_pinned() {
    assert_golden(
        &Endpoints { endpoints: vec![endpoint(), bare_endpoint()], change: 4_711 },
        include_str!("wire/endpoints.json"),
    );
}

#[test]
fn pages_of_requests_are_as_pinned() {
    let requests = vec![summary(), odd_summary()];
    let older =
        Page { requests, next_before: Some(79), next_after: None, change: 9_007_199_254_740_993 };
    assert_golden(&older, include_str!("wire/page_before.json"));
    let newer = Page { requests: Vec::new(), next_before: None, next_after: Some(128), change: 1 };
    assert_golden(&newer, include_str!("wire/page_after.json"));
}

#[test]
fn a_request_in_full_is_as_pinned() {
    assert_golden(&record(), include_str!("wire/detail.json"));
    let binary = Detail {
        summary: odd_summary(),
        http_version: "HTTP/2.0".to_owned(),
        trailers: Vec::new(),
        exact: false,
        redacted: true,
        body: Body { text: None, ..detail().body },
        ..detail()
    };
    let signature = Signature {
        provider: "stripe".to_owned(),
        verdict: "valid".to_owned(),
        secret_id: Some("0b1f2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d".to_owned()),
        ..Signature::default()
    };
    let binary = Record { detail: binary, signature: Some(signature), delivery: None, reply: None };
    assert_golden(&binary, include_str!("wire/detail_binary.json"));
}

#[test]
fn problems_sessions_and_counts_are_as_pinned() {
    let problem = Problem {
        kind: "/problems/slug-taken".to_owned(),
        title: "The slug is taken".to_owned(),
        status: 409,
        detail: "Another workspace has it. Choose another one.".to_owned(),
        ..Problem::default()
    };
    assert_golden(&problem, include_str!("wire/problem.json"));
    let session = Session { key: "hgk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned() };
    assert_golden(&session, include_str!("wire/session.json"));
    assert_golden(&Deleted { deleted: 12 }, include_str!("wire/deleted.json"));
}

/// Unknown fields in these are rejected: only the server reads them.
#[test]
fn settings_of_answers_are_as_pinned_and_what_is_left_out_is_plain() {
    let reply = |status| Reply { status, body: None, ..Reply::default() };
    let set = Answering {
        reply: Reply {
            headers: vec![("X-Back".to_owned(), "{{ request.header.x-sent }}".to_owned())],
            body: Some("{{ seq }}".to_owned()),
            delay_ms: 5000,
            ..reply(202)
        },
        rules: vec![Rule {
            when: "method:GET".to_owned(),
            reply: Reply { body_base64: Some("AP8=".to_owned()), ..reply(200) },
        }],
        programme: Some(Programme {
            steps: vec![Step { act: Act::Stall, reply: reply(503), times: 2, seconds: 30 }],
            by: By::Attempt,
            percent: Some(30),
            answered: Some(1),
        }),
        handshakes: false,
        verify_token: Some("mine".to_owned()),
        reject_bad_signatures: true,
    };
    let golden: Value = serde_json::from_str(include_str!("wire/answering.json")).unwrap();
    assert_eq!(serde_json::to_value(&set).unwrap(), golden);
    assert_eq!(serde_json::from_value::<Answering>(golden).unwrap(), set);
    assert_eq!(serde_json::from_str::<Answering>("{}").unwrap(), Answering::default());
    let bare: Reply = serde_json::from_str("{\"status\":204}").unwrap();
    assert_eq!(bare, reply(204), "a reply is set as a whole");
    assert!(serde_json::from_str::<Answering>("{\"colour\":1}").is_err());
}

#[test]
fn secrets_and_providers_are_as_pinned() {
    let secret = |name: Option<&str>| Secret {
        id: "0b1f2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d".to_owned(),
        provider: "stripe".to_owned(),
        name: name.map(str::to_owned),
        created_at: time(0),
    };
    let secrets = Secrets { secrets: vec![secret(Some("Live")), secret(None)] };
    assert_golden(&secrets, include_str!("wire/secrets.json"));
    let provider = Provider {
        id: "stripe".to_owned(),
        name: "Stripe".to_owned(),
        secret: "The endpoint's signing secret.".to_owned(),
        fields: vec!["Stripe-Signature".to_owned()],
    };
    assert_golden(&Providers { providers: vec![provider] }, include_str!("wire/providers.json"));
}

#[test]
fn feed_events_are_as_pinned() {
    let id = || endpoint().id;
    let events = [
        FeedEvent::Captured(summary()),
        FeedEvent::Updated(odd_summary()),
        FeedEvent::Deleted { endpoint: id(), seqs: vec![3, 1] },
        FeedEvent::Dropped { endpoint: id(), below: 29 },
        FeedEvent::Cleared { endpoint: id(), through: 128 },
        FeedEvent::Endpoint(endpoint()),
        FeedEvent::Gone { endpoint: id(), reason: GoneReason::Expired },
        FeedEvent::Gap { endpoint: id() },
        FeedEvent::Alive { change: 4_711, storing: true },
        FeedEvent::Gone { endpoint: id(), reason: GoneReason::Deleted },
        FeedEvent::Alive { change: 4_711, storing: false },
    ];
    let golden: Vec<(String, Value)> =
        serde_json::from_str(include_str!("wire/feed.json")).unwrap();
    assert_eq!(events.len(), golden.len());
    for (index, (event, (name, data))) in events.iter().zip(golden).enumerate() {
        assert_eq!(event.name(), name);
        assert_eq!(event.name(), FeedEvent::NAMES[[0, 1, 2, 3, 4, 5, 6, 7, 8, 6, 8][index]]);
        let line = event.data().unwrap();
        assert!(!line.contains('\n'), "SSE data is one line");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), data);
        for data in [data.clone(), newer(data)] {
            let read = FeedEvent::parse(&name, &data.to_string()).unwrap();
            assert_eq!(read.as_ref(), Some(event));
        }
    }
}

#[test]
fn an_event_of_a_newer_server_is_skipped_and_a_broken_one_is_an_error() {
    assert_eq!(FeedEvent::parse("replayed", "{}").unwrap(), None);
    assert!(FeedEvent::parse("gap", "{}").is_err());
    assert!(FeedEvent::parse("captured", "nonsense").is_err());
}

#[test]
fn fields_that_older_servers_leave_out_are_not_missed() {
    let page: Page = serde_json::from_str(r#"{"requests":[],"change":0}"#).unwrap();
    assert_eq!(page, Page::default());
    let body: Body = serde_json::from_str(r#"{"sha256":""}"#).unwrap();
    assert_eq!(body.text, None);
}

#[test]
fn a_window_with_a_misspelt_field_is_refused() {
    assert!(serde_json::from_str::<Window>(r#"{"befor":1}"#).is_err());
    let window: Window = serde_json::from_str(r#"{"before":1}"#).unwrap();
    assert_eq!(window, Window { before: Some(1), after: None, limit: None, q: None });
}

#[test]
fn a_key_is_never_in_debug_output() {
    let session = Session { key: "hgk_secret".to_owned() };
    assert!(!format!("{session:?}").contains("secret"));
    assert!(!format!("{:?}", bare_endpoint()).contains("hgk_"));
}

#[test]
fn readings_are_as_pinned() {
    let piece = |text: &str, kind: &str| Piece(text.to_owned(), kind.to_owned());
    let form = |value: &str, label: &str| Form { value: value.to_owned(), label: label.to_owned() };
    let reading = Reading {
        form: "json".to_owned(),
        forms: vec![form("json", "JSON"), form("hex", "Hex")],
        bytes: 31,
        decoded: Some(Decoded { coding: "gzip".to_owned(), bytes: 19, is_partial: false }),
        notes: vec![Note { tone: "warn".to_owned(), text: "Shown in part.".to_owned() }],
        total: 2,
        depth: Some(2),
        rows: vec![
            Row {
                fold: Some("shut".to_owned()),
                pieces: vec![piece("{", "punctuation")],
                ..Row::default()
            },
            Row {
                line: 1,
                depth: 1,
                margin: Some("2".to_owned()),
                mark: Some("added".to_owned()),
                pieces: vec![piece("\"id\"", "key hit"), piece(": ", ""), piece("1", "number")],
                ..Row::default()
            },
        ],
        fields: vec![Field {
            name: vec![piece("Authorization", "")],
            value: vec![piece("Bearer x", "secret")],
            about: Some("Lets a client in.".to_owned()),
            standard: Some("RFC 9110 §11.6.2".to_owned()),
            secret: true,
            ..Field::default()
        }],
        found: vec![1],
        ..Reading::default()
    };
    assert_golden(&reading, include_str!("wire/reading.json"));
}

#[test]
fn counts_and_suggestions_are_as_pinned() {
    let counts = Counts {
        from: time(0),
        to: time(120_000_000),
        buckets: 120,
        total: 3,
        counts: vec![
            Count {
                bucket: 7,
                total: 2,
                methods: vec![("GET".to_owned(), 1), ("other".to_owned(), 1)],
                refused: 1,
            },
            Count { bucket: 119, total: 1, methods: vec![("POST".to_owned(), 1)], refused: 0 },
        ],
        is_complete: false,
        change: 12,
    };
    assert_golden(&counts, include_str!("wire/counts.json"));
    let suggestion =
        |text: &str, about: &str| Suggestion { text: text.to_owned(), about: about.to_owned() };
    let suggestions = Suggestions {
        start: 2,
        end: 5,
        suggestions: vec![suggestion("label:", "the event"), suggestion("label:push", "")],
        error: Some(QueryError { start: 2, end: 5, message: "There is no field.".to_owned() }),
    };
    assert_golden(&suggestions, include_str!("wire/suggestions.json"));
}
