//! Pure text formatting: sizes, ages, times, and URLs. No signals and no DOM.

pub mod count;
pub mod curl;
pub mod name;
pub mod providers;
pub mod reach;
pub mod refusal;
pub mod retention;
pub mod sample;
pub mod target;
pub mod tools;
pub mod utf16;

use crate::wire::Timestamp;

/// Decimal units, as senders and proxies state their limits.
const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Joins pieces like `concat`, with a fraction of its code.
pub(crate) fn joined(parts: &[&str]) -> String {
    parts.iter().copied().collect()
}

/// Returns a short number of bytes: exact below 1,000 (`512 B`), then one decimal, truncated and
/// never rounded up (`1.2 kB`), and none from 100 on (`240 MB`).
#[must_use]
pub fn bytes(bytes: u64) -> String {
    if bytes < 1_000 {
        return bytes.to_string() + " B";
    }
    let mut unit = 0;
    let mut tenths = bytes / 100;
    while tenths >= 10_000 {
        tenths /= 1_000;
        unit += 1;
    }
    let mut text = (tenths / 10).to_string();
    if tenths < 1_000 {
        text.push('.');
        text.push_str(&(tenths % 10).to_string());
    }
    text.push(' ');
    text.push_str(UNITS[unit]);
    text
}

/// Returns how long ago `then_ms` was: `now` within the first second and for times in the future
/// (clocks may differ), then `12 s`, `3 m`, `2 h`, `4 d`.
#[must_use]
pub fn age(now_ms: i64, then_ms: i64) -> String {
    let age_ms = now_ms.saturating_sub(then_ms);
    let (number, unit) = match age_ms {
        DAY_MS.. => (age_ms / DAY_MS, " d"),
        HOUR_MS..DAY_MS => (age_ms / HOUR_MS, " h"),
        MINUTE_MS..HOUR_MS => (age_ms / MINUTE_MS, " m"),
        SECOND_MS..MINUTE_MS => (age_ms / SECOND_MS, " s"),
        _ => return "now".to_owned(),
    };
    number.to_string() + unit
}

/// Returns how long until something expires, to the nearest unit: `expires in 7 d` a moment after
/// that was set. An expiry that has passed by the page's clock may have been extended since the
/// page last heard of it.
#[must_use]
pub fn expiry(now_ms: i64, until_ms: i64) -> String {
    let half_ms = match until_ms.saturating_sub(now_ms) {
        DAY_MS.. => DAY_MS / 2,
        HOUR_MS.. => HOUR_MS / 2,
        MINUTE_MS.. => MINUTE_MS / 2,
        _ => 0,
    };
    // The same wording as for the past, counted from the end.
    match age(until_ms.saturating_add(half_ms), now_ms).as_str() {
        "now" => "expires soon".to_owned(),
        rest => joined(&["expires in ", rest]),
    }
}

/// Returns the exact time for people: `2026-11-21 12:03:07.412345 UTC`.
#[must_use]
pub fn clock(time: Timestamp) -> String {
    let exact = time.to_string();
    exact.trim_end_matches('Z').replacen('T', " ", 1) + " UTC"
}

/// Returns the time of day in UTC, to milliseconds: `12:03:07.412`.
#[must_use]
pub fn time_of_day(time: Timestamp) -> String {
    let exact = time.to_string();
    let time = exact.split_once('T').map_or("", |(_, time)| time);
    time.get(.."12:03:07.412".len()).unwrap_or(time).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_exact_below_a_thousand_and_never_rounded_up() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_000), "1.0 kB");
        assert_eq!(bytes(1_299), "1.2 kB");
        assert_eq!(bytes(99_999), "99.9 kB");
        assert_eq!(bytes(999_999), "999 kB");
        assert_eq!(bytes(1_000_000), "1.0 MB");
        assert_eq!(bytes(25 << 20), "26.2 MB");
        assert_eq!(bytes(u64::MAX), "18.4 EB");
    }

    #[test]
    fn ages_take_the_largest_whole_unit() {
        let now = 1_800_000_000_000;
        let ages = [-5_000, 0, 999, 1_000, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000 * 4];
        let texts = ages.map(|age_ms| age(now, now - age_ms));
        assert_eq!(texts, ["now", "now", "now", "1 s", "59 s", "1 m", "59 m", "1 h", "4 d"]);
    }

    #[test]
    fn what_expires_says_when_until_its_time_is_over() {
        let now = 1_800_000_000_000;
        let (day, hour) = (86_400_000, 3_600_000);
        for (rest_ms, says) in [
            (7 * day - 1, "expires in 7 d"),
            (6 * day + 12 * hour - 1, "expires in 6 d"),
            (24 * hour - 1, "expires in 1 d"),
            (5 * hour + 5, "expires in 5 h"),
            (hour - 1, "expires in 1 h"),
            (90_000, "expires in 2 m"),
            (59_999, "expires in 59 s"),
            (999, "expires soon"),
            (0, "expires soon"),
            (-5_000, "expires soon"),
        ] {
            assert_eq!(expiry(now, now + rest_ms), says);
        }
    }

    #[test]
    fn times_are_utc_and_exact() {
        let time = Timestamp::from_micros(1_795_262_587_412_345);
        assert_eq!(clock(time), "2026-11-21 12:03:07.412345 UTC");
        assert_eq!(time_of_day(time), "12:03:07.412");
    }

    proptest! {
        #[test]
        fn no_number_is_too_strange(size: u64, now: i64, then: i64, micros: i64) {
            prop_assert!(bytes(size).len() <= 8);
            prop_assert!(!age(now, then).is_empty());
            prop_assert!(clock(Timestamp::from_micros(micros)).ends_with(" UTC"));
            let _ = time_of_day(Timestamp::from_micros(micros));
        }
    }
}
