//! Values by their paths.

use proptest::prelude::*;

use super::*;

fn at(json: &str, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    any_at(json.as_bytes(), &steps(path).unwrap(), &mut |value| {
        found.push(match value {
            JsonValue::Text(text) => text.into_owned(),
            JsonValue::Bare(text) => format!("={text}"),
            JsonValue::Nested => "nested".to_owned(),
        });
        false
    });
    found
}

#[test]
fn values_are_found_by_their_paths() {
    let json = r#" {"a":{"b":[1,{"c":"x\ny"},[true]]},"d e":null,"n":123456789012345678901} "#;
    assert_eq!(at(json, "a.b[0]"), ["=1"]);
    assert_eq!(at(json, "a.b[1].c"), ["x\ny"]);
    assert_eq!(at(json, "a.b[2][0]"), ["=true"]);
    assert_eq!(at(json, "a.b[*].c"), ["x\ny"]);
    assert_eq!(at(json, "\"d e\""), ["=null"]);
    assert_eq!(at(json, "n"), ["=123456789012345678901"]);
    assert_eq!(at(json, "a"), ["nested"]);
    assert_eq!(at(json, "*.b[0]"), ["=1"]);
    assert_eq!(at(json, "b"), [""; 0]);
    assert_eq!(at("[[1],[2]]", "[*][0]"), ["=1", "=2"]);
}

#[test]
fn a_byte_order_mark_before_json_hides_nothing() {
    let json = "\u{feff}{\"id\":7,\"list\":[1,";
    assert_eq!(at(json, "id"), ["=7"]);
    assert_eq!(paths(json.as_bytes(), 9)[0], ("id".to_owned(), "7".to_owned()));
    let mut tree = PathTree::default();
    tree.insert(&["id".into()]);
    let found = gather(json.as_bytes(), &tree, PathTree::ROOT);
    assert_eq!(found[1], Some(JsonMatch::Json("7".into())));
}

#[test]
fn a_backslash_in_a_quoted_name_takes_the_next_character_as_it_is() {
    let json = r#"{"ab":1,"a\\b":2,"a\"b":3,"\\\"":4}"#;
    assert_eq!(at(json, r#""a\b""#), ["=1"]);
    assert_eq!(at(json, r#""a\\b""#), ["=2"]);
    assert_eq!(at(json, r#""a\"b""#), ["=3"]);
    assert_eq!(at(json, r#""\\\"""#), ["=4"]);
}

#[test]
fn what_was_cut_off_is_read_as_far_as_it_goes() {
    let json = r#"{"id":7,"list":[1,2,3],"text":"abc"#;
    assert_eq!(at(json, "id"), ["=7"]);
    assert_eq!(at(json, "list[*]"), ["=1", "=2", "=3"]);
    assert_eq!(at(json, "text"), [""; 0]);
    for end in 0..json.len() {
        at(&json[..end], "list[2]");
    }
}

#[test]
fn depth_takes_no_stack() {
    let json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(at(&json, "[0]"), ["nested"]);
    assert_eq!(at(&format!("{{\"a\":{json},\"b\":1}}"), "b"), ["=1"]);
}

#[test]
fn paths_that_are_none_are_refused() {
    for wrong in ["", ".", "a.", "a..b", "a[", "a[x]", "a[1", "\"a", "a\"b\""] {
        assert_eq!(steps(wrong), None, "{wrong}");
    }
}

#[test]
fn suggested_paths_find_their_values() {
    let json = r#"{"a":{"odd name":[{"x":5}]},"b":"t"}"#;
    let expected = [("a.\"odd name\"[*].x", "5"), ("b", "t")]
        .map(|(path, value)| (path.to_owned(), value.to_owned()));
    assert_eq!(paths(json.as_bytes(), 9), expected);
    assert_eq!(at(json, "a.\"odd name\"[*].x"), ["=5"]);
}

proptest! {
    #[test]
    fn nothing_panics_and_nothing_hangs(json in "[\\[\\]{}\",:\\\\a1 ü]{0,40}") {
        for path in ["a", "[0]", "*", "a[*].b"] {
            at(&json, path);
        }
    }
}
