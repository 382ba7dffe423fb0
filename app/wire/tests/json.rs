//! The browser's JSON reader reads the same as serde, member for member. The input is the golden
//! files, and every way in which one value in them can be wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Debug;

use hookglass_wire::{
    Ask, Body, Counts, Deleted, Detail, Endpoint, Endpoints, FeedEvent, Page, Part, Problem,
    Reading, Session, Suggestions, Summary, Text, Timestamp, Value as Line,
    json::{Readable, read},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Asserts that the text is read as serde reads it, and so is every text that differs from it in
/// one place.
#[track_caller]
fn assert_read_as_by_serde<T>(golden: &str)
where
    T: Readable + DeserializeOwned + PartialEq + Debug,
{
    let golden: Value = serde_json::from_str(golden).unwrap();
    let mut texts = vec![golden.clone()];
    changed(&golden, &mut |value| texts.push(value));
    assert!(texts.len() > 5);
    for (number, value) in texts.iter().enumerate() {
        let text = value.to_string();
        let expected = serde_json::from_str::<T>(&text).ok();
        assert!(number > 0 || expected.is_some(), "{text}");
        assert_eq!(read::<T>(&text).ok(), expected, "{text}");
    }
}

/// Passes on `value` with each value in it removed, and replaced by values of each kind.
fn changed(value: &Value, give: &mut dyn FnMut(Value)) {
    for other in [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(65_536),
        json!(u64::MAX),
        json!(0.5),
        json!(""),
        json!("2026-11-21T12:03:07.412000Z"),
        json!({}),
        json!({ "base64": "/w==" }),
        // Serde also accepts arrays for objects if their elements fit; nobody writes that.
        json!([true]),
    ] {
        give(other);
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let mut others = members.clone();
                others.remove(name);
                give(others.clone().into());
                changed(member, &mut |value| {
                    others.insert(name.clone(), value);
                    give(others.clone().into());
                });
            }
        }
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                let mut others = elements.clone();
                others.remove(at);
                give(others.into());
                let mut others = elements.clone();
                changed(element, &mut |value| {
                    others[at] = value;
                    give(others.clone().into());
                });
            }
        }
        _ => {}
    }
}

#[test]
fn endpoints_and_the_session_are_read_as_by_serde() {
    assert_read_as_by_serde::<Endpoints>(include_str!("wire/endpoints.json"));
    assert_read_as_by_serde::<Session>(include_str!("wire/session.json"));
}

#[test]
fn requests_are_read_as_by_serde() {
    assert_read_as_by_serde::<Page>(include_str!("wire/page_before.json"));
    assert_read_as_by_serde::<Page>(include_str!("wire/page_after.json"));
    assert_read_as_by_serde::<Detail>(include_str!("wire/detail.json"));
    assert_read_as_by_serde::<Detail>(include_str!("wire/detail_binary.json"));
    assert_read_as_by_serde::<Deleted>(include_str!("wire/deleted.json"));
    assert_read_as_by_serde::<Body>(r#"{"sha256":"00","text":"body"}"#);
}

#[test]
fn problems_are_read_as_by_serde() {
    assert_read_as_by_serde::<Problem>(include_str!("wire/problem.json"));
    let text = r#"{"type":"t","title":"T","status":1,"detail":"d","start":2,"end":3}"#;
    assert_read_as_by_serde::<Problem>(text);
    assert_read_as_by_serde::<Result<Session, Problem>>(r#"{"Ok":{"key":"hgk_"}}"#);
    assert_read_as_by_serde::<Result<Option<Deleted>, Problem>>(&format!(r#"{{"Err":{text}}}"#));
}

#[test]
fn what_is_found_is_read_as_by_serde() {
    assert_read_as_by_serde::<Counts>(include_str!("wire/counts.json"));
    assert_read_as_by_serde::<Suggestions>(include_str!("wire/suggestions.json"));
}

#[test]
fn readings_are_read_as_by_serde() {
    assert_read_as_by_serde::<Reading>(include_str!("wire/reading.json"));
    assert_read_as_by_serde::<Line>(r#"{"path":"a[0]","value":"1"}"#);
}

/// Covers every member of each type, since the golden files leave some out.
#[test]
fn whatever_is_written_is_read_back() {
    fn assert_back<T: Readable + Serialize + PartialEq + Debug>(value: &T) {
        assert_eq!(read::<T>(&serde_json::to_string(value).unwrap()).as_ref(), Ok(value));
    }
    let some = || Some("text".to_owned());
    for part in [
        Part::Body,
        Part::Headers,
        Part::Query,
        Part::Wire,
        Part::Reply,
        Part::Signature,
        Part::Attempts,
        Part::Compare,
    ] {
        assert_back(&part);
    }
    assert_back(&Summary {
        target: Text::Base64("/w==".to_owned()),
        content_type: Some("text/plain".into()),
        label: some(),
        sender: some(),
        provider: some(),
        mark: some(),
        status: Some(599),
        note: some(),
        pinned: true,
        verdict: some(),
        attempt: Some(2),
        delivery_id: some(),
        ..Summary::default()
    });
    assert_back(&Endpoint {
        name: some(),
        expires_at: Some(Timestamp::from_micros(-1)),
        answers: some(),
        key: some(),
        ..Endpoint::blank()
    });
    // For this type serde rejects unknown members, for the server.
    assert_back(&Ask {
        part: Part::Compare,
        form: some(),
        from: Some(1),
        limit: Some(2),
        depth: Some(3),
        toggled: some(),
        find: some(),
        with: some(),
    });
    assert_back(&Ask::default());
    assert_back(&Reading {
        decoded: Some(Readable::blank()),
        notes: vec![Readable::blank()],
        from: 1,
        depth: Some(2),
        image: some(),
        preview: some(),
        compared_with: Some(-3),
        ..Reading::default()
    });
}

#[test]
fn an_event_without_one_of_its_members_is_an_error() {
    let events: Vec<(String, Value)> =
        serde_json::from_str(include_str!("wire/feed.json")).unwrap();
    for (name, data) in events {
        let is_whole = ["captured", "updated", "endpoint"].contains(&name.as_str());
        for member in data.as_object().unwrap().keys().filter(|_| !is_whole) {
            let mut data = data.clone();
            data.as_object_mut().unwrap().remove(member);
            let read = FeedEvent::parse(&name, &data.to_string());
            assert_eq!(read.is_ok(), member == "storing", "{name} without {member}");
        }
    }
}
