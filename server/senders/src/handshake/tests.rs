use std::collections::HashSet;

use hyper::{HeaderMap, Method, header::HeaderName};
use proptest::prelude::*;

use super::*;

/// A verification request as its sender documents it.
#[derive(Clone)]
struct Request {
    method: Method,
    query: Option<String>,
    headers: HeaderMap,
    body: String,
}

impl Request {
    fn new(method: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let query = (!query.is_empty()).then(|| query.to_owned());
        Self { method: method.parse().unwrap(), query, headers, body: body.to_owned() }
    }

    fn get(query: &str) -> Self {
        Self::new("GET", query, &[], "")
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        self
    }

    fn sent(&self) -> RequestView<'_> {
        RequestView {
            method: &self.method,
            path: b"/4f1c",
            query: self.query.as_deref().map(str::as_bytes),
            headers: &self.headers,
            body: self.body.as_bytes(),
        }
    }

    fn found(&self) -> Option<&'static str> {
        find(&self.sent()).map(|handshake| handshake.id)
    }

    fn outcome(&self, token: Option<&str>, secrets: &[&str]) -> Option<HandshakeOutcome> {
        let secrets: Vec<SigningSecret> =
            secrets.iter().map(|secret| SigningSecret::new((*secret).to_owned())).collect();
        find(&self.sent()).map(|handshake| handshake.answer(&self.sent(), token, &secrets))
    }

    fn reply(&self) -> HandshakeResponse {
        self.outcome(None, &[]).unwrap().reply.unwrap()
    }
}

const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn slack() -> Request {
    let body = r#"{"token": "Jhj5dZrVaK7ZwHHjRyZWjbDl",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
        "type": "url_verification"}"#;
    Request::new("POST", "", &[("content-type", "application/json")], body)
}

fn meta() -> Request {
    Request::get("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock")
}

fn zoom() -> Request {
    let body = r#"{"payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}, "event_ts": 1654503849680,
        "event": "endpoint.url_validation"}"#;
    Request::new("POST", "", &[("content-type", "application/json")], body)
}

fn discord(body: &str) -> Request {
    let signed = [("x-signature-ed25519", "00"), ("x-signature-timestamp", "1")];
    Request::new("POST", "", &signed, body)
}

fn twitch() -> Request {
    let body = r#"{"challenge": "pogchamp-kappa-360noscope-vohiyo", "subscription": {"id": "f1"}}"#;
    Request::new("POST", "", &[], body)
        .with("twitch-eventsub-message-type", "webhook_callback_verification")
}

fn graph() -> Request {
    let query = "validationToken=Validation%3A+Testing+client%20application%3a%201";
    Request::new("POST", query, &[("content-type", "text/plain; charset=utf-8")], "")
}

type Documented = (&'static str, Request, u16, Vec<(&'static str, &'static str)>, &'static str);

/// Each handshake: a genuine request, and the status, the headers and the body that its
/// documentation requires.
fn documented() -> Vec<Documented> {
    let code = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6";
    let event = format!(
        "[{{\"eventType\": \"Microsoft.EventGrid.SubscriptionValidationEvent\", \
         \"data\": {{\"validationCode\": \"{code}\", \"validationUrl\": \"https://a.test/x\"}}}}]"
    );
    let post = |name: &'static str, value| Request::new("POST", "", &[], "{}").with(name, value);
    vec![
        ("slack", slack(), 200, vec![TEXT], "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"),
        ("meta", meta(), 200, vec![TEXT], "1158201444"),
        (
            "websub",
            Request::get(
                "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.test%2F&hub.challenge=c1&hub.lease_seconds=9",
            ),
            200,
            vec![TEXT],
            "c1",
        ),
        ("dropbox", Request::get("challenge=abc123"), 200, vec![TEXT], "abc123"),
        ("microsoft-graph", graph(), 200, vec![TEXT], "Validation: Testing client application: 1"),
        ("twitch", twitch(), 200, vec![TEXT], "pogchamp-kappa-360noscope-vohiyo"),
        (
            "discord",
            discord(r#"{"application_id": "1", "id": "2", "token": "t", "type": 1, "version": 1}"#),
            200,
            vec![JSON],
            r#"{"type":1}"#,
        ),
        (
            "discord",
            discord(r#"{"version": 1, "application_id": "1234560123453231555", "type": 0}"#),
            204,
            vec![],
            "",
        ),
        (
            "smartsheet",
            post("smartsheet-hook-challenge", "e8788bf4-ca5c-468e-ac38-aadbf7bbb545"),
            200,
            vec![("Smartsheet-Hook-Response", "e8788bf4-ca5c-468e-ac38-aadbf7bbb545"), JSON],
            r#"{"smartsheetHookResponse":"e8788bf4-ca5c-468e-ac38-aadbf7bbb545"}"#,
        ),
        (
            "asana",
            post("x-hook-secret", "b537207f20cbfa02357cf448134da559"),
            200,
            vec![("X-Hook-Secret", "b537207f20cbfa02357cf448134da559")],
            "",
        ),
        (
            "okta",
            Request::get("").with("x-okta-verification-challenge", "my-challenge"),
            200,
            vec![JSON],
            r#"{"verification":"my-challenge"}"#,
        ),
        (
            "azure-event-grid",
            Request::new("POST", "", &[("aeg-event-type", "SubscriptionValidation")], &event),
            200,
            vec![JSON],
            r#"{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}"#,
        ),
        (
            "cloudevents",
            Request::new("OPTIONS", "", &[("webhook-request-origin", "events.example.com")], ""),
            200,
            vec![
                ("WebHook-Allowed-Origin", "events.example.com"),
                ("WebHook-Allowed-Rate", "*"),
                ("Allow", "OPTIONS, POST"),
            ],
            "",
        ),
    ]
}

#[test]
fn each_handshake_is_answered_as_its_documentation_says() {
    for (id, request, status, headers, body) in documented() {
        assert_eq!(request.found(), Some(id));
        let outcome = request.outcome(None, &[]).unwrap();
        let reply = outcome.reply.unwrap();
        assert_eq!(reply.status, status, "{id}");
        let sent: Vec<_> =
            reply.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(sent, headers, "{id}");
        assert_eq!(reply.body, body, "{id}");
        assert!(outcome.label.ends_with(" handshake, answered"), "{}", outcome.label);
        assert_eq!(outcome.note, None);
    }
    assert_eq!(slack().outcome(None, &[]).unwrap().label, "Slack handshake, answered");
}

#[test]
fn each_record_is_shown_by_a_documented_request() {
    let mut shown: Vec<&str> = documented().iter().map(|(id, ..)| *id).collect();
    // Handshakes without an automatic response have separate tests.
    shown.extend(["zoom", "amazon-sns"]);
    shown.sort_unstable();
    let mut known: Vec<&str> = RECORDS.iter().map(|record| record.id).collect();
    known.sort_unstable();
    assert_eq!(shown, known);
}

#[test]
fn each_record_is_documented() {
    let documented = include_str!("../../../../docs/replies.md");
    for Handshake { id, name, asks, gets, .. } in RECORDS {
        let row = format!("| {name} | `{id}` | {asks} | {gets} |");
        assert!(documented.contains(&row), "docs/replies.md has no row: {row}");
    }
}

#[test]
fn zoom_is_answered_with_its_secret_and_not_without() {
    let handshake = find(&zoom().sent()).unwrap();
    assert_eq!(handshake.secret_of(), Some("zoom"));
    let outcome = zoom().outcome(None, &[" the secret token\n", "another"]).unwrap();
    let reply = outcome.reply.unwrap();
    // printf qgg8vlvZRS6UYooatFL8Aw | openssl dgst -sha256 -hmac 'the secret token'
    let expected = "04107fe77a2b61ff00a48b5aeeb98929f78d5c819105f572c24753afac974ba0";
    assert_eq!(
        reply.body,
        format!(r#"{{"encryptedToken":"{expected}","plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#)
    );
    assert_eq!((reply.status, reply.headers.len()), (200, 1));
    let outcome = zoom().outcome(None, &[]).unwrap();
    assert_eq!(outcome.reply, None);
    assert_eq!(outcome.label, "Zoom handshake, not answered");
    assert!(outcome.note.unwrap().contains("secret"));
}

#[test]
fn zooms_secret_signs_nothing_that_zoom_would_sign() {
    for token in [r#"v0:1795000000:{\"event\":\"meeting.started\"}"#, "a:b", "a b", &"x".repeat(65)]
    {
        let body = format!(
            r#"{{"payload":{{"plainToken":"{token}"}},"event":"endpoint.url_validation"}}"#
        );
        let sent = Request::new("POST", "", &[("content-type", "application/json")], &body);
        assert!(find(&sent.sent()).is_none(), "{token}");
    }
}

#[test]
fn only_zoom_needs_a_secret() {
    let needing: Vec<_> = RECORDS.iter().filter_map(Handshake::secret_of).collect();
    assert_eq!(needing, ["zoom"]);
    assert!(crate::sender::signing_by_id("zoom").is_some());
}

#[test]
fn a_wrong_verify_token_gets_403_and_no_echo() {
    let right = meta().outcome(Some("meatyhamhock"), &[]).unwrap();
    assert_eq!(right.reply.unwrap().body, "1158201444");
    for wrong in ["meatyhamhoc", "meatyhamhock ", "", "Meatyhamhock"] {
        let outcome = meta().outcome(Some(wrong), &[]).unwrap();
        let reply = outcome.reply.unwrap();
        assert_eq!(reply.status, 403);
        assert!(!reply.body.contains("1158201444"));
        assert!(reply.headers.iter().all(|(_, value)| !value.contains("1158201444")));
        assert_eq!(outcome.label, "Meta handshake, refused");
    }
    // Others have no such token.
    assert_eq!(slack().outcome(Some("x"), &[]).unwrap().reply.unwrap().status, 200);
}

#[test]
fn a_url_in_a_body_is_left_to_the_owner() {
    let request = Request::new(
        "POST",
        "",
        &[("x-amz-sns-message-type", "SubscriptionConfirmation")],
        r#"{"SubscribeURL": "https://sns.example.com/?Action=ConfirmSubscription"}"#,
    );
    let outcome = request.outcome(None, &[]).unwrap();
    assert_eq!((request.found(), outcome.reply), (Some("amazon-sns"), None));
    assert!(outcome.note.unwrap().contains("SubscribeURL"));
}

#[test]
fn a_common_name_of_a_parameter_is_not_enough() {
    for query in [
        "challenge=abc&x=1",
        "challenge=abc&challenge=abc",
        "Challenge=abc",
        "challenge=",
        "challenge",
        "hub.challenge=1&hub.mode=subscribe",
        "hub.challenge=1&hub.mode=unsubscribe&hub.verify_token=x",
        "hub.challenge=1&hub.mode=delete&hub.topic=x",
        "validationToken=x",
        "",
    ] {
        assert_eq!(Request::get(query).found(), None, "{query}");
    }
    let challenge = || Request::get("challenge=abc");
    assert_eq!(challenge().with("accept", "text/html,*/*").found(), None);
    assert_eq!(challenge().with("sec-fetch-mode", "no-cors").found(), None);
    assert_eq!(challenge().with("origin", "https://a.test").found(), None);
    let with_body = Request { body: "x".to_owned(), ..challenge() };
    assert_eq!(with_body.found(), None);
}

#[test]
fn near_misses_are_not_answered() {
    let with_body = |request: Request, body: &str| Request { body: body.to_owned(), ..request };
    let post = |body| Request::new("POST", "", &[], body);
    for (what, request) in [
        ("another type", post(r#"{"token": "t", "challenge": "c", "type": "event_callback"}"#)),
        (
            "a type within",
            post(r#"{"token": "t", "challenge": "c", "event": {"type": "url_verification"}}"#),
        ),
        ("without Slack's token", post(r#"{"challenge": "c", "type": "url_verification"}"#)),
        (
            "a challenge that is no text",
            post(r#"{"token": "t", "challenge": 7, "type": "url_verification"}"#),
        ),
        (
            "another event of Zoom",
            post(r#"{"event": "meeting.started", "payload": {"plainToken": "x"}}"#),
        ),
        ("Zoom without a token", post(r#"{"event": "endpoint.url_validation", "payload": {}}"#)),
        ("a command of Discord", discord(r#"{"type": 2, "token": "t", "application_id": "1"}"#)),
        (
            "an event of Discord",
            discord(r#"{"type": 1, "application_id": "1", "event": {"type": "X"}}"#),
        ),
        ("a type in quotes", discord(r#"{"type": "1", "token": "t"}"#)),
        ("an unsigned PING", post(r#"{"type": 1, "token": "t"}"#)),
        ("a notification of Graph", with_body(graph(), "{\"value\": []}")),
        ("a notification of Twitch", twitch().with("twitch-eventsub-message-type", "notification")),
        ("Twitch without a challenge", with_body(twitch(), "{}")),
        ("an event of Asana", post("{}").with("x-hook-secret", "s").with("x-hook-signature", "x")),
        ("an event of Event Grid", post("[]").with("aeg-event-type", "Notification")),
        ("an event of SNS", post("{}").with("x-amz-sns-message-type", "Notification")),
    ] {
        assert_eq!(request.found(), None, "{what}");
    }
    let json = graph().with("content-type", "application/json");
    assert_eq!(json.found(), None);
}

#[test]
fn another_method_is_not_answered() {
    for (id, request, ..) in documented() {
        for method in ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS"] {
            if request.method.as_str() != method {
                let other = Request { method: method.parse().unwrap(), ..request.clone() };
                assert_eq!(other.found(), None, "{id} by {method}");
            }
        }
    }
}

#[test]
fn what_is_huge_or_not_printable_or_may_be_a_page_is_not_given_back() {
    let of = |challenge: &str| Request::get(&format!("challenge={challenge}"));
    assert_eq!(of(&"x".repeat(MAX_VALUE_BYTES)).reply().body.len(), MAX_VALUE_BYTES);
    assert_eq!(of(&"x".repeat(MAX_VALUE_BYTES + 1)).found(), None);
    for challenge in ["a%00b", "a%0d%0aSet-Cookie:x", "%ff%fe", "%C3%A9", "%3Cscript%3E", "%7f"] {
        assert_eq!(of(challenge).found(), None, "{challenge}");
    }
    let body = r#"{"token": "t", "type": "url_verification", "challenge": "a\u0000b"}"#;
    assert_eq!(Request::new("POST", "", &[], body).found(), None);
    let large = format!("{}{}", slack().body, " ".repeat(MAX_BODY_BYTES));
    assert_eq!(Request { body: large, ..slack() }.found(), None);
}

#[test]
fn records_are_told_apart() {
    let texts: HashSet<_> = RECORDS.iter().map(|record| record.asks).collect();
    assert_eq!(texts.len(), RECORDS.len());
    for (id, request, ..) in documented() {
        let meant: Vec<_> = RECORDS
            .iter()
            .filter(|record| record.is_meant_by(&request.sent()))
            .map(|record| record.id)
            .collect();
        assert_eq!(meant, [id]);
    }
}

proptest! {
    #[test]
    fn whatever_is_given_back_is_short_and_printable(
        query in "(challenge=|hub\\.mode=subscribe|&|hub\\.topic=|hub\\.challenge=|[ -~]{0,3}|%[0-9a-f]{2}|\u{e9}){0,8}",
        body in "(\\{|\\}|\"type\":|\"url_verification\"|\"challenge\":|\"token\":|,|\"[ -~]{0,4}\"|\u{0}){0,10}",
        method in "(GET|POST)",
    ) {
        let request = Request::new(&method, "", &[], &body);
        let request = Request { query: Some(query), ..request };
        if let Some(reply) = request.outcome(None, &[]).and_then(|outcome| outcome.reply) {
            prop_assert!(reply.body.len() <= 2 * MAX_VALUE_BYTES + 100);
            prop_assert!(reply.body.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }
}
