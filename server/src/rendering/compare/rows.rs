//! Collects the rows of a comparison: runs of equal rows are cut to those around differences.

use hookglass_wire::Row;

use crate::rendering::{
    pieces::{SpanBuilder, char_boundary, grouped},
    tokens::Tokens,
};

/// Equal rows shown on each side of a difference.
const CONTEXT_ROWS: usize = 3;
/// The limits of a row's names and values together, and of the name alone.
const ROW_BYTES: usize = 4096;
const NAME_BYTES: usize = 1024;
/// The most rows; further ones are only counted.
const MAX_ROWS: usize = 20_000;

#[derive(Debug)]
pub(super) struct ComparedRows {
    rows: Vec<Row>,
    /// Equal rows that may still be left out, and how many were dropped before them.
    equal: Vec<Row>,
    left_out: usize,
    /// Whether there was a difference since the last heading.
    is_after_difference: bool,
    too_many: usize,
    /// How values are marked, by their name.
    secrecy: Secrecy,
}

/// Returns the marker for the value of a name, empty for most.
type Secrecy = fn(&str) -> &'static str;

impl ComparedRows {
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::new(),
            equal: Vec::new(),
            left_out: 0,
            is_after_difference: false,
            too_many: 0,
            secrecy: |_| "",
        }
    }

    /// Adds a heading and sets how the values after it are marked.
    pub(super) fn heading(&mut self, title: &str, secrecy: Secrecy) {
        self.flush(0);
        self.secrecy = secrecy;
        self.is_after_difference = false;
        self.push(Row {
            mark: mark("heading"),
            pieces: SpanBuilder::of("", title),
            ..Row::default()
        });
    }

    /// Sets how the following values are marked, if their kind is only known below the heading.
    pub(super) fn judge_names_by(&mut self, secrecy: Secrecy) {
        self.secrecy = secrecy;
    }

    /// Adds a sentence of our own.
    pub(super) fn say(&mut self, kind: &str, text: &str) {
        self.flush(0);
        let mark = (!kind.is_empty()).then(|| kind.to_owned());
        self.push(Row { mark, pieces: SpanBuilder::of("", text), ..Row::default() });
    }

    /// Adds a value that both sides have.
    pub(super) fn same(&mut self, name: &str, value: &[u8]) {
        if self.rows.len() >= MAX_ROWS {
            return;
        }
        let row = self.row(None, name, &[("", value)]);
        self.equal.push(row);
        let kept = if self.is_after_difference { 2 * CONTEXT_ROWS } else { CONTEXT_ROWS };
        // Leaving out one row saves nothing: the notice takes a row, too.
        if self.equal.len() > kept + 1 {
            let first = if self.is_after_difference { CONTEXT_ROWS } else { 0 };
            self.equal.remove(first);
            self.left_out += 1;
        }
    }

    /// Adds a value that only the old side has.
    pub(super) fn removed(&mut self, name: &str, value: &[u8]) {
        self.differs(self.row(mark("removed"), name, &[("old", value)]));
    }

    /// Adds a value that only the new side has.
    pub(super) fn added(&mut self, name: &str, value: &[u8]) {
        self.differs(self.row(mark("added"), name, &[("new", value)]));
    }

    /// Adds a value that differs between the sides.
    pub(super) fn changed(&mut self, name: &str, old: &[u8], new: &[u8]) {
        self.differs(self.row(mark("changed"), name, &[("old", old), ("new", new)]));
    }

    /// Sets the line number of the last row, as for text.
    pub(super) fn numbered(&mut self, line: usize) {
        let margin = Some((line + 1).to_string());
        let last = if self.equal.is_empty() { self.rows.last_mut() } else { self.equal.last_mut() };
        if let Some(last) = last {
            last.margin = margin;
        }
    }

    pub(super) fn done(mut self) -> Vec<Row> {
        self.flush(0);
        if self.too_many > 0 {
            let text = format!("… {} more differences", grouped(self.too_many));
            self.rows.push(Row {
                mark: mark("same"),
                pieces: SpanBuilder::of("", &text),
                ..Row::default()
            });
        }
        self.rows
    }

    fn differs(&mut self, row: Row) {
        self.flush(CONTEXT_ROWS);
        self.is_after_difference = true;
        self.push(row);
    }

    fn row(&self, mark: Option<String>, name: &str, values: &[(&str, &[u8])]) -> Row {
        let mut pieces = SpanBuilder::default();
        if !name.is_empty() {
            pieces.push_start("key", name.as_bytes(), NAME_BYTES);
            pieces.say("", ": ");
        }
        let limit = (ROW_BYTES - name.len().min(NAME_BYTES)) / values.len().max(1);
        let secrecy = (self.secrecy)(name);
        for (place, (kind, value)) in values.iter().enumerate() {
            if place > 0 {
                pieces.say("", " → ");
            }
            if secrecy.is_empty() {
                let end = char_boundary(value, limit);
                Tokens::of(value).push(&mut pieces, kind, &value[..end], 0);
                pieces.say_cut(value.len() - end);
            } else {
                pieces.push_start(format!("{kind} {secrecy}").trim_start(), value, limit);
            }
        }
        Row { mark, pieces: pieces.done(), ..Row::default() }
    }

    fn push(&mut self, row: Row) {
        if self.rows.len() < MAX_ROWS {
            self.rows.push(row);
        } else {
            self.too_many += 1;
        }
    }

    /// Writes the equal rows: the first ones after a difference, the last `ahead` ones before the
    /// next, and the number of rows between.
    fn flush(&mut self, ahead: usize) {
        let mut equal = std::mem::take(&mut self.equal);
        let behind = if self.is_after_difference { CONTEXT_ROWS } else { 0 };
        let mut left_out = std::mem::take(&mut self.left_out);
        if left_out > 0 || equal.len() > behind + ahead + 1 {
            let end = equal.len().saturating_sub(ahead).max(behind.min(equal.len()));
            left_out += equal.drain(behind.min(end)..end).count();
        }
        for (place, row) in equal.into_iter().enumerate() {
            if place == behind {
                self.left_out_row(left_out);
                left_out = 0;
            }
            self.push(row);
        }
        self.left_out_row(left_out);
    }

    fn left_out_row(&mut self, count: usize) {
        if count > 0 {
            let text = format!("… {} equal", grouped(count));
            self.push(Row {
                mark: mark("same"),
                pieces: SpanBuilder::of("", &text),
                ..Row::default()
            });
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "rows want it so")]
fn mark(mark: &str) -> Option<String> {
    Some(mark.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_a_bounded_part_of_its_name_and_values() {
        let (name, value) = ("n".repeat(ROW_BYTES), "v".repeat(ROW_BYTES).into_bytes());
        let mut rows = ComparedRows::new();
        rows.changed(&name, &value, &value);
        rows.added(&name, &value);
        rows.removed("", &value);
        rows.changed("short", b"a", b"b");
        let shown = |row: &Row| {
            let pieces = row.pieces.iter().filter(|piece| piece.1 != "cut");
            pieces.map(|piece| piece.0.len()).sum::<usize>()
        };
        let bytes: Vec<_> = rows.done().iter().map(shown).collect();
        // We add a colon and an arrow.
        let arrow = " → ".len();
        assert_eq!(bytes, [ROW_BYTES + 2 + arrow, ROW_BYTES + 2, ROW_BYTES, 7 + 2 + arrow]);
    }

    fn shown(rows: ComparedRows) -> String {
        let line = |row: Row| {
            let sign = match row.mark.as_deref() {
                Some("added") => "+",
                Some("removed") => "-",
                Some("changed") => "~",
                Some("heading") => "#",
                Some("same") => "=",
                _ => "",
            };
            let text: String = row.pieces.iter().map(|piece| piece.0.as_str()).collect();
            format!("{sign}{text}")
        };
        rows.done().into_iter().map(line).collect::<Vec<_>>().join(" ")
    }

    fn plain(_: &str) -> &'static str {
        ""
    }

    fn equal(rows: &mut ComparedRows, count: usize) {
        (0..count).for_each(|n| rows.same("", n.to_string().as_bytes()));
    }

    #[test]
    fn what_is_equal_shows_around_differences_only() {
        let mut rows = ComparedRows::new();
        rows.heading("A", plain);
        equal(&mut rows, 10);
        rows.added("", b"x");
        equal(&mut rows, 20);
        rows.changed("k", b"1", b"2");
        equal(&mut rows, 5);
        assert_eq!(
            shown(rows),
            "#A =… 7 equal 7 8 9 +x 0 1 2 =… 14 equal 17 18 19 ~k: 1 → 2 0 1 2 =… 2 equal"
        );
    }

    #[test]
    fn a_single_equal_row_is_shown_and_not_counted() {
        let mut rows = ComparedRows::new();
        equal(&mut rows, 1);
        rows.heading("A", plain);
        equal(&mut rows, 4);
        rows.removed("", b"x");
        equal(&mut rows, 7);
        rows.removed("", b"y");
        equal(&mut rows, 4);
        assert_eq!(shown(rows), "0 #A 0 1 2 3 -x 0 1 2 3 4 5 6 -y 0 1 2 3");
    }

    #[test]
    fn all_that_is_equal_is_one_row() {
        let mut rows = ComparedRows::new();
        equal(&mut rows, 100);
        assert_eq!(shown(rows), "=… 100 equal");
    }
}
