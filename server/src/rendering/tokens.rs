//! Finds unsigned credentials in JSON in every form in which it is shown: anyone who reads one can
//! impersonate the sender.

use std::ops::Range;

use memchr::memmem;

use super::{
    json::{space_end, string_end},
    pieces::SpanBuilder,
};

/// The kind of a token's pieces, in addition to their own.
pub(crate) const TOKEN: &str = "secret token";
/// The members that hold a token, of Microsoft Graph and Notion.
const MEMBERS: [&str; 2] = ["clientState", "verification_token"];
/// The most tokens; everything after them is treated as one token.
const MOST: usize = 10_000;

/// Whether the member with this key, without quotes, holds a token.
pub(crate) fn is_member(key: &[u8]) -> bool {
    MEMBERS.iter().any(|member| member.as_bytes() == key)
}

/// How the value at a path is marked; empty for most.
pub(crate) fn secrecy(path: &str) -> &'static str {
    let key = path.rsplit('.').next().unwrap_or_default();
    if is_member(key.as_bytes()) { TOKEN } else { "" }
}

/// The tokens in some bytes, in order.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Vec<Range<usize>>);

impl Tokens {
    /// Finds the tokens, even in invalid JSON; an unterminated token extends to the end of its
    /// line.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut tokens: Vec<Range<usize>> = Vec::new();
        for member in MEMBERS {
            let finder = memmem::Finder::new(member);
            let mut line_end = 0;
            let values = finder.find_iter(bytes);
            let values = values.filter_map(|at| value(bytes, at, member.len(), &mut line_end));
            let before = tokens.len();
            tokens.extend(values.take(MOST));
            if tokens.len() - before == MOST
                && let Some(last) = tokens.last_mut()
            {
                last.end = bytes.len();
            }
        }
        tokens.sort_unstable_by_key(|token| token.start);
        // A match inside a token is part of it.
        tokens.dedup_by(|token, before| {
            let is_within = token.start < before.end;
            if is_within {
                before.end = before.end.max(token.end);
            }
            is_within
        });
        tokens.truncate(MOST);
        if let Some(last) = tokens.get_mut(MOST - 1) {
            last.end = bytes.len();
        }
        Self(tokens)
    }

    /// The memory use.
    pub(crate) const fn weight(&self) -> usize {
        self.0.capacity() * size_of::<Range<usize>>()
    }

    /// Splits a range of the bytes where tokens start or end; returns whether each part is in a
    /// token.
    pub(crate) fn cut(&self, stretch: Range<usize>) -> Vec<(Range<usize>, bool)> {
        let mut cut = Vec::new();
        let mut at = stretch.start;
        let first = self.0.partition_point(|token| token.end <= stretch.start);
        for token in self.0.get(first..).unwrap_or_default() {
            if token.start >= stretch.end {
                break;
            }
            let (start, end) = (token.start.max(at), token.end.min(stretch.end));
            if at < start {
                cut.push((at..start, false));
            }
            if start < end {
                cut.push((start..end, true));
                at = end;
            }
        }
        if at < stretch.end {
            cut.push((at..stretch.end, false));
        }
        cut
    }

    /// Adds a slice of the bytes, which starts at `start`, to pieces of a kind.
    pub(crate) fn push(&self, pieces: &mut SpanBuilder, kind: &str, stretch: &[u8], start: usize) {
        for (range, is_token) in self.cut(start..start + stretch.len()) {
            let bytes = &stretch[range.start - start..range.end - start];
            if is_token {
                pieces.push_bytes(&marked(kind), bytes);
            } else {
                pieces.push_bytes(kind, bytes);
            }
        }
    }
}

/// A kind that is also marked as a token.
pub(crate) fn marked(kind: &str) -> String {
    if kind.is_empty() { TOKEN.to_owned() } else { format!("{kind} {TOKEN}") }
}

/// Returns the range of the value, without quotes, of a key of this length at `at`. `line_end`
/// caches the last line end found by an earlier call, or 0: a line may be as long as the text and
/// have an unterminated token every few bytes.
fn value(bytes: &[u8], at: usize, length: usize, line_end: &mut usize) -> Option<Range<usize>> {
    let end = at + length;
    if bytes.get(at.checked_sub(1)?) != Some(&b'"') || bytes.get(end) != Some(&b'"') {
        return None;
    }
    let colon = space_end(bytes, end + 1);
    if bytes.get(colon) != Some(&b':') {
        return None;
    }
    let quote = space_end(bytes, colon + 1);
    if bytes.get(quote) != Some(&b'"') {
        return None;
    }
    let end = match string_end(bytes, quote) {
        Ok(end) => end - 1,
        Err(_) => {
            if *line_end < quote {
                let next = memchr::memchr(b'\n', &bytes[quote..]);
                *line_end = next.map_or(bytes.len(), |next| quote + next);
            }
            *line_end
        }
    };
    (quote + 1 < end).then_some(quote + 1..end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hidden(text: &str) -> Vec<&str> {
        Tokens::of(text.as_bytes()).0.iter().map(|token| &text[token.clone()]).collect()
    }

    #[test]
    fn tokens_are_found_however_they_are_written() {
        assert_eq!(
            hidden(r#"{"clientState":"s3","a":{"verification_token" : "x\"y"}}"#),
            ["s3", r#"x\"y"#]
        );
        assert_eq!(hidden("{\"clientState\"\n:\t\"s3\"}"), ["s3"]);
        assert_eq!(hidden("{\"clientState\":\"cut off"), ["cut off"]);
        assert_eq!(hidden("{\"clientState\":\"broken\nnext"), ["broken"]);
        for other in [
            r#"{"clientState":null,"myclientState":"x","a":"clientState"}"#,
            r#"clientState: "x""#,
            r#"{"clientState":""}"#,
        ] {
            assert_eq!(hidden(other), [""; 0], "{other}");
        }
    }

    #[test]
    fn tokens_that_do_not_end_take_no_time() {
        let broken = br#""clientState":"\q "#;
        let line = [broken.repeat(MOST - 1).as_slice(), &b" ".repeat(4_000_000)].concat();
        let text = [line.as_slice(), b"\n", broken].concat();
        let ends: Vec<_> = Tokens::of(&text).0.iter().map(|token| token.end).collect();
        assert_eq!(ends, [line.len(), text.len()]);
    }

    #[test]
    fn paths_name_them_too() {
        assert_eq!(secrecy("clientState"), TOKEN);
        assert_eq!(secrecy("value[0].clientState"), TOKEN);
        assert_eq!(secrecy("value.myclientState"), "");
        assert_eq!(secrecy(""), "");
    }

    #[test]
    fn too_many_hide_the_rest() {
        let text = r#""clientState":"x","#.repeat(MOST + 5);
        let tokens = Tokens::of(text.as_bytes());
        assert_eq!(tokens.0.len(), MOST);
        assert_eq!(tokens.0.last().unwrap().end, text.len());
        // Also if nearly all of the text is one unterminated token.
        let text = format!("{}\n{text}", r#""clientState":"\q "#.repeat(MOST));
        assert_eq!(Tokens::of(text.as_bytes()).0.last().unwrap().end, text.len());
    }

    proptest! {
        #[test]
        fn pieces_together_are_the_stretch(
            text in "(\"clientState\"|\"verification_token\"|:|\"ab\"|\"|\n| ){0,30}",
            from in 0_usize..100,
            length in 0_usize..100,
        ) {
            let tokens = Tokens::of(text.as_bytes());
            let from = from.min(text.len());
            let to = (from + length).min(text.len());
            let mut at = from;
            for (piece, _) in tokens.cut(from..to) {
                prop_assert_eq!(piece.start, at);
                prop_assert!(piece.end > at);
                at = piece.end;
            }
            prop_assert_eq!(at, to);
        }

        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            Tokens::of(&bytes);
        }
    }
}
