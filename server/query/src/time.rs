//! Parses times and sizes as people write them.

use hookglass_wire::Timestamp;
use serde::{Deserialize as _, de::value::StrDeserializer};

const SECOND_US: i64 = 1_000_000;
const DAY_S: i64 = 86_400;

/// The suffixes of sizes, longer ones first, and their bytes.
const SIZES: [(&str, f64); 11] = [
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("k", 1e3),
    ("m", 1e6),
    ("g", 1e9),
    ("b", 1.0),
    ("", 1.0),
];

/// Parses a time: RFC 3339, a date or date and time in UTC, or relative as in `-1h`.
pub(super) fn time(text: &str, now_us: i64) -> Option<i64> {
    if let Some(seconds) = ago(text) {
        return Some(now_us.saturating_sub(seconds.saturating_mul(SECOND_US)));
    }
    if matches!(text, "now" | "NOW") {
        return Some(now_us);
    }
    ["", "Z", ":00Z", "T00:00:00Z"].iter().find_map(|rest| {
        let text = format!("{text}{rest}");
        let text = StrDeserializer::<serde::de::value::Error>::new(&text);
        Timestamp::deserialize(text).ok().map(Timestamp::as_micros)
    })
}

/// Parses seconds before now: `-15m`, also without the sign.
fn ago(text: &str) -> Option<i64> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => DAY_S,
        "w" => 7 * DAY_S,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Parses a size in bytes: `512`, `10k`, `1.5MB`, `64KiB`.
pub(super) fn size(text: &str) -> Option<i64> {
    let text = text.to_ascii_lowercase();
    let (number, factor) = SIZES
        .iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, factor)))?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    if let (Ok(whole), true) = (number.parse::<i64>(), *factor <= 1.0) {
        return Some(whole);
    }
    let bytes = number.parse::<f64>().ok()? * factor;
    #[expect(clippy::cast_possible_truncation, reason = "it lies far within what i64 holds")]
    (bytes < 1e18).then_some(bytes.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_262_587_000_000;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(time("-1h", NOW), Some(NOW - 3_600 * SECOND_US));
        assert_eq!(time("15m", NOW), Some(NOW - 900 * SECOND_US));
        assert_eq!(time("-2d", NOW), Some(NOW - 2 * DAY_S * SECOND_US));
        assert_eq!(time("1970-01-02", NOW), Some(DAY_S * SECOND_US));
        assert_eq!(time("1970-01-01T00:01", NOW), Some(60 * SECOND_US));
        assert_eq!(time("1970-01-01T00:00:05", NOW), Some(5 * SECOND_US));
        assert_eq!(time("1970-01-01T01:00:00+01:00", NOW), Some(0));
        for wrong in ["", "-", "1x", "yesterday", "2026-13-01", "99999999999999999999d"] {
            assert_eq!(time(wrong, NOW), None, "{wrong}");
        }
        assert_eq!(time("-9223372036854775807s", NOW), Some(NOW.saturating_sub(i64::MAX)));
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("10k", 10_000),
            ("10K", 10_000),
            ("1.5MB", 1_500_000),
            ("64KiB", 65_536),
            ("1MiB", 1_048_576),
            ("9007199254740993", 9_007_199_254_740_993),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for wrong in ["", "k", "ten", "-1", "1..2k", "1e3", "99999999999999999999"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
