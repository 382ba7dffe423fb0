//! The bytes as received: the lines of the head with their line ends, the body, the trailers.

use hookglass_message::{charset, head};
use hookglass_store::StoredRequest;
use hookglass_wire::{Note, Row};

use super::{
    content::BodyContent,
    headers::{self, NOT_EXACT, REDACTED},
    hex::HexRows,
    lines::{LineRange, Lines, without_end},
    note,
    pieces::SpanBuilder,
    row_source::{Chain, FOUND_ROWS, ReadyRows, RowSource, number},
    tokens::Tokens,
};

/// Returns the rows of a request, and notes.
pub(crate) fn sheet<'a>(
    stored: &StoredRequest,
    content: &'a BodyContent,
) -> (Chain<'a>, Vec<Note>) {
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
    let mut sheets: Vec<Box<dyn RowSource + 'a>> =
        vec![Box::new(ReadyRows(head_rows(&stored.head, true)))];
    let body = content.raw.as_slice();
    if charset::has_controls(body) {
        notes.push(note("info", "The body is no text and is shown as a hex dump."));
        sheets.push(Box::new(HexRows { bytes: body, tokens: content.raw_tokens() }));
    } else if !body.is_empty() {
        let (tokens, lines) = (content.raw_tokens(), content.raw_lines());
        sheets.push(Box::new(WireRows { bytes: body, tokens, lines }));
    }
    if !stored.trailers.is_empty() {
        sheets.push(Box::new(ReadyRows(head_rows(&stored.trailers, false))));
    }
    (Chain(sheets), notes)
}

/// Returns the lines of a head or of trailers; credentials are marked.
pub(crate) fn head_rows(bytes: &[u8], has_request_line: bool) -> Vec<Row> {
    let lines = Lines::of(bytes);
    let mut kind = "";
    let row = |span: LineRange| {
        let line = &bytes[span.bytes];
        // A folded line, or the rest of a long one, continues the header above.
        if !span.is_first || line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            return row(&[], line, |pieces, text| pieces.push_bytes(kind, text));
        }
        let colon = memchr::memchr(b':', line).filter(|_| span.line > 1 || !has_request_line);
        let name = &line[..colon.map_or(0, |colon| colon + 1)];
        kind = colon.map_or("", |at| headers::secrecy(&String::from_utf8_lossy(&line[..at])));
        row(name, &line[name.len()..], |pieces, text| pieces.push_bytes(kind, text))
    };
    lines.from(bytes, 0).map(row).collect()
}

/// Returns the lines of a body with their line ends; tokens are marked.
pub(crate) fn body_rows(bytes: &[u8]) -> Vec<Row> {
    let (tokens, lines) = (&Tokens::of(bytes), &Lines::of(bytes));
    WireRows { bytes, tokens, lines }.rows(0, usize::MAX)
}

/// Builds the row of a line that starts with a name and its colon; `push` adds the rest.
fn row(name: &[u8], line: &[u8], push: impl FnOnce(&mut SpanBuilder, &[u8])) -> Row {
    let text = without_end(line);
    let mut pieces = SpanBuilder::default();
    pieces.push_bytes("key", name);
    push(&mut pieces, text);
    match &line[text.len()..] {
        b"\r\n" => pieces.say("crlf", "\r\n"),
        b"\n" => pieces.say("crlf", "\n"),
        _ => {}
    }
    Row { pieces: pieces.done(), ..Row::default() }
}

/// Bytes as lines with their line ends.
struct WireRows<'a> {
    bytes: &'a [u8],
    tokens: &'a Tokens,
    lines: &'a Lines,
}

impl RowSource for WireRows<'_> {
    fn total(&self) -> usize {
        self.lines.rows()
    }

    fn row(&self, at: usize) -> Option<Row> {
        self.rows(at, 1).pop()
    }

    fn rows(&self, from: usize, limit: usize) -> Vec<Row> {
        let spans = self.lines.from(self.bytes, from).take(limit).enumerate();
        let shown = |(place, span): (usize, LineRange)| {
            let start = span.bytes.start;
            let row = row(&[], &self.bytes[span.bytes], |pieces, text| {
                self.tokens.push(pieces, "", text, start);
            });
            Row { line: number(from + place), ..row }
        };
        spans.map(shown).collect()
    }

    fn find(&self, needle: &super::find::Highlighter) -> Vec<usize> {
        let mut found = self.lines.find(self.bytes, needle);
        found.truncate(FOUND_ROWS);
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(rows: &[Row]) -> Vec<Vec<(&str, &str)>> {
        rows.iter()
            .map(|row| row.pieces.iter().map(|p| (p.0.as_str(), p.1.as_str())).collect())
            .collect()
    }

    #[test]
    fn lines_have_their_ends_and_credentials_are_marked() {
        let head = b"GET /a:b HTTP/1.1\r\nAuthorization: Basic\r\n  folded\r\nX: a\xff\0b\n\r\n";
        let rows = head_rows(head, true);
        let expected: Vec<Vec<(&str, &str)>> = vec![
            vec![("GET /a:b HTTP/1.1", ""), ("\r\n", "crlf")],
            vec![("Authorization:", "key"), (" Basic", "secret"), ("\r\n", "crlf")],
            vec![("  folded", "secret"), ("\r\n", "crlf")],
            vec![
                ("X:", "key"),
                (" a", ""),
                ("\\xff", "byte"),
                ("\0", "control"),
                ("b", ""),
                ("\n", "crlf"),
            ],
            vec![("\r\n", "crlf")],
        ];
        assert_eq!(shown(&rows), expected);
    }

    proptest! {
        #[test]
        fn no_head_is_too_strange(bytes: Vec<u8>, text in "[a: \r\n]{0,40}") {
            head_rows(&bytes, true);
            let rows = head_rows(text.as_bytes(), false);
            let back: String =
                rows.iter().flat_map(|row| row.pieces.iter().map(|p| p.0.as_str())).collect();
            prop_assert_eq!(back.replace('\u{1}', ""), text);
        }
    }
}
