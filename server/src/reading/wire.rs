//! The bytes as received: the lines of the head with their ends, the body, the trailers.

use hookglass_app::wire::{Note, Row};

use super::{
    charset,
    content::Content,
    headers::{NOT_EXACT, REDACTED},
    hex::HexSheet,
    lines::{Lines, without_end},
    note,
    pieces::Pieces,
    sheet::{Chain, FOUND_ROWS, Made, Sheet, number},
};
use crate::{head, store::StoredRequest};

/// The rows of a request, and what there is to know about them.
pub(crate) fn sheet<'a>(stored: &StoredRequest, content: &'a Content) -> (Chain<'a>, Vec<Note>) {
    let mut notes = Vec::new();
    if !stored.exact {
        notes.push(note("info", NOT_EXACT));
    }
    if stored.redacted {
        notes.push(note("info", REDACTED));
    }
    if head::is_chunked(&stored.head) {
        let text = "The body came in chunks; the lines between them, which give their lengths, \
                    are not kept.";
        notes.push(note("info", text));
    }
    let mut sheets: Vec<Box<dyn Sheet + 'a>> = vec![Box::new(Made(head_rows(&stored.head)))];
    let body = content.raw.as_slice();
    if charset::has_controls(body) {
        notes.push(note("info", "The body is no text and is shown as a hex dump."));
        sheets.push(Box::new(HexSheet(body)));
    } else if !body.is_empty() {
        sheets.push(Box::new(WireSheet { bytes: body, lines: content.raw_lines() }));
    }
    if !stored.trailers.is_empty() {
        sheets.push(Box::new(Made(head_rows(&stored.trailers))));
    }
    (Chain(sheets), notes)
}

fn head_rows(bytes: &[u8]) -> Vec<Row> {
    let lines = Lines::of(bytes);
    lines.from(bytes, 0).map(|span| row(&bytes[span.bytes], "")).collect()
}

fn row(line: &[u8], kind: &str) -> Row {
    let text = without_end(line);
    let mut pieces = Pieces::default();
    pieces.push_bytes(kind, text);
    match &line[text.len()..] {
        b"\r\n" => pieces.say("crlf", "\r\n"),
        b"\n" => pieces.say("crlf", "\n"),
        _ => {}
    }
    Row { pieces: pieces.done(), ..Row::default() }
}

/// Bytes as lines with their ends.
struct WireSheet<'a> {
    bytes: &'a [u8],
    lines: &'a Lines,
}

impl Sheet for WireSheet<'_> {
    fn total(&self) -> usize {
        self.lines.rows()
    }

    fn row(&self, at: usize) -> Option<Row> {
        self.rows(at, 1).pop()
    }

    fn rows(&self, from: usize, limit: usize) -> Vec<Row> {
        let spans = self.lines.from(self.bytes, from).take(limit).enumerate();
        spans
            .map(|(place, span)| Row {
                line: number(from + place),
                ..row(&self.bytes[span.bytes], "")
            })
            .collect()
    }

    fn find(&self, needle: &super::find::Needle) -> Vec<usize> {
        let mut found = self.lines.find(self.bytes, needle);
        found.truncate(FOUND_ROWS);
        found
    }
}
