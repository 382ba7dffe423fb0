//! Rows that are partly loaded and partly visible: which are visible, which to load, and the
//! query's parameters for them. Pure.

use crate::{
    route::ParamsMap,
    wire::{Ask, Part, Row},
};

/// The number of rows loaded at a time.
pub(crate) const ROWS: u32 = 500;

/// The number of rows kept, for scrolling back without loading them again.
const MOST_ROWS: usize = 2_000;

/// The maximum length of an element that a browser positions exactly, in pixels.
const MAX_LENGTH: i64 = 15_000_000;

/// Returns the query's parameters for reading a part.
pub(crate) fn ask(query: &ParamsMap) -> Ask {
    let number = |key: &str| query.get_str(key).and_then(|text| text.parse().ok());
    let text = |key: &str| query.get(key).filter(|text| !text.is_empty());
    let part = match query.get_str("tab") {
        Some("headers") => Part::Headers,
        Some("query") => Part::Query,
        Some("wire") => Part::Wire,
        Some("reply") => Part::Reply,
        Some("signature") => Part::Signature,
        Some("attempts") => Part::Attempts,
        Some("compare") => Part::Compare,
        _ => Part::Body,
    };
    Ask {
        part,
        form: text("form"),
        from: number("from"),
        limit: Some(ROWS),
        depth: query.get_str("depth").and_then(|text| text.parse().ok()),
        toggled: text("toggled"),
        find: text("find"),
        with: (part == Part::Compare)
            .then(|| text("with").unwrap_or_else(|| "previous".to_owned())),
    }
}

/// Returns whether rows need a window because not all of them are loaded.
pub(crate) fn is_windowed(total: u64, from: u64, loaded: usize) -> bool {
    from > 0 || u64::try_from(loaded).is_ok_and(|loaded| loaded < total)
}

/// Returns the toggled lines after toggling `line`, too.
pub(crate) fn toggle(toggled: Option<&str>, line: u64) -> String {
    let line = line.to_string();
    let before = toggled.unwrap_or_default().split(',').filter(|text| !text.is_empty());
    let mut lines: Vec<&str> = before.clone().filter(|text| *text != line).collect();
    if lines.len() == before.count() {
        lines.push(&line);
    }
    lines.join(",")
}

/// Loaded rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RowWindow {
    /// The index of the first row.
    pub(crate) from: u64,
    /// In order.
    pub(crate) rows: Vec<Row>,
    /// The index at which loading last failed.
    pub(crate) missed: Option<u64>,
}

impl RowWindow {
    /// Returns the range of loaded rows, exclusive.
    pub(crate) fn places(&self) -> (u64, u64) {
        (self.from, self.from + u64::try_from(self.rows.len()).unwrap_or_default())
    }

    /// Clamps `place` to the range of loaded rows.
    pub(crate) fn clamped(&self, place: u64) -> u64 {
        let (from, to) = self.places();
        place.clamp(from, to)
    }

    /// Returns the rows in a range, with their indexes.
    pub(crate) fn within(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &Row)> {
        (self.from..).zip(&self.rows).filter(move |(place, _)| (from..to).contains(place))
    }

    /// Returns the index to load from so that `from..to` is complete; `None` if it is, or cannot
    /// be. A response may contain fewer rows than requested: the next request gets the rest.
    pub(crate) fn wanted(&self, from: u64, to: u64, total: u64) -> Option<u64> {
        let (first, last) = self.places();
        let around = from.saturating_sub(u64::from(ROWS) / 3);
        let wanted = match first <= from && from < last {
            true if to.min(total) <= last => return None,
            true => last,
            // It was requested from around there, and the response ended before it.
            false if first == around => from,
            false => around,
        };
        (self.missed != Some(wanted) && wanted < total).then_some(wanted)
    }

    /// Appends loaded rows if they continue the present ones, else replaces these.
    pub(crate) fn join(&mut self, from: u64, rows: Vec<Row>) {
        // A response without rows would be requested again and again.
        self.missed = rows.is_empty().then_some(from);
        if rows.is_empty() {
            return;
        }
        if from != self.places().1 {
            (self.from, self.rows) = (from, rows);
            return;
        }
        self.rows.extend(rows);
        let many = self.rows.len().saturating_sub(MOST_ROWS);
        self.rows.drain(..many);
        self.from += u64::try_from(many).unwrap_or_default();
    }

    /// Returns the index and line of the row above or below the line `of`; the first row if none is
    /// chosen.
    pub(crate) fn beside(&self, of: Option<u64>, step: isize) -> Option<(u64, u64)> {
        let index = match of.and_then(|of| self.rows.iter().position(|row| row.line == of)) {
            Some(index) => index.checked_add_signed(step)?,
            None => 0,
        };
        let row = self.rows.get(index)?;
        Some((self.from + u64::try_from(index).ok()?, row.line))
    }
}

/// A window over rows of equal height; all in pixels except `total`. If the content is too long for
/// a browser, scrolling moves in larger steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scroll {
    /// The height of a row.
    pub(crate) row: i64,
    /// The height of the window.
    pub(crate) height: i64,
    /// The number of rows.
    pub(crate) total: u64,
}

impl Scroll {
    fn rows(self) -> i64 {
        i64::try_from(self.total).unwrap_or(i64::MAX / self.row)
    }

    /// Returns the length of the scrolled content.
    pub(crate) fn length(self) -> i64 {
        self.rows().saturating_mul(self.row).min(MAX_LENGTH)
    }

    fn is_cut(self) -> bool {
        self.rows().saturating_mul(self.row) > MAX_LENGTH
    }

    /// Returns the number of possible top rows, and the number of pixels by which the window can be
    /// scrolled.
    fn ways(self) -> (i64, i64) {
        let rows = (self.rows() - self.height / self.row).max(1);
        (rows, (self.length() - self.height).max(1))
    }

    fn top_row(self, top: i64) -> i64 {
        if !self.is_cut() {
            return top / self.row;
        }
        let (rows, pixels) = self.ways();
        // Cannot overflow: both are lengths on a page.
        top.saturating_mul(rows) / pixels
    }

    /// Returns the range of rows, exclusive, to render when scrolled to `top`.
    pub(crate) fn in_sight(self, top: i64, overscan: i64) -> (u64, u64) {
        let first = self.top_row(top);
        let last = first + self.height / self.row + 1 + overscan;
        let clamp = |row: i64| u64::try_from(row.clamp(0, self.rows())).unwrap_or_default();
        (clamp(first - overscan), clamp(last))
    }

    /// Returns the vertical position of the row `from` when scrolled to `top`.
    pub(crate) fn offset(self, top: i64, from: u64) -> i64 {
        let from = i64::try_from(from).unwrap_or_default();
        if self.is_cut() { top - (self.top_row(top) - from) * self.row } else { from * self.row }
    }

    /// Returns the scroll position that puts the row `place` in the upper half of the window.
    pub(crate) fn top_of(self, place: i64) -> i64 {
        let row = place - self.height / self.row / 3;
        let (rows, pixels) = self.ways();
        if !self.is_cut() {
            return (row * self.row).clamp(0, pixels);
        }
        let top = i128::from(row.max(0)) * i128::from(pixels) / i128::from(rows);
        i64::try_from(top).unwrap_or_default().clamp(0, pixels)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slice(from: u64, count: u64) -> RowWindow {
        let rows = (from..from + count).map(|line| Row { line: line * 2, ..Row::default() });
        RowWindow { from, rows: rows.collect(), missed: None }
    }

    #[test]
    fn the_query_says_what_is_read() {
        let query = ParamsMap::from_iter([("tab", "wire"), ("find", ""), ("depth", "2")]);
        let ask = ask(&query);
        assert_eq!((ask.part, ask.find, ask.depth), (Part::Wire, None, Some(2)));
        let ask = super::ask(&ParamsMap::from_iter([("tab", "compare")]));
        assert_eq!(ask.with.as_deref(), Some("previous"));
        let ask = super::ask(&ParamsMap::from_iter([("tab", "nonsense"), ("from", "x")]));
        assert_eq!((ask.part, ask.from, ask.with), (Part::Body, None, None));
    }

    #[test]
    fn a_line_is_toggled_there_and_back() {
        assert_eq!(toggle(None, 4), "4");
        assert_eq!(toggle(Some("4,7"), 9), "4,7,9");
        assert_eq!(toggle(Some("4,7,9"), 7), "4,9");
        assert_eq!(toggle(Some("4"), 4), "");
    }

    #[test]
    fn only_what_is_not_loaded_is_asked_for() {
        let slice = slice(200, 500);
        assert_eq!(slice.wanted(250, 300, 10_000), None);
        assert_eq!(slice.wanted(190, 240, 10_000), Some(24), "around what is before");
        assert_eq!(slice.wanted(680, 730, 10_000), Some(700), "what follows");
        assert_eq!(slice.wanted(680, 730, 700), None, "there are no more");
        assert_eq!(slice.wanted(5_000, 5_050, 10_000), Some(4_834));
    }

    #[test]
    fn short_and_empty_answers_come_to_an_end() {
        let mut slice = slice(0, 500);
        let rows = |count| super::tests::slice(0, count).rows;
        assert_eq!(slice.wanted(5_000, 5_050, 10_000), Some(4_834));
        slice.join(4_834, rows(60));
        assert_eq!(slice.wanted(5_000, 5_050, 10_000), Some(5_000), "it ended before that");
        slice.join(5_000, rows(30));
        assert_eq!(slice.wanted(5_000, 5_050, 10_000), Some(5_030));
        slice.join(5_030, rows(30));
        assert_eq!(slice.wanted(5_000, 5_050, 10_000), None);
        assert_eq!(slice.wanted(5_020, 5_070, 10_000), Some(5_060));
        slice.join(5_060, Vec::new());
        assert_eq!(slice.wanted(5_020, 5_070, 10_000), None, "nothing came of it");
    }

    #[test]
    fn only_so_many_rows_are_kept() {
        let mut slice = slice(0, 500);
        for round in 1..10 {
            slice.join(round * 500, super::tests::slice(round * 500, 500).rows);
        }
        assert_eq!(slice.places(), (5_000 - 2_000, 5_000));
        assert_eq!(slice.rows[0].line, 6_000);
    }

    #[test]
    fn the_row_beside_is_found_by_its_line() {
        let slice = slice(10, 3);
        assert_eq!(slice.beside(None, 1), Some((10, 20)));
        assert_eq!(slice.beside(Some(20), 1), Some((11, 22)));
        assert_eq!(slice.beside(Some(20), -1), None);
        assert_eq!(slice.beside(Some(24), 1), None);
    }

    #[test]
    fn few_rows_are_placed_to_the_pixel() {
        let scroll = Scroll { row: 20, height: 400, total: 1_000 };
        assert_eq!(scroll.length(), 20_000);
        assert_eq!(scroll.in_sight(0, 5), (0, 26));
        assert_eq!(scroll.in_sight(1_010, 5), (45, 76));
        assert_eq!(scroll.offset(1_010, 45), 900);
        assert_eq!(scroll.top_of(500), 9_880);
        assert_eq!(scroll.top_of(0), 0);
    }

    #[test]
    fn the_last_of_millions_can_be_reached() {
        let scroll = Scroll { row: 20, height: 400, total: 10_000_000 };
        assert_eq!(scroll.length(), MAX_LENGTH);
        let end = MAX_LENGTH - 400;
        assert_eq!(scroll.in_sight(end, 0), (9_999_980, 10_000_000));
        assert_eq!(scroll.offset(end, 9_999_980), end, "the first in sight stands at the top");
    }

    proptest! {
        #[test]
        fn a_row_that_is_sought_comes_into_sight(
            total in 1_u64..50_000_000,
            part in 0_u64..1_000,
            height in 300_i64..2_000,
            row in 16_i64..40,
        ) {
            let place = total * part / 1_000;
            let scroll = Scroll { row, height, total };
            let top = scroll.top_of(i64::try_from(place).expect("small"));
            let (from, to) = scroll.in_sight(top, 0);
            prop_assert!((from..to).contains(&place), "{place} in {from}..{to}");
            prop_assert!(top >= 0 && top <= scroll.length());
        }
    }
}
