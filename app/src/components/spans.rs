//! Text in pieces: an attribute gives the kind of each, and the style sheet gives invisible
//! characters a shape, so that selecting and copying yield the text as sent.

use leptos::{either::Either, prelude::*};

use crate::wire::Piece;

/// Returns the pieces of a line or value.
pub(crate) fn pieces(pieces: Vec<Piece>) -> Vec<impl IntoView> {
    pieces.into_iter().map(piece).collect()
}

fn piece(Piece(text, kind): Piece) -> impl IntoView {
    // Only the server itself uses this kind, for its own pages.
    let (rel, path) = match kind.split_once(' ') {
        Some(("link", path)) => (None, path),
        Some(("page", path)) => (Some("external"), path),
        _ => return Either::Left(plain(text, kind)),
    };
    Either::Right(view! { <a class="way" href=path.to_owned() rel=rel data-noscroll>{text}</a> })
}

fn plain(text: String, kind: String) -> impl IntoView {
    // HTML cannot contain NUL.
    let text = if text.contains('\0') { text.replace('\0', "\u{2400}") } else { text };
    let code = is_shapeless(&kind).then(|| shape(&text));
    let kind = (!kind.is_empty()).then_some(kind);
    view! { <span data-kind=kind data-code=code>{text}</span> }
}

fn is_shapeless(kind: &str) -> bool {
    kind.split(' ').any(|kind| matches!(kind, "control" | "bidi" | "crlf"))
}

/// The names of control characters, from 0 on (ECMA-48 §8.2). Too few fonts have their Unicode
/// pictures.
const CONTROLS: [&str; 32] = [
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR",
    "SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC",
    "FS", "GS", "RS", "US",
];

/// Returns a visible shape: the name of a control character, else its number.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for c in text.chars() {
        let code = u32::from(c);
        let name = usize::try_from(code).ok().and_then(|code| CONTROLS.get(code));
        match name {
            Some(name) => shape.push_str(name),
            None if c == '\u{2400}' => shape.push_str("NUL"),
            None if c == '\u{7f}' => shape.push_str("DEL"),
            None if c.is_control() || is_bidi(c) => {
                shape.push_str("U+");
                for place in [12, 8, 4, 0] {
                    shape.extend(char::from_digit(code >> place & 0xf, 16));
                }
            }
            None => shape.push(c),
        }
    }
    shape
}

/// Returns whether a character changes the direction of text (Unicode UAX #9 §2).
const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_gets_a_shape() {
        assert_eq!(shape("\r\n"), "CRLF");
        assert_eq!(shape("\u{1b}\u{7f}\u{2400}"), "ESCDELNUL");
        assert_eq!(shape("a\u{202e}b\u{85}"), "aU+202ebU+0085");
        assert!(is_shapeless("control hit") && !is_shapeless("string hit"));
    }
}
