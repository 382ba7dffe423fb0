use proptest::prelude::*;

use super::*;

fn folds(depth: Option<u16>, toggled: &[u64]) -> Folds {
    Folds { depth, toggled: toggled.iter().copied().collect() }
}

fn text(row: &Row) -> String {
    let text: String = row.pieces.iter().map(|piece| piece.0.as_str()).collect();
    format!("{}{text}", " ".repeat(usize::from(row.depth)))
}

fn shown(json: &str, folds: &Folds, find: &str) -> (Vec<String>, Vec<usize>) {
    let index = JsonIndex::of(json.as_bytes());
    let needle = Highlighter::new(find);
    let (bytes, tokens) = (json.as_bytes(), Tokens::of(json.as_bytes()));
    let sheet = JsonRows::new((bytes, &index, &tokens), folds, needle.as_ref());
    let found = needle.map(|needle| sheet.find(&needle)).unwrap_or_default();
    (sheet.rows(0, usize::MAX).iter().map(text).collect(), found)
}

const SAMPLE: &str = r#"{"id":12345678901234567890.10, "a":[1,{"b":null}], "c":{},"d":"\u00e4\/"}"#;

#[test]
fn members_that_prove_who_sends_are_marked() {
    let json = br#"{"clientState":"a","other":"b"}"#;
    let index = JsonIndex::of(json);
    let rows = JsonRows::new((json, &index, &Tokens::default()), &folds(None, &[]), None)
        .rows(0, usize::MAX);
    let kinds: Vec<&str> =
        rows.iter().flat_map(|row| &row.pieces).map(|piece| piece.1.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "string secret token").count(), 1);
    assert!(kinds.contains(&"string"));
}

#[test]
fn json_is_set_out_with_every_token_as_sent() {
    let (rows, _) = shown(SAMPLE, &Folds::default(), "");
    let expected = [
        "{",
        " \"id\": 12345678901234567890.10,",
        " \"a\": [",
        "  1,",
        "  {",
        "   \"b\": null",
        "  }",
        " ],",
        " \"c\": {},",
        " \"d\": \"\\u00e4\\/\"",
        "}",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn pieces_say_what_they_are() {
    let json = b"{\"k\":[true,-1,\"s\"]}";
    let index = JsonIndex::of(json);
    let tokens = Tokens::default();
    let sheet = JsonRows::new((json, &index, &tokens), &Folds::default(), None);
    let kinds: Vec<_> = sheet
        .rows(0, 9)
        .iter()
        .map(|row| row.pieces.iter().map(|piece| piece.1.clone()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        kinds[1..6],
        ["key  punctuation", "literal punctuation", "number punctuation", "string", "punctuation"]
    );
    let folds: Vec<_> = sheet.rows(0, 9).iter().map(|row| row.fold.clone()).collect();
    let open = Some("open".to_owned());
    assert_eq!(folds[..3], [open.clone(), open, None]);
}

#[test]
fn what_is_folded_says_how_much_it_holds() {
    let (rows, _) = shown(SAMPLE, &folds(Some(1), &[]), "");
    assert_eq!(rows[2], " \"a\": [… 2 elements ],");
    assert_eq!(rows.len(), 6);
    let (rows, _) = shown(SAMPLE, &folds(Some(0), &[]), "");
    assert_eq!(rows, ["{… 4 members }"]);
    let (rows, _) = shown(SAMPLE, &folds(Some(1), &[2]), "");
    assert_eq!(rows[2..5], [" \"a\": [", "  1,", "  {… 1 member }"]);
}

#[test]
fn a_long_tree_is_folded_at_first() {
    let json = format!("[{}[[1]]]", "[[1]],".repeat(200));
    let (rows, _) = shown(&json, &Folds::default(), "");
    assert_eq!(rows.len(), 2 + 201 * 3);
    assert_eq!(rows[2], "  [… 1 element ]");
}

#[test]
fn what_is_found_is_unfolded() {
    let (rows, found) = shown(SAMPLE, &folds(Some(0), &[]), "NULL");
    assert_eq!(rows[5], "   \"b\": null");
    assert_eq!(found, [5]);
    let (rows, found) = shown(SAMPLE, &folds(Some(1), &[]), "\"a\"");
    assert_eq!((rows.len(), found), (6, vec![2]), "its own line needs no unfolding");
}

#[test]
fn what_is_no_json_follows_as_text() {
    let (rows, found) = shown("{\"a\": [1, 2\n oops\nmore oops", &folds(Some(1), &[]), "oops");
    assert_eq!(rows, ["{", " \"a\": [… 2 elements ", "oops", "more oops"]);
    assert_eq!(found, [2, 3]);
}

#[test]
fn a_long_string_is_cut_and_its_comma_kept() {
    let json = format!("[\"{}\",2]", "x".repeat(1_000_000));
    let (rows, _) = shown(&json, &Folds::default(), "");
    assert!(rows[1].ends_with("… 995,906 more bytes,"), "{}", &rows[1][4000..]);
    assert_eq!(rows[2], " 2");
}

proptest! {
    #[test]
    fn no_text_is_too_strange(
        text in "[\\[\\]{}\",:0-9.eE\\\\ntrufals \n\u{e4}-]{0,60}",
        depth in prop::option::of(0_u16..4),
        toggled in prop::collection::hash_set(0_u64..10, 0..4),
        find in "[0-9a\"\\[]{0,2}",
    ) {
        let folds = Folds { depth, toggled };
        let (_, found) = shown(&text, &folds, &find);
        prop_assert!(found.is_sorted());
        let index = JsonIndex::of(text.as_bytes());
        for line in 0..index.lines() {
            value(text.as_bytes(), &index, line);
        }
    }

    #[test]
    fn rows_together_are_the_tokens(
        leaf in prop::collection::vec("[a-z]{1,3}|-?[1-9][0-9]{0,20}", 1..12),
        nest in prop::collection::vec(0_u8..4, 1..12),
    ) {
        let mut json = String::from("0");
        for (leaf, nest) in leaf.iter().zip(nest) {
            let leaf = if leaf.parse::<f64>().is_ok() { leaf.clone() } else { format!("\"{leaf}\"") };
            json = match nest {
                0 => format!("[{json},{leaf}]"),
                1 => format!("{{\"k\":{json},\"v\":{leaf}}}"),
                2 => format!("[{leaf},[],{json}]"),
                _ => format!("{{\"{{\":{{}},\"\":{json}}}"),
            };
        }
        let (rows, _) = shown(&json, &folds(Some(u16::MAX), &[]), "");
        let back: String = rows.iter().map(|row| row.trim_start()).collect();
        prop_assert_eq!(back.replace("\": ", "\":"), json);
    }
}
