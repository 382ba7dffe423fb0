//! Positions in a text as browsers count them: in UTF-16 code units.

/// Splits text into the parts before, within and after a range. Positions past the end count as the
/// end.
#[must_use]
pub fn split(text: &str, start: u32, end: u32) -> (&str, &str, &str) {
    let (before, rest) = text.split_at(byte_at(text, start));
    let (within, behind) = rest.split_at(byte_at(rest, end.saturating_sub(start)));
    (before, within, behind)
}

fn byte_at(text: &str, units: u32) -> usize {
    let mut seen = 0;
    for (at, character) in text.char_indices() {
        if seen >= units {
            return at;
        }
        seen += if character.len_utf16() == 1 { 1 } else { 2 };
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_are_counted_as_browsers_do() {
        assert_eq!(split("a:b c", 2, 3), ("a:", "b", " c"));
        assert_eq!(split("ö𝄞x", 1, 3), ("ö", "𝄞", "x"));
        assert_eq!(split("ab", 2, 2), ("ab", "", ""));
        assert_eq!(split("ab", 9, 3), ("ab", "", ""));
    }

    proptest! {
        #[test]
        fn the_parts_are_the_whole(text: String, start: u32, end in 0..40_u32) {
            let (before, within, behind) = split(&text, start % 40, end);
            prop_assert_eq!([before, within, behind].concat(), text.clone());
        }
    }
}
