//! Tests of the JSON printer, with `serde_json` as the judge of the grammar.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

const LIMIT: usize = 1 << 20;

#[test]
fn every_token_stays_as_it_was_sent() {
    let text = r#"{"id":123456789012345678901,"b":1.50,"a":-0.0E+2,"a":"\u00e9\/é\ud800","n":[null,true]}"#;
    let expected = r#"{
  "id": 123456789012345678901,
  "b": 1.50,
  "a": -0.0E+2,
  "a": "\u00e9\/é\ud800",
  "n": [
    null,
    true
  ]
}"#;
    assert_eq!(pretty(text, LIMIT).unwrap(), expected);
}

#[test]
fn empty_containers_stay_on_their_line() {
    assert_eq!(pretty(" [ { } , [ ] ] ", LIMIT).unwrap(), "[\n  {},\n  []\n]");
    assert_eq!(pretty("\u{feff}{}\n", LIMIT).unwrap(), "{}");
}

#[test]
fn pieces_say_what_they_are_and_make_up_the_whole() {
    let text = r#"{"a":[1,"x",false]}"#;
    let pieces = pieces(text, LIMIT).unwrap();
    let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!(whole, pretty(text, LIMIT).unwrap());
    let of = |kind| {
        let texts = pieces.iter().filter(move |piece| piece.kind == kind);
        texts.map(|piece| piece.text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of(Kind::Key), [r#""a""#]);
    assert_eq!(of(Kind::Number), ["1"]);
    assert_eq!(of(Kind::String), [r#""x""#]);
    assert_eq!(of(Kind::Literal), ["false"]);
}

#[test]
fn the_place_of_an_error_is_told() {
    let place = |text| match pretty(text, LIMIT) {
        Err(Error::Invalid { line, column, expected }) => (line, column, expected),
        other => panic!("{text:?} gave {other:?}"),
    };
    assert_eq!(place(""), (1, 1, "a value"));
    assert_eq!(place("{\n  \"é\": x}"), (2, 8, "a value"));
    assert_eq!(place("{\"a\":1,}"), (1, 8, "a name in quotes"));
    assert_eq!(place("[1 2]"), (1, 4, "a comma or ]"));
    assert_eq!(place("{\"a\" 1}"), (1, 6, "a colon"));
    assert_eq!(place("[01]"), (1, 2, "a number without leading zeros"));
    assert_eq!(place("{} {}"), (1, 4, "the end"));
    assert_eq!(place("\"a\tb\""), (1, 3, "an escape for a control character"));
    assert_eq!(place("\"\\u12"), (1, 2, "four hex digits after \\u"));
}

#[test]
fn a_hundred_thousand_levels_are_neither_recursion_nor_gigabytes() {
    let depth = 100_000;
    let text = "[".repeat(depth) + &"]".repeat(depth);
    let pretty = pretty(&text, 64 * LIMIT).unwrap();
    assert!(pretty.len() < 2 * depth * (2 * DEEPEST_INDENT + 2));
    assert!(matches!(super::pretty(&"[".repeat(depth), 64 * LIMIT), Err(Error::Invalid { .. })));
}

#[test]
fn no_more_than_the_limit_is_written() {
    assert_eq!(pretty("[1]", 7).unwrap().len(), 7);
    assert_eq!(pretty("[1]", 6), Err(Error::TooLong));
}

/// Text that is JSON or nearly so.
fn nearly_json() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just(",".to_owned()),
        Just(":".to_owned()),
        Just("\"a\":".to_owned()),
        Just("\"\\u00zz\"".to_owned()),
        Just("null".to_owned()),
        Just("nul".to_owned()),
        Just(" ".to_owned()),
        "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?",
        "\"([^\"\\\\\\x00-\\x1f]|\\\\[\"\\\\/bfnrt])*\"",
    ];
    prop::collection::vec(atom, 0..12).prop_map(|atoms| atoms.concat())
}

/// Well-formed JSON.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn the_judge_and_the_printer_agree_on_what_is_json(text in nearly_json()) {
        // A raw value is checked for grammar only: no number is too large, no surrogate too lonely.
        let judged = serde_json::from_str::<&RawValue>(&text).is_ok();
        prop_assert_eq!(pretty(&text, LIMIT).is_ok(), judged, "{}", text);
    }

    #[test]
    fn no_text_is_too_strange(text: String, limit in 0_usize..100) {
        if let Ok(pretty) = pretty(&text, limit) {
            prop_assert!(pretty.len() <= limit);
        }
    }

    #[test]
    fn setting_out_changes_nothing_but_space(value in json()) {
        let compact = value.to_string();
        let pretty = pretty(&compact, LIMIT).unwrap();
        prop_assert_eq!(&pretty, &super::pretty(&pretty, LIMIT).unwrap());
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(read(&pretty), read(&compact));
    }
}
