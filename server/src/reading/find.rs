//! Text to find, whatever its case.

use std::ops::Range;

use hookglass_app::wire::Piece;
use memchr::memmem;

use super::pieces::joined;

/// The longest text to find, in characters; more than that is cut off.
const MAX_CHARS: usize = 200;
/// How much is searched at a time: a copy in lower case is made of so much.
const CHUNK_BYTES: usize = 256 * 1024;

/// Text to find.
#[derive(Debug, Clone)]
pub(crate) struct Needle {
    /// In lower case.
    chars: Vec<char>,
    /// The same where it is ASCII, the usual case, for which there is a faster way.
    ascii: Option<Vec<u8>>,
}

impl Needle {
    /// `None` for nothing to find.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let chars: Vec<char> = text.chars().take(MAX_CHARS).map(fold).collect();
        let ascii = chars.iter().map(|&c| u8::try_from(c).ok().filter(u8::is_ascii)).collect();
        if chars.is_empty() { None } else { Some(Self { chars, ascii }) }
    }

    /// Gives each place where it stands to `take`, in order and without overlap, until that says
    /// false.
    pub(crate) fn each(&self, bytes: &[u8], mut take: impl FnMut(Range<usize>) -> bool) {
        match &self.ascii {
            Some(needle) => each_ascii(needle, bytes, &mut take),
            None => self.each_other(bytes, &mut take),
        }
    }

    /// The bytes that it writes in hex, if it does so: pairs of digits, spaces between them or not.
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

    fn each_other(&self, bytes: &[u8], take: &mut dyn FnMut(Range<usize>) -> bool) {
        let Some(&first) = self.chars.first() else { return };
        let lead = |c: char| c.encode_utf8(&mut [0; 4]).as_bytes()[0];
        let upper = lead(first.to_uppercase().next().unwrap_or(first));
        let mut at = 0;
        while let Some(next) =
            bytes.get(at..).and_then(|rest| memchr::memchr2(lead(first), upper, rest))
        {
            at += next;
            match self.length_at(&bytes[at..]) {
                Some(length) if !take(at..at + length) => return,
                Some(length) => at += length,
                None => at += 1,
            }
        }
    }

    /// How many bytes it takes at the start of `bytes`, if it stands there.
    fn length_at(&self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        for &wanted in &self.chars {
            let c = char_at(&bytes[at..])?;
            if fold(c) != wanted {
                return None;
            }
            at += c.len_utf8();
        }
        Some(at)
    }

    /// Marks the places in `pieces` where it stands as hits, across their borders too.
    pub(crate) fn mark(&self, pieces: &mut Vec<Piece>) {
        let text: String = pieces.iter().map(|piece| piece.0.as_str()).collect();
        let mut hits = Vec::new();
        self.each(text.as_bytes(), |hit| {
            hits.push(hit);
            hits.len() < 1000
        });
        if hits.is_empty() {
            return;
        }
        let mut marked = Vec::with_capacity(pieces.len() + 2 * hits.len());
        let mut start = 0;
        for Piece(text, kind) in pieces.drain(..) {
            let end = start + text.len();
            let mut at = start;
            for hit in hits.iter().filter(|hit| hit.start < end && hit.end > start) {
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
    // Where a hit may begin: not within the one before it, which may end in this chunk.
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

/// The character at the start of `bytes`.
fn char_at(bytes: &[u8]) -> Option<char> {
    let start = &bytes[..bytes.len().min(4)];
    start.utf8_chunks().next()?.valid().chars().next()
}

/// Lower case where that is one character.
fn fold(c: char) -> char {
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
        Needle::new(needle).unwrap().each(text, |place| {
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
        assert!(Needle::new("").is_none());
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
    fn hits_are_marked_across_pieces() {
        let piece = |text: &str, kind: &str| Piece(text.to_owned(), kind.to_owned());
        let mut pieces = vec![piece("\"na", "key"), piece("me\": name", "")];
        Needle::new("NAME").unwrap().mark(&mut pieces);
        let expected = [
            piece("\"", "key"),
            piece("na", "key hit"),
            piece("me", "hit"),
            piece("\": ", ""),
            piece("name", "hit"),
        ];
        assert_eq!(pieces, expected);
    }

    proptest! {
        #[test]
        fn marking_keeps_the_text(texts in prop::collection::vec("[aAbäÄ]{0,6}", 0..5), needle in "[abä]{1,3}") {
            let mut pieces: Vec<Piece> =
                texts.iter().map(|text| Piece(text.clone(), "k".to_owned())).collect();
            Needle::new(&needle).unwrap().mark(&mut pieces);
            let back: String = pieces.iter().map(|piece| piece.0.as_str()).collect();
            prop_assert_eq!(back, texts.concat());
        }

        #[test]
        fn no_bytes_are_too_strange(needle in ".{1,3}", bytes: Vec<u8>) {
            places(&needle, &bytes);
        }
    }
}
