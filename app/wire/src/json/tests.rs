use proptest::prelude::*;
use serde::Serialize;

use super::*;
use crate::{Endpoint, OnLimit, Problem, Summary, Text, Timestamp};

#[derive(Debug, Default, PartialEq, Serialize)]
struct All {
    text: String,
    big: u64,
    small: i64,
    flag: bool,
    none: Option<i64>,
    some: Option<String>,
    list: Vec<All>,
    pairs: Vec<(String, i64)>,
    nested: Vec<Vec<i64>>,
    limit: OnLimit,
}

record!(All { text, big, small, flag, list, pairs, nested, limit; none, some });

fn whole(text: String, numbers: (u64, i64)) -> All {
    All {
        some: Some(text.clone()),
        list: vec![All { text: text.clone(), ..All::default() }, All::default()],
        pairs: vec![(text.clone(), numbers.1)],
        nested: vec![vec![], vec![1, numbers.1]],
        limit: OnLimit::Refuse,
        text,
        big: numbers.0,
        small: numbers.1,
        flag: true,
        none: None,
    }
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_back(text: String, big: u64, small: i64) {
        let all = whole(text, (big, small));
        let written = serde_json::to_string(&all).unwrap();
        prop_assert_eq!(read::<All>(&written), Ok(all));
    }

    #[test]
    fn what_serde_json_sets_out_is_read_back(text: String, small: i64) {
        let all = whole(text, (0, small));
        let written = serde_json::to_string_pretty(&all).unwrap();
        prop_assert_eq!(read::<All>(&written), Ok(all));
    }

    #[test]
    fn text_that_is_quoted_is_json(text in "(.|\\PC|[\u{0}-\u{20}\"\\\\])*") {
        let written = quoted(&text);
        prop_assert_eq!(serde_json::from_str(&written).ok(), Some(text.clone()));
        prop_assert_eq!(read::<String>(&written), Ok(text));
    }

    #[test]
    fn whatever_text_there_is_reading_ends_without_a_panic(text: String, cut in 0_usize..400) {
        let _ = read::<Summary>(&text);
        let mut written = serde_json::to_string(&whole(text, (7, -7))).unwrap();
        let cut = (0..=cut.min(written.len() - 1)).rev().find(|at| written.is_char_boundary(*at));
        written.truncate(cut.unwrap_or_default());
        prop_assert!(read::<All>(&written).is_err());
    }
}

#[test]
fn escapes_stand_for_their_characters() {
    let text = r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000""#;
    assert_eq!(read(text), Ok("\"\\/\u{8}\u{c}\n\r\té\u{1f600}\0".to_owned()));
    for broken in [
        r#""\x""#,
        r#""\u12""#,
        r#""\u+123""#,
        r#""\ud83d""#,
        r#""\ud83dA""#,
        r#""\udc00""#,
        "\"open",
    ] {
        assert_eq!(read::<String>(broken), Err(Unreadable), "{broken}");
    }
}

#[test]
fn unknown_members_of_every_kind_are_passed_over() {
    let text = r#"{"new": {"a": [1.5e-3, null, {"b": "}\"]"}], "c": true}, "type": "t",
        "title": "T", "status": 404, "later": -0.5, "detail": "d"}"#;
    let problem: Problem = read(text).unwrap();
    assert_eq!((problem.kind.as_str(), problem.status), ("t", 404));
}

#[test]
fn a_missing_member_is_an_error_and_an_optional_one_is_none() {
    assert_eq!(read::<Problem>(r#"{"type": "t", "status": 1, "detail": ""}"#), Err(Unreadable));
    assert_eq!(read::<Problem>("{}"), Err(Unreadable));
    let problem = read::<Problem>(r#"{"type":"","title":"","status":1,"detail":"","start":null}"#);
    assert_eq!(problem.map(|problem| problem.start), Ok(None));
}

#[test]
fn a_member_that_comes_twice_is_an_error_unless_nobody_knows_it() {
    let text = |twice: &str| {
        r#"{"type":"","title":"","status":1,"detail":"","start":1,"new":1,T}"#.replace('T', twice)
    };
    assert!(read::<Problem>(&text(r#""new":2"#)).is_ok());
    assert_eq!(read::<Problem>(&text(r#""status":1"#)), Err(Unreadable));
    assert_eq!(read::<Problem>(&text(r#""start":1"#)), Err(Unreadable));
}

#[test]
fn an_array_has_just_as_many_elements_as_are_wanted() {
    assert_eq!(read(r#" [ "a" , 1 ] "#), Ok(("a".to_owned(), 1_u16)));
    for broken in ["[]", r#"["a"]"#, r#"["a",1,2]"#, r#"["a",1,]"#, r#"["a" 1]"#, r#"["a",1"#] {
        assert_eq!(read::<(String, u16)>(broken), Err(Unreadable), "{broken}");
    }
}

#[test]
fn numbers_keep_to_their_types() {
    assert_eq!(read("18446744073709551615"), Ok(u64::MAX));
    assert_eq!(read("-9223372036854775808"), Ok(i64::MIN));
    assert_eq!(read::<u16>("65536"), Err(Unreadable));
    assert_eq!(read::<u64>("-1"), Err(Unreadable));
    for broken in ["", "-", "1.5", "1e3", "1 2", "--1", "0x1"] {
        assert_eq!(read::<i64>(broken), Err(Unreadable), "{broken}");
    }
}

#[test]
fn results_and_text_of_both_kinds_are_read() {
    assert_eq!(read::<Result<i64, String>>(r#"{"Ok":3}"#), Ok(Ok(3)));
    assert_eq!(read::<Result<i64, String>>(r#" { "Err" : "no" } "#), Ok(Err("no".to_owned())));
    for broken in ["{}", r#"{"Ok":"no"}"#, r#"{"Other":1}"#, r#"{"Ok":1,"Err":"no"}"#, "1"] {
        assert_eq!(read::<Result<i64, String>>(broken), Err(Unreadable), "{broken}");
    }
    assert_eq!(read(r#""plain""#), Ok(Text::Utf8("plain".to_owned())));
    assert_eq!(read(r#"{"base64":"/w=="}"#), Ok(Text::Base64("/w==".to_owned())));
    let micros = serde_json::to_string(&Timestamp::from_micros(1_763_700_000_000_001)).unwrap();
    assert_eq!(read(&micros), Ok(Timestamp::from_micros(1_763_700_000_000_001)));
}

#[test]
fn endless_nesting_is_refused_without_a_crash() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(read::<Problem>(&(r#"{"x":"#.to_owned() + &deep)), Err(Unreadable));
    assert_eq!(read::<Endpoint>(&deep), Err(Unreadable));
}
