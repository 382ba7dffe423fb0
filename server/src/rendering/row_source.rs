//! What rows are read from, whatever they show.

use std::io;

use hookglass_wire::{Reading, Row};
use serde::Serialize;

use super::find::Highlighter;

/// The most places of rows that are told where something was found.
pub(crate) const FOUND_ROWS: usize = 1000;
/// Rows and fields that take this many bytes as JSON are given at once, whatever the limit: fewer, where
/// they are long. At least one is.
pub(crate) const ANSWER_BYTES: usize = 512 * 1024;

/// Rows that are made when they are asked for.
pub(crate) trait RowSource {
    /// How many rows are visible.
    fn total(&self) -> usize;

    /// The row at a place among the visible ones.
    fn row(&self, at: usize) -> Option<Row>;

    /// At most `limit` rows from a place on.
    fn rows(&self, from: usize, limit: usize) -> Vec<Row> {
        (from..self.total()).take(limit).filter_map(|at| self.row(at)).collect()
    }

    /// The places of rows that hold `needle`, in order, at most `FOUND_ROWS`.
    fn find(&self, needle: &Highlighter) -> Vec<usize>;
}

/// Which of the rows to give.
#[derive(Debug, Clone)]
pub(crate) struct RowWindow {
    pub(crate) from: usize,
    pub(crate) limit: usize,
    pub(crate) needle: Option<Highlighter>,
}

/// Puts the rows that were asked for into a reading.
pub(crate) fn fill(reading: &mut Reading, sheet: &dyn RowSource, part: &RowWindow) {
    reading.total = number(sheet.total());
    reading.from = number(part.from);
    let mut room = RowBudget::default();
    let mut from = part.from;
    let end = part.from.saturating_add(part.limit);
    // A few at a time, so that long ones are not made in vain.
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

/// What is left of an answer.
#[derive(Debug, Default)]
pub(crate) struct RowBudget {
    bytes: usize,
    is_over: bool,
}

impl RowBudget {
    /// Takes room for a row or field, if there is enough for it and was for all before it. The first
    /// always finds some.
    pub(crate) fn take(&mut self, what: &impl Serialize) -> bool {
        if self.is_over {
            return false;
        }
        // A comma stands between two.
        let bytes = json_bytes(what) + 1;
        self.is_over = self.bytes > 0 && self.bytes + bytes > ANSWER_BYTES;
        self.bytes += bytes;
        !self.is_over
    }
}

/// How many bytes something takes as JSON: a control character takes six.
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

/// A count or place as it crosses the wire.
pub(crate) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Sheets one below the other.
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

/// Rows that are there already.
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
