//! Decimal numbers of any length, compared exactly: `123456789012345678901` differs from its
//! neighbours.

use std::cmp::Ordering;

/// A number as written. Numbers of equal value are equal in any notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: Vec<u8>,
    /// The value is 0.digits × 10^point.
    point: i64,
}

impl Decimal {
    /// Parses a number in JSON notation (RFC 8259 §6), optionally with a leading `+` or zeros.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mark = rest.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = match mark {
            Some(at) => {
                let exponent: i32 = std::str::from_utf8(&rest[at + 1..]).ok()?.parse().ok()?;
                (&rest[..at], i64::from(exponent))
            }
            None => (rest, 0),
        };
        let dot = mantissa.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match dot {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &[][..]),
        };
        if whole.is_empty() || (dot.is_some() && fraction.is_empty()) {
            return None;
        }
        let mut digits = [whole, fraction].concat();
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..leading);
        let trailing = digits.iter().rev().take_while(|digit| **digit == b'0').count();
        digits.truncate(digits.len() - trailing);
        if digits.is_empty() {
            return Some(Self { negative: false, digits, point: 0 });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()? + exponent;
        Some(Self { negative, digits, point })
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            let magnitude =
                self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
            if self.negative { magnitude.reverse() } else { magnitude }
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn neighbours_that_floats_cannot_tell_apart_are_told_apart() {
        assert_ne!(number("123456789012345678901"), number("123456789012345678902"));
        assert!(number("0.1000000000000000000001") > number("0.1"));
    }

    #[test]
    fn one_value_is_equal_however_it_is_written() {
        for same in ["100", "1e2", "100.0", "1E+2", "0.1e3", "0100", "+100"] {
            assert_eq!(number(same), number("100"), "{same}");
        }
        assert_eq!(number("-0.0"), number("0e9"));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".5", "5.", "1e", "1e99999999999", "0x10", "1_000", "١", "NaN"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_values(one in -1_000_000_i64..1_000_000, other: i32) {
            let (a, b) = (number(&one.to_string()), number(&other.to_string()));
            prop_assert_eq!(a.cmp(&b), one.cmp(&i64::from(other)));
        }

        #[test]
        fn nothing_panics(text in "[-+0-9.eE]{0,12}|.{0,12}") {
            let _ = Decimal::parse(&text);
        }
    }
}
