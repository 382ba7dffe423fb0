//! Bytes as lines, and lines as rows, with a small index, so that any row of 25 MB can be shown at
//! once.

use std::ops::Range;

use hookglass_wire::Row;

use super::{
    find::Highlighter,
    pieces::{SpanBuilder, char_boundary},
    row_source::{FOUND_ROWS, RowSource},
    tokens::Tokens,
};

/// The longest row: a longer line continues in the next row.
pub(crate) const ROW_BYTES: usize = 4096;
/// The index has the start of every 64th row.
const EVERY: usize = 64;

/// Where the rows of some bytes start.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The first of every `EVERY` rows: its first byte and its line, from 1.
    marks: Vec<(u32, u32)>,
    rows: usize,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineRange {
    /// Its bytes, including the line end, if any.
    pub(crate) bytes: Range<usize>,
    /// The number of its line, from 1.
    pub(crate) line: usize,
    /// Whether it is the first row of its line.
    pub(crate) is_first: bool,
}

impl Lines {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut lines = Self::default();
        let mut spans = LineRanges { bytes, at: 0, line: 1, is_first: true };
        loop {
            let (at, line) = (spans.at, spans.line);
            if spans.next().is_none() {
                return lines;
            }
            if lines.rows.is_multiple_of(EVERY) {
                let (Ok(at), Ok(line)) = (u32::try_from(at), u32::try_from(line)) else {
                    return lines;
                };
                lines.marks.push((at, line));
            }
            lines.rows += 1;
        }
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// The memory use.
    pub(crate) const fn weight(&self) -> usize {
        self.marks.capacity() * size_of::<(u32, u32)>()
    }

    /// Iterates over the rows from `first` on, of the bytes from which the index was made.
    pub(crate) fn from<'a>(
        &self,
        bytes: &'a [u8],
        row: usize,
    ) -> impl Iterator<Item = LineRange> + 'a {
        let left = self.rows.saturating_sub(row);
        let mut spans = match self.marks.get(row / EVERY) {
            Some(&(at, line)) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                let line = usize::try_from(line).unwrap_or(usize::MAX);
                let is_first = at == 0 || bytes.get(at - 1) == Some(&b'\n');
                LineRanges { bytes, at, line, is_first }
            }
            None => LineRanges { bytes, at: bytes.len(), line: 1, is_first: true },
        };
        for _ in 0..row % EVERY {
            spans.next();
        }
        spans.take(left)
    }

    /// Returns the rows that match `needle`, at most `FOUND_ROWS`.
    pub(crate) fn find(&self, bytes: &[u8], needle: &Highlighter) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        // The end of the last matching row: further matches before it are in the same row.
        let mut end = 0;
        needle.each(bytes, |hit| {
            if hit.start >= end {
                let (row, row_end) = self.row_of(bytes, hit.start);
                found.push(row);
                end = row_end;
            }
            found.len() < FOUND_ROWS
        });
        found
    }

    /// Returns the row of a byte, and its end.
    fn row_of(&self, bytes: &[u8], offset: usize) -> (usize, usize) {
        let offset_is_before =
            |&(at, _): &(u32, u32)| usize::try_from(at).is_ok_and(|at| at <= offset);
        let block = self.marks.partition_point(offset_is_before).saturating_sub(1);
        let mut rows = (block * EVERY..).zip(self.from(bytes, block * EVERY));
        let row = rows.find(|(_, span)| offset < span.bytes.end);
        row.map_or((self.rows, usize::MAX), |(row, span)| (row, span.bytes.end))
    }
}

struct LineRanges<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    is_first: bool,
}

impl Iterator for LineRanges<'_> {
    type Item = LineRange;

    fn next(&mut self) -> Option<LineRange> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        // A line end right after a row of maximum length still belongs to it.
        let window = &rest[..rest.len().min(ROW_BYTES + 2)];
        let line_end = memchr::memchr(b'\n', window);
        let length = line_end.map_or_else(|| char_boundary(rest, ROW_BYTES), |end| end + 1);
        let span = LineRange {
            bytes: self.at..self.at + length,
            line: self.line,
            is_first: self.is_first,
        };
        self.at += length;
        self.is_first = line_end.is_some();
        self.line += usize::from(self.is_first);
        Some(span)
    }
}

/// Without the line end.
pub(crate) fn without_end(bytes: &[u8]) -> &[u8] {
    let Some(line) = bytes.strip_suffix(b"\n") else { return bytes };
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Text as rows with line numbers.
pub(crate) struct TextRows<'a> {
    pub(crate) bytes: &'a [u8],
    /// The tokens in the whole text, and the offset of these bytes in it.
    pub(crate) tokens: &'a Tokens,
    pub(crate) start: usize,
    pub(crate) lines: &'a Lines,
    pub(crate) kind: &'static str,
}

impl RowSource for TextRows<'_> {
    fn total(&self) -> usize {
        self.lines.rows()
    }

    fn row(&self, at: usize) -> Option<Row> {
        self.rows(at, 1).pop()
    }

    fn rows(&self, from: usize, limit: usize) -> Vec<Row> {
        let spans = self.lines.from(self.bytes, from).take(limit).enumerate();
        spans
            .map(|(place, span)| {
                let mut pieces = SpanBuilder::default();
                let line = without_end(&self.bytes[span.bytes.clone()]);
                let start = self.start + span.bytes.start;
                self.tokens.push(&mut pieces, self.kind, line, start);
                Row {
                    line: super::row_source::number(from + place),
                    margin: span.is_first.then(|| span.line.to_string()),
                    pieces: pieces.done(),
                    ..Row::default()
                }
            })
            .collect()
    }

    fn find(&self, needle: &Highlighter) -> Vec<usize> {
        self.lines.find(self.bytes, needle)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans(bytes: &[u8]) -> Vec<LineRange> {
        Lines::of(bytes).from(bytes, 0).collect()
    }

    #[test]
    fn lines_are_rows_and_long_ones_go_on() {
        let text = format!("one\r\n\n{}\nend", "x".repeat(ROW_BYTES * 2 + 5));
        let rows: Vec<_> = spans(text.as_bytes())
            .into_iter()
            .map(|span| (span.bytes.len(), span.line, span.is_first))
            .collect();
        let expected = [
            (5, 1, true),
            (1, 2, true),
            (ROW_BYTES, 3, true),
            (ROW_BYTES, 3, false),
            (6, 3, false),
            (3, 4, true),
        ];
        assert_eq!(rows, expected);
        assert_eq!(spans(b""), []);
        assert_eq!(spans(b"\n").len(), 1);
    }

    #[test]
    fn a_line_end_is_not_parted_from_its_row() {
        for end in ["\n", "\r\n"] {
            let text = format!("{}{end}next", "x".repeat(ROW_BYTES));
            assert_eq!(spans(text.as_bytes()).len(), 2, "{end:?}");
        }
    }

    #[test]
    fn rows_that_hold_a_text_are_found() {
        let text: String = (0..500).map(|n| format!("line {n}\n")).collect();
        let lines = Lines::of(text.as_bytes());
        let needle = Highlighter::new("LINE 4").unwrap();
        let found = lines.find(text.as_bytes(), &needle);
        assert_eq!((found.len(), found[0], found[1], found[110]), (111, 4, 40, 499));
    }

    #[test]
    fn a_row_full_of_hits_is_looked_up_once() {
        let text = [b"b\n".as_slice(), &b"a".repeat(3_000_000), b"\nb\na"].concat();
        let lines = Lines::of(&text);
        let found = lines.find(&text, &Highlighter::new("a").unwrap());
        let expected: Vec<usize> = (1..=3_000_000_usize.div_ceil(ROW_BYTES)).collect();
        assert_eq!(found[..expected.len()], expected);
        assert_eq!(found[expected.len()..], [lines.rows() - 1]);
    }

    proptest! {
        #[test]
        fn rows_together_are_the_bytes(parts in prop::collection::vec("[ab\u{20ac}\r\n]{0,200}", 0..60), from in 0_usize..400) {
            let text = parts.concat().repeat(4);
            let lines = Lines::of(text.as_bytes());
            let all: Vec<LineRange> = lines.from(text.as_bytes(), 0).collect();
            prop_assert_eq!(all.len(), lines.rows());
            let mut at = 0;
            for span in &all {
                prop_assert_eq!(span.bytes.start, at);
                prop_assert!(text.is_char_boundary(span.bytes.end));
                at = span.bytes.end;
            }
            prop_assert_eq!(at, text.len());
            let later: Vec<LineRange> = lines.from(text.as_bytes(), from).collect();
            prop_assert_eq!(later.as_slice(), all.get(from..).unwrap_or_default());
        }

        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let lines = Lines::of(&bytes);
            let sheet = TextRows {
                bytes: &bytes,
                tokens: &Tokens::of(&bytes),
                start: 0,
                lines: &lines,
                kind: "",
            };
            prop_assert_eq!(sheet.rows(0, usize::MAX).len(), sheet.total());
        }
    }
}
