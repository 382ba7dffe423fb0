//! Case-insensitive text search.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

/// Letters that occur in most texts: searching for a rarer one first stops less often.
const COMMON: &[u8] = b"etaoinsrhldcu \"-:/";

/// A text to find within longer text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Substring {
    /// In lower case.
    text: String,
    /// The byte to search for first; only for ASCII.
    rare: usize,
}

impl Substring {
    pub(super) fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let rare = text.bytes().position(|byte| !COMMON.contains(&byte)).unwrap_or(0);
        Self { text, rare }
    }

    pub(super) fn is_in(&self, hay: &[u8]) -> bool {
        let needle = self.text.as_bytes();
        if !needle.is_ascii() {
            let hay = String::from_utf8_lossy(hay).to_lowercase();
            return memmem::find(hay.as_bytes(), needle).is_some();
        }
        let Some(&rare) = needle.get(self.rare) else { return true };
        let upper = rare.to_ascii_uppercase();
        let mut from = self.rare;
        while let Some(rest) = hay.get(from..) {
            let found = if upper == rare { memchr(rare, rest) } else { memchr2(rare, upper, rest) };
            let Some(found) = found else { return false };
            let start = from + found - self.rare;
            match hay.get(start..start + needle.len()) {
                Some(part) if part.eq_ignore_ascii_case(needle) => return true,
                Some(_) => from += found + 1,
                None => return false,
            }
        }
        false
    }
}

/// A pattern for a whole value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Anything, including nothing.
    Present,
    Equals(String),
    Begins(String),
    Contains(Substring),
    /// Parts between stars.
    Parts(Vec<String>),
}

impl Pattern {
    /// Creates a pattern with wildcards if `text` has unquoted stars; otherwise `plain` creates it.
    pub(super) fn new(text: &str, quoted: bool, plain: impl FnOnce(String) -> Self) -> Self {
        let lower = text.to_lowercase();
        if quoted || !lower.contains('*') {
            return plain(lower);
        }
        if lower.bytes().all(|byte| byte == b'*') {
            return Self::Present;
        }
        Self::Parts(lower.split('*').map(str::to_owned).collect())
    }

    pub(super) fn matches(&self, value: &[u8]) -> bool {
        match self {
            Self::Present => true,
            Self::Equals(text) => folded(value) == *text,
            Self::Begins(text) => folded(value).starts_with(text),
            Self::Contains(needle) => needle.is_in(value),
            Self::Parts(parts) => has_parts(&folded(value), parts),
        }
    }

    /// Whether it gives `start` literally at its beginning.
    pub(super) fn names(&self, start: &[u8]) -> bool {
        let text = match self {
            Self::Equals(text) | Self::Begins(text) => Some(text),
            Self::Parts(parts) => parts.first(),
            Self::Present | Self::Contains(_) => None,
        };
        text.is_some_and(|text| text.starts_with(&*folded(start)))
    }
}

/// Folds case for comparison.
fn folded(value: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(value);
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return text;
    }
    Cow::Owned(text.to_lowercase())
}

/// Whether a text begins with the first part, ends with the last, and has the others in between.
fn has_parts(text: &str, parts: &[String]) -> bool {
    let [first, between @ .., last] = parts else { return false };
    let Some(mut rest) =
        text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()))
    else {
        return false;
    };
    for part in between {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text, false, Pattern::Equals)
    }

    #[test]
    fn stars_stand_for_anything() {
        for (text, value) in [
            ("a*", "abc"),
            ("*C", "abc"),
            ("a*c", "ABC"),
            ("*b*", "abc"),
            ("a**c", "ac"),
            ("invoice.*", "Invoice.paid"),
            ("*", ""),
        ] {
            assert!(pattern(text).matches(value.as_bytes()), "{text} {value}");
        }
        for (text, value) in [("a*", "ba"), ("ab*bc", "abc"), ("*x*", "abc"), ("a", "ab")] {
            assert!(!pattern(text).matches(value.as_bytes()), "{text} {value}");
        }
    }

    #[test]
    fn letters_beyond_ascii_have_cases_too() {
        assert!(Substring::new("GRÜSSE").is_in("Viele grüsse".as_bytes()));
        assert!(pattern("ÄÖ").matches("äö".as_bytes()));
        assert!(Substring::new("a").is_in(b"\xff\xfeA"));
    }

    proptest! {
        #[test]
        fn a_needle_is_found_where_it_is(hay in "[a-cA-C:]{0,20}", needle in "[a-cA-C:]{1,3}") {
            let expected = hay.to_lowercase().contains(&needle.to_lowercase());
            prop_assert_eq!(Substring::new(&needle).is_in(hay.as_bytes()), expected);
        }

        #[test]
        fn nothing_panics(hay: Vec<u8>, text: String) {
            Substring::new(&text).is_in(&hay);
            pattern(&text).matches(&hay);
        }
    }
}
