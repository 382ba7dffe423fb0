//! Points in time on the wire. Parsed and formatted by hand: a calendar library would be larger in
//! the browser half than all other wire types together.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::json::{Readable, Reader, Unreadable};

const SECOND_US: i64 = 1_000_000;
const DAY_S: i64 = 86_400;

/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z, the range of RFC 3339.
const WRITABLE_US: std::ops::RangeInclusive<i64> =
    -62_167_219_200_000_000..=253_402_300_799_999_999;

/// A point in time, as RFC 3339 in UTC with microseconds: `2026-11-21T12:03:07.412000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// Returns the time `micros` microseconds after 1970-01-01T00:00:00Z, or the epoch for times
    /// outside the years 0 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self { micros: if WRITABLE_US.contains(&micros) { micros } else { 0 } }
    }

    /// Returns the current time. Not in the browser, where the standard library has no clock.
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.micros
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded towards the past, as in JavaScript's
    /// `Date`.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.micros.div_euclid(1_000)
    }

    /// Parses RFC 3339 with any offset; truncates to microseconds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.as_bytes();
        let year = digits(&mut rest, 4)?;
        mark(&mut rest, b"-")?;
        let month = digits(&mut rest, 2)?;
        mark(&mut rest, b"-")?;
        let day = digits(&mut rest, 2)?;
        mark(&mut rest, b"Tt ")?;
        let hour = digits(&mut rest, 2)?;
        mark(&mut rest, b":")?;
        let minute = digits(&mut rest, 2)?;
        mark(&mut rest, b":")?;
        let second = digits(&mut rest, 2)?;
        let micros = fraction(&mut rest)?;
        let offset_s = offset_s(&mut rest)?;
        if !(1..=12).contains(&month) || day < 1 || day > month_days(year, month) {
            return None;
        }
        // A leap second equals the second before it, as in POSIX time.
        if hour > 23 || minute > 59 || second > 60 || !rest.is_empty() {
            return None;
        }
        let time_s = hour * 3_600 + minute * 60 + second.min(59);
        let seconds = days_from_civil(year, month, day) * DAY_S + time_s - offset_s;
        let micros = seconds * SECOND_US + micros;
        WRITABLE_US.contains(&micros).then_some(Self { micros })
    }
}

impl From<SystemTime> for Timestamp {
    /// Times before 1970 become the epoch.
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or_default())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.micros.div_euclid(SECOND_US);
        let (year, month, day) = civil_from_days(seconds.div_euclid(DAY_S));
        let time_s = seconds.rem_euclid(DAY_S);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
            time_s / 3_600,
            time_s / 60 % 60,
            time_s % 60,
            self.micros.rem_euclid(SECOND_US),
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::invalid_value(de::Unexpected::Str(&text), &"an RFC 3339 date and time")
        })
    }
}

impl Readable for Timestamp {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        *self = Self::parse(&reader.string()?).ok_or(Unreadable)?;
        Ok(())
    }
}

/// Consumes exactly `count` digits.
fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (digits, after) = rest.split_at_checked(count)?;
    *rest = after;
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// Consumes one byte that is in `marks`.
fn mark(rest: &mut &[u8], marks: &[u8]) -> Option<u8> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    marks.contains(&first).then_some(first)
}

/// Consumes the fraction of a second, if there is one, and returns it in microseconds.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let Some(after) = rest.strip_prefix(b".") else { return Some(0) };
    let length = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = after.split_at_checked(length).filter(|_| length > 0)?;
    *rest = after;
    let places = digits.iter().map(|digit| i64::from(digit - b'0')).chain(std::iter::repeat(0));
    Some(places.take(6).fold(0, |micros, place| micros * 10 + place))
}

/// Consumes `Z` or an offset from UTC, and returns it in seconds.
fn offset_s(rest: &mut &[u8]) -> Option<i64> {
    let sign = match mark(rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hours = digits(rest, 2).filter(|hours| *hours < 24)?;
    mark(rest, b":")?;
    let minutes = digits(rest, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3_600 + minutes * 60))
}

const fn month_days(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns the days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms").
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of `days_from_civil`: year, month and day.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn micros(text: &str) -> Option<i64> {
        Timestamp::parse(text).map(Timestamp::as_micros)
    }

    #[test]
    fn the_epoch_and_the_ends_of_time_are_written_in_full() {
        let text = |micros| Timestamp::from_micros(micros).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(text(*WRITABLE_US.start()), "0000-01-01T00:00:00.000000Z");
        assert_eq!(text(*WRITABLE_US.end()), "9999-12-31T23:59:59.999999Z");
        assert_eq!(text(i64::MAX), text(0));
        assert_eq!(Timestamp::from_micros(-1).as_millis(), -1);
    }

    #[test]
    fn other_writings_of_a_time_are_read() {
        let expected = micros("2026-11-21T12:03:07.412000Z");
        assert_eq!(expected, Some(1_795_262_587_412_000));
        assert_eq!(micros("2026-11-21t13:03:07.412+01:00"), expected);
        assert_eq!(micros("2026-11-21 12:03:07.4120009z"), expected);
        assert_eq!(micros("2016-12-31T23:59:60Z"), micros("2016-12-31T23:59:59Z"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T12:03:07",
            "2026-11-21T12:03:07.Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00Z ",
            "2026-01-01T00:00:00+2400",
            "0000-01-01T00:00:00+01:00",
            "+026-01-01T00:00:00Z",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_is_read_back_and_a_calendar_agrees(time in WRITABLE_US) {
            let text = Timestamp::from_micros(time).to_string();
            prop_assert_eq!(micros(&text), Some(time));
            // The last day that `jiff` supports ends a little earlier.
            if let Ok(judge) = jiff::Timestamp::from_microsecond(time) {
                prop_assert_eq!(text, format!("{judge:.6}"));
            }
        }

        #[test]
        fn no_text_is_too_strange(text: String, near in "[0-9TZ:.+-]{19,30}") {
            micros(&text);
            micros(&near);
        }
    }
}
