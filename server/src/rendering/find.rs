//! Case-insensitive text search.

use std::ops::Range;

use hookglass_wire::Piece;
use memchr::memmem;

use super::pieces::{MAX_PIECES, joined};

/// The longest search text, in characters; the rest is cut off.
const MAX_CHARS: usize = 200;
/// How much is searched at a time: each chunk is copied in lower case.
const CHUNK_BYTES: usize = 256 * 1024;

/// A text to find and highlight.
#[derive(Debug, Clone)]
pub(crate) struct Highlighter {
    /// In lower case.
    chars: Vec<char>,
    /// The same as bytes if it is ASCII, the usual case, which has a faster path.
    ascii: Option<Vec<u8>>,
}

impl Highlighter {
    /// Returns `None` for an empty text.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let chars: Vec<char> = text.chars().take(MAX_CHARS).map(fold).collect();
        let ascii = chars.iter().map(|&c| u8::try_from(c).ok().filter(u8::is_ascii)).collect();
        if chars.is_empty() { None } else { Some(Self { chars, ascii }) }
    }

    /// Calls `take` with each match, in order and without overlap, until it returns false.
    pub(crate) fn each(&self, bytes: &[u8], mut take: impl FnMut(Range<usize>) -> bool) {
        match &self.ascii {
            Some(needle) => each_ascii(needle, bytes, &mut take),
            None => self.each_other(bytes, &mut take),
        }
    }

    /// The bytes that the text spells in hex, if any: pairs of digits, with or without spaces
    /// between.
    pub(crate) fn as_hex(&self) -> Option<Vec<u8>> {
        let digits: Vec<u32> = self
            .chars
            .iter()
            .filter(|c| **c != ' ')
            .map(|c| c.to_digit(16))
            .collect::<Option<_>>()?;
        let pairs = digits.chunks(2).map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        });
        pairs.collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())
    }

    /// Searches in one pass (Knuth, Morris and Pratt): each character is read once, even if the
    /// text repeats long prefixes of the search text.
    fn each_other(&self, bytes: &[u8], take: &mut dyn FnMut(Range<usize>) -> bool) {
        let borders = borders(&self.chars);
        let mut at = 0;
        for chunk in bytes.utf8_chunks() {
            // Invalid UTF-8 ends a match.
            let mut matched = 0;
            for c in chunk.valid().chars() {
                at += c.len_utf8();
                let c = fold(c);
                while matched > 0 && self.chars[matched] != c {
                    matched = borders[matched - 1];
                }
                matched += usize::from(self.chars[matched] == c);
                if matched == self.chars.len() {
                    if !take(start_of_last(&bytes[..at], matched)..at) {
                        return;
                    }
                    matched = 0;
                }
            }
            at += chunk.invalid().len();
        }
    }

    /// Marks the matches in `pieces` as hits, also across their borders.
    pub(crate) fn mark(&self, pieces: &mut Vec<Piece>) {
        let text: String = pieces.iter().map(|piece| piece.0.as_str()).collect();
        let mut hits: Vec<Range<usize>> = Vec::new();
        // Each match may split a piece in three.
        let most = MAX_PIECES.saturating_sub(pieces.len()) / 2;
        self.each(text.as_bytes(), |hit| {
            let is_full = hits.len() == most;
            match hits.last_mut() {
                Some(last) if last.end == hit.start => last.end = hit.end,
                _ if is_full => return false,
                _ => hits.push(hit),
            }
            true
        });
        if hits.is_empty() {
            return;
        }
        let mut marked = Vec::with_capacity(pieces.len() + 2 * hits.len());
        let mut start = 0;
        // Hits and pieces are in order: skip hits that end before a piece.
        let mut next = 0;
        for Piece(text, kind) in pieces.drain(..) {
            let end = start + text.len();
            let mut at = start;
            while hits.get(next).is_some_and(|hit| hit.end <= start) {
                next += 1;
            }
            for hit in hits[next..].iter().take_while(|hit| hit.start < end) {
                let (from, to) = (hit.start.max(start), hit.end.min(end));
                if at < from {
                    marked.push(Piece(text[at - start..from - start].to_owned(), kind.clone()));
                }
                marked.push(Piece(text[from - start..to - start].to_owned(), joined(&kind, "hit")));
                at = to;
            }
            if at < end {
                marked.push(Piece(text[at - start..].to_owned(), kind));
            }
            start = end;
        }
        *pieces = marked;
    }
}

fn each_ascii(needle: &[u8], bytes: &[u8], take: &mut dyn FnMut(Range<usize>) -> bool) {
    let finder = memmem::Finder::new(needle);
    let mut start = 0;
    // Where a match may start: after the previous one, which may end in this chunk.
    let mut free = 0;
    while start < bytes.len() {
        let end = (start + CHUNK_BYTES + needle.len() - 1).min(bytes.len());
        let chunk = bytes[start..end].to_ascii_lowercase();
        let mut at = free.max(start) - start;
        while let Some(next) = chunk.get(at..).and_then(|rest| finder.find(rest)) {
            at += next;
            if at >= CHUNK_BYTES {
                break;
            }
            free = start + at + needle.len();
            if !take(start + at..free) {
                return;
            }
            at += needle.len();
        }
        start += CHUNK_BYTES;
    }
}

/// For each prefix of `chars`: the length of its longest proper suffix that is also a prefix.
fn borders(chars: &[char]) -> Vec<usize> {
    let mut borders = vec![0; chars.len()];
    let mut length = 0;
    for at in 1..chars.len() {
        while length > 0 && chars[at] != chars[length] {
            length = borders[length - 1];
        }
        length += usize::from(chars[at] == chars[length]);
        borders[at] = length;
    }
    borders
}

/// The start of the last `count` characters of the matched bytes. The original text may be longer
/// or shorter than its lower case.
fn start_of_last(bytes: &[u8], count: usize) -> usize {
    let starts = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte & 0xc0 != 0x80);
    starts.map(|(at, _)| at).nth(count - 1).unwrap_or_default()
}

/// Lower case, if that is a single character.
fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(folded), None) => folded,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn places(needle: &str, text: &[u8]) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        Highlighter::new(needle).unwrap().each(text, |place| {
            places.push(place);
            true
        });
        places
    }

    #[test]
    fn case_makes_no_difference() {
        assert_eq!(places("oRDer", b"Order ORDER order"), [0..5, 6..11, 12..17]);
        assert_eq!(places("ärger", "\u{e4}RGER und Ärger".as_bytes()), [0..6, 11..17]);
        assert_eq!(places("aa", b"aaaaa"), [0..2, 2..4]);
        assert_eq!(places("é", b"\xc3 \xff\xc3\xa9").first(), Some(&(3..5)));
        assert!(Highlighter::new("").is_none());
    }

    #[test]
    fn a_hit_is_found_across_chunks() {
        let mut text = vec![b'.'; 3 * CHUNK_BYTES];
        for at in [CHUNK_BYTES - 3, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES - 6] {
            text[at..at + 6].copy_from_slice(b"Needle");
        }
        let starts: Vec<_> = places("needle", &text).iter().map(|place| place.start).collect();
        assert_eq!(starts, [CHUNK_BYTES - 3, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES - 6]);
    }

    #[test]
    fn text_that_almost_fits_takes_no_time() {
        let needle = format!("{}b", "ä".repeat(199));
        let text = format!("{}{needle}", "Ä".repeat(2_000_000));
        let start = text.len() - needle.len();
        assert_eq!(places(&needle, text.as_bytes()), std::slice::from_ref(&(start..text.len())));
    }

    #[test]
    fn lower_case_of_another_length_moves_no_hit() {
        // The Kelvin sign takes three bytes, k one; U+023A takes two, U+2C65 three.
        assert_eq!(places("kä", "\u{e4}\u{212a}\u{c4}kä".as_bytes()), [2..7, 7..10]);
        assert_eq!(places("\u{2c65}x", "\u{23a}\u{23a}x\u{2c65}X".as_bytes()), [2..5, 5..9]);
        let found = places("äb", b"\xc3\xa4\xffb\xc3\xc3\xa4B");
        assert_eq!(found, std::slice::from_ref(&(5..8)));
    }

    #[test]
    fn hits_are_marked_across_pieces() {
        let piece = |text: &str, kind: &str| Piece(text.to_owned(), kind.to_owned());
        let mut pieces = vec![piece("\"na", "key"), piece("me\": name", "")];
        Highlighter::new("NAME").unwrap().mark(&mut pieces);
        let expected = [
            piece("\"", "key"),
            piece("na", "key hit"),
            piece("me", "hit"),
            piece("\": ", ""),
            piece("name", "hit"),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn many_hits_in_many_pieces_take_no_time() {
        let piece = |text: &str| Piece(text.to_owned(), "k".to_owned());
        let hits = |pieces: &[Piece]| pieces.iter().filter(|piece| piece.1 == "k hit").count();
        let mut pieces = vec![piece("a"); 500_000];
        Highlighter::new("aa").unwrap().mark(&mut pieces);
        assert_eq!((pieces.len(), hits(&pieces)), (500_000, 0), "there are too many already");
        let mut pieces = vec![piece("aa"), piece(&"ab".repeat(500_000))];
        Highlighter::new("a").unwrap().mark(&mut pieces);
        assert_eq!((hits(&pieces), &pieces[0].0), (256, &"aa".to_owned()));
        assert!(pieces.len() <= MAX_PIECES, "{}", pieces.len());
    }

    proptest! {
        #[test]
        fn marking_keeps_the_text(texts in prop::collection::vec("[aAbäÄ]{0,6}", 0..5), needle in "[abä]{1,3}") {
            let mut pieces: Vec<Piece> =
                texts.iter().map(|text| Piece(text.clone(), "k".to_owned())).collect();
            Highlighter::new(&needle).unwrap().mark(&mut pieces);
            let back: String = pieces.iter().map(|piece| piece.0.as_str()).collect();
            prop_assert_eq!(back, texts.concat());
        }

        #[test]
        fn what_is_found_is_what_stands_there(
            needle in "[aäÄ\u{23a}]{0,6}ä",
            parts in prop::collection::vec(
                prop_oneof![
                    "[aAäÄ\u{23a}\u{2c65}]{0,8}".prop_map(String::into_bytes),
                    Just(vec![0xc3]),
                ],
                0..6,
            ),
        ) {
            let text = parts.concat();
            let wanted: Vec<char> = needle.chars().map(fold).collect();
            let stands_at = |at: usize| {
                let valid = text[at..].utf8_chunks().next()?.valid();
                let sent = valid.chars().take(wanted.len());
                let is_there = sent.clone().map(fold).eq(wanted.iter().copied());
                is_there.then(|| at..at + sent.map(char::len_utf8).sum::<usize>())
            };
            let mut expected: Vec<Range<usize>> = Vec::new();
            let mut at = 0;
            while at < text.len() {
                let place = stands_at(at);
                at = place.as_ref().map_or(at + 1, |place| place.end);
                expected.extend(place);
            }
            prop_assert_eq!(places(&needle, &text), expected);
        }

        #[test]
        fn no_bytes_are_too_strange(needle in ".{1,3}", bytes: Vec<u8>) {
            places(&needle, &bytes);
        }
    }
}
