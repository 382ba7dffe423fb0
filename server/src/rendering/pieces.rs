//! Text in marked pieces: a character that readers would not see, or would see in the wrong place,
//! is a piece of its own.

use hookglass_wire::Piece;

/// The most pieces of one row or field.
pub(crate) const MAX_PIECES: usize = 512;
/// How many of them are exact. The rest becomes one piece, marked as a whole; the others are
/// notices of cut text, for a name and at most two values.
const OWN_PIECES: usize = MAX_PIECES - 4;
/// The kinds of credentials, which pages mask.
const MASKED: [&str; 2] = ["secret", "token"];

/// Builds a list of pieces.
#[derive(Debug, Default)]
pub(crate) struct SpanBuilder {
    pieces: Vec<Piece>,
    /// The index of the piece with the rest, if there were too many.
    rest: Option<usize>,
}

impl SpanBuilder {
    /// Returns text of a single kind.
    pub(crate) fn of(kind: &str, text: &str) -> Vec<Piece> {
        let mut pieces = Self::default();
        pieces.push(kind, text);
        pieces.done()
    }

    /// Adds text, with control and bidi characters as pieces of their own.
    pub(crate) fn push(&mut self, kind: &str, mut text: &str) {
        while let Some(first) = text.chars().next() {
            let mark = mark(first);
            let end = text.find(|c| self::mark(c) != mark).unwrap_or(text.len());
            self.add(kind, mark, &text[..end]);
            text = &text[end..];
        }
    }

    /// Adds bytes: UTF-8 as text, every other byte as `\xNN` in pieces of kind `byte`.
    pub(crate) fn push_bytes(&mut self, kind: &str, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            self.push(kind, chunk.valid());
            if !chunk.invalid().is_empty() {
                let text: String =
                    chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
                self.add(kind, "byte", &text);
            }
        }
    }

    /// Adds at most `limit` bytes, and a notice of the number that is cut.
    pub(crate) fn push_start(&mut self, kind: &str, bytes: &[u8], limit: usize) {
        let end = char_boundary(bytes, limit);
        self.push_bytes(kind, &bytes[..end]);
        self.say_cut(bytes.len() - end);
    }

    /// Adds a notice that `bytes` more bytes are not shown, if there are any.
    pub(crate) fn say_cut(&mut self, bytes: usize) {
        if bytes > 0 {
            let text = format!("… {} more bytes", grouped(bytes));
            self.pieces.push(Piece(text, "cut".to_owned()));
        }
    }

    /// Adds text of our own, unescaped.
    pub(crate) fn say(&mut self, kind: &str, text: &str) {
        self.add(kind, "", text);
    }

    /// Returns the pieces.
    pub(crate) fn done(self) -> Vec<Piece> {
        self.pieces
    }

    fn add(&mut self, kind: &str, mark: &str, text: &str) {
        if let Some(rest) = self.rest.and_then(|rest| self.pieces.get_mut(rest)) {
            rest.0.push_str(text);
            rest.1 = masked_as(&rest.1, kind);
            return;
        }
        let kind = joined(kind, mark);
        let is_full = self.pieces.len() >= OWN_PIECES;
        match self.pieces.last_mut() {
            Some(last) if last.1 == kind => last.0.push_str(text),
            _ if !is_full => self.pieces.push(Piece(text.to_owned(), kind)),
            // Too many changes: mark the rest as a whole, so that nothing in it goes unmarked.
            _ => {
                self.rest = Some(self.pieces.len());
                self.pieces.push(Piece(text.to_owned(), masked_as("control", &kind)));
            }
        }
    }
}

/// `kind`, masked if `other` is.
fn masked_as(kind: &str, other: &str) -> String {
    let has = |kinds: &str, masked: &str| kinds.split(' ').any(|kind| kind == masked);
    let missing = MASKED.into_iter().filter(|masked| has(other, masked) && !has(kind, masked));
    missing.fold(kind.to_owned(), |kind, masked| joined(&kind, masked))
}

/// Joins two kinds.
pub(crate) fn joined(kind: &str, mark: &str) -> String {
    match (kind, mark) {
        (_, "") => kind.to_owned(),
        ("", _) => mark.to_owned(),
        _ => format!("{kind} {mark}"),
    }
}

/// The largest character boundary that is at most `limit`.
pub(crate) fn char_boundary(bytes: &[u8], limit: usize) -> usize {
    if bytes.len() <= limit {
        return bytes.len();
    }
    let is_continuation = |at: usize| bytes[at] & 0xc0 == 0x80;
    (limit.saturating_sub(3)..=limit).rev().find(|&at| !is_continuation(at)).unwrap_or(limit)
}

/// Formats a number with thousands separators.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The kind of an invisible character; empty for others.
const fn mark(c: char) -> &'static str {
    match c {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "bidi"
        }
        '\t' => "",
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{200b}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => "control",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces_of(kind: &str, text: &str) -> Vec<Piece> {
        let mut pieces = SpanBuilder::default();
        pieces.push(kind, text);
        pieces.done()
    }

    fn shown(pieces: &[Piece]) -> Vec<(&str, &str)> {
        pieces.iter().map(|Piece(text, kind)| (text.as_str(), kind.as_str())).collect()
    }

    #[test]
    fn what_does_not_show_itself_gets_a_piece_of_its_own() {
        let pieces = pieces_of("string", "a\u{202e}b\0\u{7f}\tc");
        assert_eq!(
            shown(&pieces),
            [
                ("a", "string"),
                ("\u{202e}", "string bidi"),
                ("b", "string"),
                ("\0\u{7f}", "string control"),
                ("\tc", "string"),
            ]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_written_in_hex() {
        let mut pieces = SpanBuilder::default();
        pieces.push_bytes("", b"gr\xfc\xdfe \xe2\x82");
        assert_eq!(
            shown(&pieces.done()),
            [("gr", ""), ("\\xfc\\xdf", "byte"), ("e ", ""), ("\\xe2\\x82", "byte")]
        );
    }

    #[test]
    fn a_long_value_says_how_much_more_there_is() {
        let mut pieces = SpanBuilder::default();
        pieces.push_start("", "ä".repeat(5000).as_bytes(), 4097);
        let pieces = pieces.done();
        assert_eq!(pieces[0].0.len(), 4096);
        assert_eq!(shown(&pieces[1..]), [("… 5,904 more bytes", "cut")]);
    }

    #[test]
    fn a_row_of_nothing_but_controls_has_a_bounded_number_of_pieces() {
        let pieces = pieces_of("", &"a\u{1}".repeat(100_000));
        assert_eq!(pieces.len(), OWN_PIECES + 1);
        assert_eq!(pieces[OWN_PIECES].1, "control");
        assert_eq!(pieces[OWN_PIECES].0.len(), 2 * 100_000 - OWN_PIECES);
    }

    #[test]
    fn whatever_kinds_there_are_the_rest_is_one_piece_and_a_secret_in_it_stays_one() {
        let mut pieces = SpanBuilder::default();
        for at in 0..1000 {
            pieces.push(["key", "string", "punctuation"][at % 3], "a");
            pieces.push_bytes("tag", b"\xff");
        }
        pieces.push("string secret token", "b");
        for _ in 0..3 {
            pieces.say_cut(7);
            pieces.say("punctuation", ",");
        }
        let pieces = pieces.done();
        assert_eq!(pieces.len(), MAX_PIECES);
        assert!(pieces[OWN_PIECES].0.ends_with("b,,,"));
        assert_eq!(pieces[OWN_PIECES].1, "control secret token");
        assert_eq!(shown(&pieces[OWN_PIECES + 1..]), [("… 7 more bytes", "cut"); 3]);
    }

    proptest! {
        #[test]
        fn no_text_is_lost_or_left_unmarked(text in "[a\u{202e}\u{1}\tß]{0,40}") {
            let pieces = pieces_of("k", &text);
            let back: String = pieces.iter().map(|piece| piece.0.as_str()).collect();
            prop_assert_eq!(back, text);
            for Piece(text, kind) in &pieces {
                prop_assert_eq!(text.contains('\u{202e}'), kind.contains("bidi"));
                prop_assert_eq!(text.contains('\u{1}'), kind.contains("control"));
            }
        }

        #[test]
        fn a_boundary_cuts_no_character(text: String, limit in 0_usize..60) {
            let end = char_boundary(text.as_bytes(), limit);
            prop_assert!(text.is_char_boundary(end) && end <= limit.max(text.len()));
            prop_assert!(end + 3 >= limit.min(text.len()));
        }
    }
}
