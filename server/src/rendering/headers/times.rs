//! Makes times in header values readable: HTTP dates, and seconds or milliseconds since 1970 in
//! headers that are known to hold a time.

use std::time::UNIX_EPOCH;

use hookglass_wire::Timestamp;

/// Returns the time in a value, as `2026-11-21 11:52:49 UTC, 2 s before it came`, if there is one.
pub(crate) fn readable(name: &str, value: &str, received_at: Timestamp) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let value = value.trim();
    if value.len() > 200 {
        return None;
    }
    let time = match name.as_str() {
        "date"
        | "expires"
        | "last-modified"
        | "if-modified-since"
        | "if-unmodified-since"
        | "if-range"
        | "retry-after" => http_date(value)?,
        "stripe-signature" => since_epoch(parameter(value, ',', "t")?)?,
        "paddle-signature" => since_epoch(parameter(value, ';', "ts")?)?,
        "signature-input" | "signature" => since_epoch(parameter(value, ';', "created")?)?,
        _ if is_time(&name) => since_epoch(value)?,
        _ => return None,
    };
    // `2021-02-25T15:02:10.500000Z`
    let written = time.to_string();
    let (date, clock) = written.trim_end_matches('Z').split_once('T')?;
    let clock = clock.trim_end_matches('0').trim_end_matches('.');
    // Keep the trailing zero of whole tens of seconds.
    let clock = if written.contains(".000000") { written.get(11..19)? } else { clock };
    Some(format!("{date} {clock} UTC, {}", distance(time, received_at)))
}

/// The difference between a time and the arrival of the request.
fn distance(time: Timestamp, received_at: Timestamp) -> String {
    let micros = received_at.as_micros().saturating_sub(time.as_micros());
    let seconds = micros.unsigned_abs() / 1_000_000;
    let (count, unit) = match seconds {
        0 => return "the second it came".to_owned(),
        1..=119 => (seconds, "s"),
        120..=7199 => (seconds / 60, "min"),
        7200..=172_799 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    let side = if micros > 0 { "before" } else { "after" };
    format!("{count} {unit} {side} it came")
}

/// Whether the header is known to hold a time.
fn is_time(name: &str) -> bool {
    ["timestamp", "-time", "triggered-at", "-date", "x-request-start", "x-queue-start"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Parses an HTTP date (RFC 9110 §5.6.7): three forms, nearly always the first.
fn http_date(value: &str) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(value).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(i64::try_from(since.as_micros()).ok()?))
}

/// Parses seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their
/// magnitude; seconds may have a fraction.
fn since_epoch(value: &str) -> Option<Timestamp> {
    let value = value.strip_prefix("t=").unwrap_or(value);
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let micros = match whole.len() {
        9 | 10 => {
            let fraction: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
            number.checked_mul(1_000_000)?.checked_add(fraction)?
        }
        12 | 13 => number.checked_mul(1000)?,
        15 | 16 => number,
        18 | 19 => number / 1000,
        _ => return None,
    };
    Some(Timestamp::from_micros(micros))
}

/// Returns the value of `name=` in a list.
fn parameter<'a>(list: &'a str, separator: char, name: &str) -> Option<&'a str> {
    let mut items = list.split(separator).map(str::trim);
    items.find_map(|item| item.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2021-02-25 15:02:12 UTC
    fn read(name: &str, value: &str) -> Option<String> {
        readable(name, value, Timestamp::from_micros(1_614_265_332_000_000))
    }

    #[test]
    fn times_are_read_in_each_of_their_forms() {
        for (name, value, expected) in [
            (
                "Date",
                "Sun, 06 Nov 1994 08:49:37 GMT",
                "1994-11-06 08:49:37 UTC, 9608 days before it came",
            ),
            (
                "Stripe-Signature",
                "t=1614265330,v1=abc",
                "2021-02-25 15:02:10 UTC, 2 s before it came",
            ),
            (
                "Paddle-Signature",
                "ts=1614265330;h1=abc",
                "2021-02-25 15:02:10 UTC, 2 s before it came",
            ),
            ("webhook-timestamp", "1614265330", "2021-02-25 15:02:10 UTC, 2 s before it came"),
            (
                "X-HubSpot-Request-Timestamp",
                "1614265330123",
                "2021-02-25 15:02:10.123 UTC, 1 s before it came",
            ),
            (
                "X-Request-Start",
                "t=1614269330.5",
                "2021-02-25 16:08:50.5 UTC, 66 min after it came",
            ),
            (
                "signature-input",
                "sig1=(\"@method\");created=1614265330",
                "2021-02-25 15:02:10 UTC, 2 s before it came",
            ),
        ] {
            assert_eq!(read(name, value).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_time_is_left_alone() {
        for (name, value) in [
            ("x-request-id", "1614265330"),
            ("date", "yesterday"),
            ("webhook-timestamp", "soon"),
            ("webhook-timestamp", "12"),
            ("webhook-timestamp", ""),
            ("stripe-signature", "v1=abc"),
        ] {
            assert_eq!(read(name, value), None, "{name}: {value}");
        }
    }

    proptest! {
        #[test]
        fn no_value_is_too_strange(value in ".{0,30}|[0-9.]{0,25}|t=[0-9]{0,20}") {
            for name in ["date", "webhook-timestamp", "stripe-signature", "signature-input"] {
                read(name, &value);
            }
        }
    }
}
