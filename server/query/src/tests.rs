//! The language as a whole.

use hookglass_message::json::{paths, quoted_name};
use hookglass_wire::{Refused, Summary, Text, Timestamp};
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_795_262_587_000_000;
const HEAD: &[u8] = b"POST /in/orders/7?page=2&q=a%20b HTTP/1.1\r\nHost: Hooks.example\r\n\
    X-GitHub-Event: push\r\nX-Odd: a:b c\r\nAccept: */*\r\n\r\n";
const BODY: &[u8] = br#"{"id":123456789012345678901,"amount":10.50,"ok":true,"none":null,
    "repository":{"id":123,"name":"Hello World"},"items":[{"sku":"A-1"},{"sku":"B-2"}]}"#;

fn summary() -> Summary {
    Summary {
        endpoint: "in".to_owned(),
        seq: 42,
        received_at: Timestamp::from_micros(NOW - 600_000_000),
        method: "POST".to_owned(),
        target: Text::from("/in/orders/7?page=2&q=a%20b"),
        remote_addr: "192.0.2.7".to_owned(),
        content_type: Some(Text::from("application/json; charset=utf-8")),
        body_bytes: 12_345,
        complete: true,
        label: Some("push".to_owned()),
        sender: Some("GitHub".to_owned()),
        status: Some(200),
        note: Some("Look at this".to_owned()),
        verdict: Some("invalid".to_owned()),
        attempt: Some(2),
        delivery_id: Some("72d3162e".to_owned()),
        ..Summary::default()
    }
}

fn query(text: &str) -> Query {
    Query::parse(text, NOW).unwrap_or_else(|error| panic!("{text}: {error:?}")).unwrap()
}

#[track_caller]
fn finds(text: &str) -> bool {
    let summary = summary();
    let subject = SearchedRequest { summary: &summary, head: Some(HEAD), body: Some(BODY) };
    query(text).finds(&subject).unwrap()
}

fn fault(text: &str) -> QueryError {
    Query::parse(text, NOW).expect_err(text)
}

#[test]
fn each_field_finds_what_it_names() {
    for text in [
        "verdict:invalid",
        "signature:INVALID",
        "verdict:*",
        "-verdict:valid",
        "attempt:2",
        "attempt:>1",
        "-attempt:1",
        "try:2..3",
        "delivery:72d3162e",
        "delivery:72d*",
        "method:POST",
        "method:post",
        "path:/orders",
        "path:/in",
        "path:/IN/orders",
        "path:/in/*/7",
        "path:*/7",
        "target:page=2",
        "host:hooks",
        "header.x-github-event:push",
        "HEADER.X-GitHub-Event:PUSH",
        "header.accept:*",
        "header.x-odd:\"a:b c\"",
        "query.page:2",
        "query.page:>1",
        "query.q:\"a b\"",
        "body.repository.id:123",
        "body.repository.id:123.0",
        "body.repository.name:\"hello world\"",
        "body.items[1].sku:B-2",
        "body.items[*].sku:a-*",
        "body.amount:>10",
        "body.amount:10.5",
        "body.id:123456789012345678901",
        "body.ok:true",
        "body.none:null",
        "body.items:*",
        "body:sku",
        "size:>10k",
        "size:10k..20k",
        "size:<=12345",
        "after:-1h",
        "after:2026-11-01",
        "before:-5m",
        "seq:42",
        "#42",
        "seq:40..50",
        "seq:>41",
        "status:200",
        "status:2xx",
        "status:<400",
        "label:push",
        "label:pu*",
        "sender:github",
        "from:192.0.2.7",
        "from:192.0.2.0/24",
        "from:192.0.*",
        "type:json",
        "has:body",
        "has:query",
        "has:note",
        "is:noted",
        "note:look",
        "orders",
        "HELLO",
        "x-github",
        "\"a:b c\"",
    ] {
        assert!(finds(text), "{text}");
        assert!(!finds(&format!("-{text}")), "-{text}");
    }
}

#[test]
fn a_path_is_found_in_every_form_of_a_target() {
    let target = Text::from("http://hooks.example/in/orders/7?page=2");
    let summary = Summary { target, ..summary() };
    let subject = SearchedRequest { summary: &summary, head: Some(HEAD), body: Some(BODY) };
    for text in
        ["path:/orders", "path:/in/orders", "path:*/7", "-path:/hooks.example", "query.page:2"]
    {
        assert_eq!(query(text).finds(&subject), Some(true), "{text}");
    }
}

/// Names that would end a name, start another token, or be taken for a path.
const ODD_NAMES: &str = "([a-z]|[.:\\[\\]()*\"\\\\ <>=&;'-]|[ü😀]){1,6}";

#[track_caller]
fn finds_in(text: &str, target: &str, head: &str, body: &str) -> bool {
    let target = Text::from(target);
    let summary = Summary { target, content_type: None, ..summary() };
    let (head, body) = (Some(head.as_bytes()), Some(body.as_bytes()));
    query(text).finds(&SearchedRequest { summary: &summary, head, body }).unwrap()
}

#[test]
fn a_backslash_in_a_quoted_part_of_a_name_takes_the_next_character_as_it_is() {
    let found = |text: &str| finds_in(text, "/in?ab=1&a%5Cb=2", "GET / HTTP/1.1\r\n\r\n", "");
    assert!(found(r#"query."a\b":1"#) && !found(r#"query."a\b":2"#));
    assert!(found(r#"query."a\\b":2"#) && !found(r#"query."a\\b":1"#));
}

#[test]
fn stars_around_a_word_are_anything_and_within_it_stars() {
    for text in ["hell*", "*ello", "*HELL*", "\"*/*\""] {
        assert!(finds(text), "{text}");
        assert!(!finds(&format!("-{text}")), "-{text}");
    }
    for text in ["hel*world", "\"hell*\"", "nothing*"] {
        assert!(!finds(text), "{text}");
    }
    for text in ["*", "**", "-*"] {
        assert!(Query::parse(text, 0).is_err(), "{text}");
    }
}

#[test]
fn what_a_field_does_not_name_is_not_found() {
    for text in [
        "method:PUT",
        "path:/rders",
        "path:/i",
        "path:/i*",
        "path:/in/other",
        "header.x-github-event:pus",
        "header.missing:*",
        "query.page:3",
        "query.page:>2",
        "body.id:123456789012345678902",
        "body.repository.id:124",
        "body.items[0].sku:B-2",
        "body.ok:false",
        "body.missing:*",
        "body.amount:<10.5",
        "size:>1M",
        "after:-5m",
        "before:-1h",
        "#41",
        "#4",
        "\"#42\"",
        "#",
        "seq:41",
        "status:4xx",
        "label:ping",
        "from:10.0.0.0/8",
        "type:xml",
        "is:cut",
        "is:refused",
        "is:pinned",
        "is:preview",
        "verdict:valid",
        "attempt:1",
        "attempt:<2",
        "delivery:72d",
        "nothing-like-it",
        "HTTP/1.1",
    ] {
        assert!(!finds(text), "{text}");
    }
}

#[test]
fn and_binds_before_or_and_not_before_both() {
    assert!(finds("method:GET OR method:POST status:200"));
    assert!(!finds("(method:GET OR method:POST) status:404"));
    assert!(finds("method:POST OR method:GET status:404"));
    assert!(finds("NOT method:GET AND NOT label:ping"));
    assert!(finds("NOT (method:GET OR label:ping)"));
    assert!(finds("-(method:GET label:push)"));
    assert!(finds("and or not orders") == finds("\"and\" \"or\" \"not\" orders"));
}

#[test]
fn a_guessed_delivery_has_its_first_request_too() {
    let first = Summary { delivery_id: None, attempt: None, ..summary() };
    let found = |text: &str| {
        query(text).finds(&SearchedRequest { summary: &first, head: None, body: None }).unwrap()
    };
    assert!(found("delivery:like-42") && found("attempt:1") && found("attempt:<2"));
    assert!(!found("delivery:like-41") && !found("delivery:*"));
}

#[test]
fn a_verdict_is_one_of_four() {
    let fault = fault("verdict:good");
    assert_eq!((fault.start, fault.end), (8, 12));
    assert!(fault.message.contains("valid, invalid, unsigned, unknown"), "{fault:?}");
}

#[test]
fn flags_tell_what_lists_mark() {
    let base = summary();
    let refused = Some(Refused { limit: "max-body".to_owned(), value: 1 });
    let found = |text: &str, summary: &Summary| {
        query(text).finds(&SearchedRequest { summary, head: Some(HEAD), body: Some(b"") }).unwrap()
    };
    let cut = Summary { complete: false, ..base.clone() };
    assert!(found("is:cut", &cut));
    let turned_away =
        Summary { complete: false, refused: refused.clone(), body_bytes: 0, ..base.clone() };
    assert!(found("is:refused -is:cut -has:body", &turned_away));
    let preview = Summary { mark: Some("preview".to_owned()), pinned: true, ..base };
    assert!(found("is:preview is:pinned -is:preflight", &preview));
}

#[test]
fn a_form_has_fields_as_json_has_members() {
    let form = Some(Text::from("application/x-www-form-urlencoded"));
    let summary = Summary { content_type: form, ..summary() };
    let subject = SearchedRequest {
        summary: &summary,
        head: Some(HEAD),
        body: Some(b"From=%2B49&Body=Hi+you"),
    };
    assert_eq!(query("body.From:+49 body.Body:\"hi you\"").finds(&subject), Some(true));
}

#[test]
fn nothing_is_read_that_is_not_needed() {
    let summary = summary();
    let columns = SearchedRequest { summary: &summary, head: None, body: None };
    assert_eq!(query("method:GET nonsense").finds(&columns), Some(false));
    assert_eq!(query("method:POST nonsense").finds(&columns), None);
    assert_eq!(query("nonsense OR seq:42").finds(&columns), Some(true));
    assert_eq!(query("orders").finds(&columns), Some(true));
    let with_head = SearchedRequest { head: Some(HEAD), ..columns };
    assert_eq!(query("header.x-odd:no nonsense").finds(&with_head), Some(false));
    assert_eq!(query("method:POST after:-1h").needs(), Needs::Columns);
    assert_eq!(query("host:a is:cut").needs(), Needs::Head);
    assert_eq!(query("word").needs(), Needs::Body);
}

#[test]
fn not_of_what_cannot_be_told_cannot_be_told_either() {
    let summary = summary();
    let columns = SearchedRequest { summary: &summary, head: None, body: None };
    let with_head = SearchedRequest { head: Some(HEAD), ..columns };
    // A body that matches all of these, and before it was read.
    for text in [
        "-zen",
        "NOT zen",
        "-\"zen\"",
        "NOT body:zen",
        "-body:*",
        "-body.a.b:zen",
        "NOT body.a:>1",
        "-(zen)",
        "-(method:POST zen)",
        "-(method:GET OR zen)",
        "-(zen OR other)",
        "method:POST -zen",
        "method:GET OR -zen",
        "NOT (NOT zen)",
        "-zen -other",
    ] {
        for subject in [columns, with_head] {
            assert_eq!(query(text).finds(&subject), None, "{text}");
        }
    }
    for text in ["-host:b", "NOT header.x-odd:*", "-header.x-a:>1", "-(host:b OR method:GET)"] {
        assert_eq!(query(text).finds(&columns), None, "{text}");
        assert_eq!(query(text).needs(), Needs::Head, "{text}");
    }
    // Known parts decide, whatever the rest would say.
    for (text, found) in [
        ("method:GET -zen", false),
        ("method:POST OR -zen", true),
        ("-(method:GET zen)", true),
        ("-(method:POST OR zen)", false),
        ("-orders", false),
        ("NOT (-method:GET OR -zen)", false),
    ] {
        assert_eq!(query(text).finds(&columns), Some(found), "{text}");
    }
}

#[test]
fn a_fault_points_at_its_place_as_a_browser_counts() {
    for (text, start, end, about) in [
        ("methd:POST", 0, 5, "method"),
        ("a (b", 2, 3, ")"),
        ("a )", 2, 3, "close"),
        ("()", 1, 2, "term"),
        ("a AND", 5, 5, "missing"),
        ("OR a", 0, 2, "\"OR\""),
        ("\u{1F600} size:ten", 8, 11, "size"),
        ("say \"hello", 4, 10, "never closed"),
        ("after:yesterday", 6, 15, "-1h"),
        ("status:2xy", 7, 10, "4xx"),
        ("is:lost", 3, 7, "cut"),
        ("has:luck", 4, 8, "body"),
        ("label:>5", 6, 8, "text"),
        ("body.a..b:1", 5, 9, "path"),
        ("header:x", 0, 6, "header.name"),
        ("method:", 7, 7, "colon"),
        ("http://example.com", 0, 4, "quotes"),
        ("body.n:>ten", 7, 11, "numbers"),
    ] {
        let fault = fault(text);
        assert_eq!((fault.start, fault.end), (start, end), "{text}: {fault:?}");
        assert!(
            fault.message.to_lowercase().contains(&about.to_lowercase()),
            "{text}: {}",
            fault.message
        );
    }
}

#[test]
fn a_search_is_bounded() {
    assert!(fault(&"a".repeat(1025)).message.contains("1024"));
    assert!(Query::parse(&"a".repeat(1024), NOW).is_ok());
    assert!(fault(&"a ".repeat(33)).message.contains("32 terms"));
    assert!(Query::parse(&"a ".repeat(32), NOW).is_ok());
    let nested = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&nested(8), NOW).is_ok());
    assert!(fault(&nested(9)).message.contains("8 levels"));
    assert!(fault(&format!("{}a", "-".repeat(9))).message.contains("8 levels"));
}

#[test]
fn a_search_that_says_nothing_is_none() {
    for text in ["", "  ", "\t\n"] {
        assert_eq!(Query::parse(text, NOW), Ok(None));
    }
}

#[test]
fn bounds_hold_everything_that_is_found() {
    let bounds =
        query("method:POST seq:>10 size:<5k (status:200 OR status:404) -status:404").bounds();
    assert_eq!((bounds.seq.start, bounds.body_bytes.end), (11, 5_000));
    assert_eq!((bounds.method.as_deref(), bounds.status), (Some("post"), Some(200..405)));
    let bounds = query("method:POST OR seq:5").bounds();
    assert_eq!(bounds, Bounds::default());
    let bounds = query("after:-1h before:-10m").bounds();
    assert_eq!(bounds.received_at, NOW - 3_600_000_000..NOW - 600_000_000);
}

#[test]
fn what_is_sent_is_decoded_once_for_all_searches() {
    let sent = "%41".repeat(1_000_000);
    let summary = Summary {
        target: Text::from(format!("/x?a={sent}").as_str()),
        content_type: Some(Text::from("application/x-www-form-urlencoded")),
        ..summary()
    };
    let body = format!("a={sent}");
    let subject =
        SearchedRequest { summary: &summary, head: Some(HEAD), body: Some(body.as_bytes()) };
    let memo = TermCache::default();
    let search = query(&["query.b:1", "body.b:1"].repeat(16).join(" OR "));
    for _ in 0..50 {
        assert_eq!(search.finds_with(&subject, &memo), Some(false));
    }
    assert_eq!(query("query.a:* body.a:*").finds_with(&subject, &memo), Some(true));
}

proptest! {
    #[test]
    fn names_that_are_suggested_find_what_has_them(
        outer in ODD_NAMES,
        inner in ODD_NAMES,
        value in ODD_NAMES,
    ) {
        let body = serde_json::json!({ &outer: [{ &inner: &value }] }).to_string();
        let (path, seen) = paths(body.as_bytes(), 9).swap_remove(0);
        prop_assert_eq!(&seen, &value);
        let text = format!("body.{path}:{}", quoted(&value));
        prop_assert!(finds_in(&text, "/in", "", &body), "{} {}", text, body);
        let at_value = wanted(&text, text.len());
        prop_assert_eq!(at_value.kind, CompletionKind::PathValue(path));

        let pairs = serde_urlencoded::to_string([(&outer, &value)]).unwrap();
        let text = format!("query.{}:{}", quoted_name(&outer), quoted(&value));
        prop_assert!(finds_in(&text, &format!("/in?{pairs}"), "", ""), "{} {}", text, pairs);
        let at_value = wanted(&text, text.len());
        prop_assert_eq!(at_value.kind, CompletionKind::ParameterValue(outer));
    }

    #[test]
    fn names_of_fields_that_are_suggested_find_them(name in "[!#$%&'*+.^_`|~0-9a-z-]{1,6}") {
        let text = format!("header.{}:1", quoted_name(&name));
        let head = format!("GET / HTTP/1.1\r\n{name}: 1\r\n\r\n");
        prop_assert!(finds_in(&text, "/in", &head, ""), "{}", text);
        let at_value = wanted(&text, text.len());
        prop_assert_eq!(at_value.kind, CompletionKind::HeaderValue(name));
    }

    #[test]
    fn whatever_is_typed_is_read_or_refused_within_the_text(
        text in "([a-z]{1,4}[:.]?|[-()\"*<>=ü😀]|AND|OR|NOT|is:|body\\.|seq:|[0-9]{1,3}| ){0,14}",
    ) {
        let units = u32::try_from(text.encode_utf16().count()).unwrap();
        match Query::parse(&text, NOW) {
            Ok(Some(query)) => {
                let summary = summary();
                let subject = SearchedRequest { summary: &summary, head: Some(HEAD), body: Some(BODY) };
                let found = query.finds(&subject).unwrap();
                let bounds = query.bounds();
                prop_assert!(!found || bounds.seq.contains(&42));
                prop_assert!(!found || bounds.body_bytes.contains(&12_345));
            }
            Ok(None) => prop_assert!(text.trim().is_empty()),
            Err(error) => {
                prop_assert!(error.start <= error.end && error.end <= units, "{:?}", error);
            }
        }
    }
}
