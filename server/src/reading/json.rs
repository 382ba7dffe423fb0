//! JSON as a tree of rows: one member, element or closing bracket a row, with every token exactly
//! as sent. What is folded is left out, what is no JSON follows as text.

mod index;
mod path;
mod token;

use std::collections::HashSet;

use hookglass_app::wire::Row;

use self::token::{scalar_end, space_end, string_end};
pub(crate) use self::{index::Index, path::value};
use super::{
    find::Needle,
    lines::{ROW_BYTES, TextSheet},
    pieces::{Pieces, grouped},
    sheet::{FOUND_ROWS, Sheet, number},
};

/// A tree of at most so many lines is open from the start.
const OPEN_LINES: usize = 300;
/// Longer ones are folded below this depth.
const FOLD_DEPTH: u16 = 2;

/// What is folded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folds {
    /// Blocks that nest this deep or deeper are shut, none at the highest number there is; `None`
    /// for what fits best.
    pub(crate) depth: Option<u16>,
    /// The lines of those that are the other way round.
    pub(crate) toggled: HashSet<u64>,
}

/// A tree with some of it folded.
pub(crate) struct JsonSheet<'a> {
    bytes: &'a [u8],
    index: &'a Index,
    /// The visible lines, each with whether it is a block that is shut.
    visible: Vec<(u32, bool)>,
    /// The lines that hold what is to be found.
    matched: Vec<usize>,
    /// From which depth on blocks are shut.
    pub(crate) depth: Option<u16>,
}

impl<'a> JsonSheet<'a> {
    /// The tree of `bytes`, of which `index` was made. What holds `needle` is unfolded.
    pub(crate) fn new(
        bytes: &'a [u8],
        index: &'a Index,
        folds: &Folds,
        needle: Option<&Needle>,
    ) -> Self {
        let fits = if index.lines() <= OPEN_LINES { None } else { Some(FOLD_DEPTH) };
        let depth = folds.depth.or(fits);
        let matched = needle.map(|needle| matched(bytes, index, needle)).unwrap_or_default();
        let held_open = around(index, &matched);
        let is_shut = |block: usize| {
            let line = index.blocks[block].line;
            let is_deep = depth
                .is_some_and(|depth| depth < u16::MAX && index.depths[as_index(line)] >= depth);
            let is_toggled = folds.toggled.contains(&u64::from(line));
            is_deep != is_toggled && !held_open.contains(&block)
        };
        let visible = visible(index, is_shut);
        Self { bytes, index, visible, matched, depth }
    }

    fn rest(&self) -> TextSheet<'a> {
        let bytes = self.bytes.get(self.index.rest..).unwrap_or_default();
        TextSheet { bytes, lines: &self.index.rest_lines, kind: "invalid" }
    }

    fn line(&self, line: usize, is_shut: bool) -> Row {
        let start = self.index.start(line);
        let block = self.index.block_at(line);
        let mut row = Row {
            line: number(line),
            depth: self.index.depths.get(line).copied().unwrap_or_default(),
            fold: block.map(|_| if is_shut { "shut" } else { "open" }.to_owned()),
            ..Row::default()
        };
        let mut pieces = Pieces::default();
        let mut at = start;
        if self.peek(at) == Some(b'"')
            && let Ok(end) = string_end(self.bytes, at)
        {
            let colon = space_end(self.bytes, end);
            if self.peek(colon) == Some(b':') {
                pieces.push_start("key", &self.bytes[at..end], ROW_BYTES / 2);
                pieces.say("", ": ");
                at = space_end(self.bytes, colon + 1);
            }
        }
        let end = match self.peek(at) {
            Some(bracket @ (b'{' | b'[')) => {
                let (open, close) = if bracket == b'{' { ("{", "}") } else { ("[", "]") };
                pieces.say("punctuation", open);
                match block.map(|block| self.index.blocks[block]) {
                    None => {
                        pieces.say("punctuation", close);
                        Some(space_end(self.bytes, at + 1) + 1)
                    }
                    Some(block) if is_shut => {
                        let many = grouped(as_index(block.members));
                        let what = match (bracket, block.members) {
                            (b'{', 1) => "member",
                            (b'{', _) => "members",
                            (_, 1) => "element",
                            _ => "elements",
                        };
                        pieces.say("summary", &format!("… {many} {what} "));
                        if block.closed {
                            pieces.say("punctuation", close);
                        }
                        block.closed.then(|| self.index.start(as_index(block.end) - 1) + 1)
                    }
                    Some(_) => None,
                }
            }
            Some(b'}') => {
                pieces.say("punctuation", "}");
                Some(at + 1)
            }
            Some(b']') => {
                pieces.say("punctuation", "]");
                Some(at + 1)
            }
            _ => scalar_end(self.bytes, at).ok().map(|(kind, end)| {
                pieces.push_start(kind, &self.bytes[at..end], ROW_BYTES);
                end
            }),
        };
        let comma = end.map(|end| space_end(self.bytes, end));
        if comma.is_some_and(|at| at < self.index.rest && self.peek(at) == Some(b',')) {
            pieces.say("punctuation", ",");
        }
        row.pieces = pieces.done();
        row
    }

    fn peek(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }
}

impl Sheet for JsonSheet<'_> {
    fn total(&self) -> usize {
        self.visible.len() + self.index.rest_lines.rows()
    }

    fn row(&self, at: usize) -> Option<Row> {
        if let Some(&(line, is_shut)) = self.visible.get(at) {
            return Some(self.line(as_index(line), is_shut));
        }
        let mut row = self.rest().row(at - self.visible.len())?;
        row.line += number(self.index.lines());
        Some(row)
    }

    fn find(&self, needle: &Needle) -> Vec<usize> {
        let lines = self.matched.iter().filter_map(|&line| {
            self.visible.binary_search_by_key(&line, |&(line, _)| as_index(line)).ok()
        });
        let rest = self.rest().find(needle).into_iter().map(|row| self.visible.len() + row);
        lines.chain(rest).take(FOUND_ROWS).collect()
    }
}

/// The lines that hold `needle`.
fn matched(bytes: &[u8], index: &Index, needle: &Needle) -> Vec<usize> {
    let mut matched: Vec<usize> = Vec::new();
    let set_out = &bytes[..index.rest.min(bytes.len())];
    needle.each(set_out, |hit| {
        let is_before = |&start: &u32| as_index(start) <= hit.start;
        let after = index.starts.partition_point(is_before);
        if let Some(line) = after.checked_sub(1)
            && matched.last() != Some(&line)
        {
            matched.push(line);
        }
        matched.len() < FOUND_ROWS
    });
    matched
}

/// The blocks around some lines, which are in order.
fn around(index: &Index, lines: &[usize]) -> HashSet<usize> {
    let mut around = HashSet::new();
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    for &line in lines {
        while let Some(block) = index.blocks.get(next).filter(|block| as_index(block.line) < line) {
            while open.last().is_some_and(|&last| index.blocks[last].end <= block.line) {
                open.pop();
            }
            open.push(next);
            next += 1;
        }
        while open.last().is_some_and(|&last| as_index(index.blocks[last].end) <= line) {
            open.pop();
        }
        // Where one is known, so are those around it.
        for &block in open.iter().rev() {
            if !around.insert(block) {
                break;
            }
        }
    }
    around
}

/// The lines that are not inside of a shut block.
fn visible(index: &Index, is_shut: impl Fn(usize) -> bool) -> Vec<(u32, bool)> {
    let lines = u32::try_from(index.lines()).unwrap_or(u32::MAX);
    let mut visible = Vec::new();
    let (mut line, mut next) = (0, 0);
    while line < lines {
        match index.blocks.get(next).filter(|block| block.line == line) {
            Some(block) if is_shut(next) => {
                visible.push((line, true));
                line = block.end;
                next += index.blocks[next..].partition_point(|inner| inner.line < line);
            }
            Some(_) => {
                visible.push((line, false));
                line += 1;
                next += 1;
            }
            None => {
                visible.push((line, false));
                line += 1;
            }
        }
    }
    visible
}

/// A number of the index as one that indexes.
fn as_index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
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
        let index = Index::of(json.as_bytes());
        let needle = Needle::new(find);
        let sheet = JsonSheet::new(json.as_bytes(), &index, folds, needle.as_ref());
        let found = needle.map(|needle| sheet.find(&needle)).unwrap_or_default();
        (sheet.rows(0, usize::MAX).iter().map(text).collect(), found)
    }

    const SAMPLE: &str =
        r#"{"id":12345678901234567890.10, "a":[1,{"b":null}], "c":{},"d":"\u00e4\/"}"#;

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
        let index = Index::of(json);
        let sheet = JsonSheet::new(json, &index, &Folds::default(), None);
        let kinds: Vec<_> = sheet
            .rows(0, 9)
            .iter()
            .map(|row| row.pieces.iter().map(|piece| piece.1.clone()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            kinds[1..6],
            [
                "key  punctuation",
                "literal punctuation",
                "number punctuation",
                "string",
                "punctuation"
            ]
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
            let index = Index::of(text.as_bytes());
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
}
