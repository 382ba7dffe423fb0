//! Sources of rows: what every view of rows implements.

use std::io;

use hookglass_wire::{Reading, Row};
use serde::Serialize;

use super::find::Highlighter;

/// The most row positions that a search returns.
pub(crate) const FOUND_ROWS: usize = 1000;
/// The size limit of the rows or fields in one response, as JSON: long rows mean fewer of them, but
/// at least one.
pub(crate) const ANSWER_BYTES: usize = 512 * 1024;

/// Rows that are built on demand.
pub(crate) trait RowSource {
    /// The number of visible rows.
    fn total(&self) -> usize;

    /// Returns a visible row by its position.
    fn row(&self, at: usize) -> Option<Row>;

    /// Returns at most `limit` rows from a position on.
    fn rows(&self, from: usize, limit: usize) -> Vec<Row> {
        (from..self.total()).take(limit).filter_map(|at| self.row(at)).collect()
    }

    /// Returns the positions of rows that match `needle`, in order, at most `FOUND_ROWS`.
    fn find(&self, needle: &Highlighter) -> Vec<usize>;
}

/// Which rows to return.
#[derive(Debug, Clone)]
pub(crate) struct RowRange {
    pub(crate) from: usize,
    pub(crate) limit: usize,
    pub(crate) needle: Option<Highlighter>,
}

/// Adds the requested rows to a reading.
pub(crate) fn fill(reading: &mut Reading, sheet: &dyn RowSource, part: &RowRange) {
    reading.total = number(sheet.total());
    reading.from = number(part.from);
    let mut room = RowBudget::default();
    let mut from = part.from;
    let end = part.from.saturating_add(part.limit);
    // In small batches, so that few long rows are built that do not fit.
    'rows: while from < end {
        let rows = sheet.rows(from, (end - from).min(64));
        if rows.is_empty() {
            break;
        }
        from += rows.len();
        for mut row in rows {
            if let Some(needle) = &part.needle {
                needle.mark(&mut row.pieces);
            }
            if !room.take(&row) {
                break 'rows;
            }
            reading.rows.push(row);
        }
    }
    if let Some(needle) = &part.needle {
        reading.found = sheet.find(needle).into_iter().map(number).collect();
    }
}

/// The space that is left in a response.
#[derive(Debug, Default)]
pub(crate) struct RowBudget {
    bytes: usize,
    is_over: bool,
}

impl RowBudget {
    /// Reserves space for a row or field, unless this or an earlier one did not fit. The first
    /// always fits.
    pub(crate) fn take(&mut self, what: &impl Serialize) -> bool {
        if self.is_over {
            return false;
        }
        // One more for the comma.
        let bytes = json_bytes(what) + 1;
        self.is_over = self.bytes > 0 && self.bytes + bytes > ANSWER_BYTES;
        self.bytes += bytes;
        !self.is_over
    }
}

/// The size as JSON: a control character takes six bytes.
pub(crate) fn json_bytes(what: &impl Serialize) -> usize {
    struct JsonLength(usize);

    impl io::Write for JsonLength {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = JsonLength(0);
    serde_json::to_writer(&mut count, what).map_or(usize::MAX, |()| count.0)
}

/// Converts a count or position to its type in the API.
pub(crate) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Row sources one below the other.
pub(crate) struct Chain<'a>(pub(crate) Vec<Box<dyn RowSource + 'a>>);

impl RowSource for Chain<'_> {
    fn total(&self) -> usize {
        self.0.iter().map(|sheet| sheet.total()).sum()
    }

    fn row(&self, at: usize) -> Option<Row> {
        self.rows(at, 1).pop()
    }

    fn rows(&self, from: usize, limit: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut start = 0;
        for sheet in &self.0 {
            let total = sheet.total();
            if from < start + total && rows.len() < limit {
                let first = from.saturating_sub(start);
                for mut row in sheet.rows(first, limit - rows.len()) {
                    row.line += number(start);
                    rows.push(row);
                }
            }
            start += total;
        }
        rows
    }

    fn find(&self, needle: &Highlighter) -> Vec<usize> {
        let mut found = Vec::new();
        let mut start = 0;
        for sheet in &self.0 {
            found.extend(sheet.find(needle).into_iter().map(|place| start + place));
            start += sheet.total();
        }
        found.truncate(FOUND_ROWS);
        found
    }
}

/// Rows that are already built.
pub(crate) struct ReadyRows(pub(crate) Vec<Row>);

impl RowSource for ReadyRows {
    fn total(&self) -> usize {
        self.0.len()
    }

    fn row(&self, at: usize) -> Option<Row> {
        self.0.get(at).map(|row| Row { line: number(at), ..row.clone() })
    }

    fn find(&self, needle: &Highlighter) -> Vec<usize> {
        let holds = |row: &Row| {
            let text: String = row.pieces.iter().map(|piece| piece.0.as_str()).collect();
            let mut holds = false;
            needle.each(text.as_bytes(), |_| {
                holds = true;
                false
            });
            holds
        };
        let found = self.0.iter().enumerate().filter(|(_, row)| holds(row));
        found.map(|(place, _)| place).take(FOUND_ROWS).collect()
    }
}
