//! Parses the range of a request for a body (RFC 9110 §14). Pure.

use std::ops::Range;

use axum::http::{HeaderMap, Method, header};

/// Returns the requested range of `length` bytes, never empty. `None` for the whole body, also for
/// several ranges, an invalid one, or any `If-Range`: the body has no validator, so none matches.
///
/// # Errors
/// `Past` if the range is beyond the end.
pub(super) fn asked(
    method: &Method,
    headers: &HeaderMap,
    length: u64,
) -> Result<Option<Range<u64>>, Past> {
    let mut fields = headers.get_all(header::RANGE).iter();
    let (Some(range), None) = (fields.next(), fields.next()) else { return Ok(None) };
    if *method != Method::GET || headers.contains_key(header::IF_RANGE) {
        return Ok(None);
    }
    match range.to_str().ok().and_then(read) {
        None => Ok(None),
        Some(Spec::Last(0)) => Err(Past),
        // An empty range cannot be expressed.
        Some(Spec::Last(_)) if length == 0 => Ok(None),
        Some(Spec::Last(bytes)) => Ok(Some(length.saturating_sub(bytes)..length)),
        Some(Spec::From(first, _)) if first >= length => Err(Past),
        Some(Spec::From(first, last)) => Ok(Some(first..last.saturating_add(1).min(length))),
    }
}

/// The requested range is beyond the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Past;

enum Spec {
    /// First and last byte, inclusive.
    From(u64, u64),
    /// The number of bytes at the end.
    Last(u64),
}

fn read(text: &str) -> Option<Spec> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    match (first, last) {
        ("", bytes) => number(bytes).map(Spec::Last),
        (first, "") => Some(Spec::From(number(first)?, u64::MAX)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::From(first, last))
        }
    }
}

/// Parses digits; a number that is too large is larger than any body, too.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(range: &'static str, length: u64) -> Result<Option<Range<u64>>, Past> {
        let headers = [(header::RANGE, HeaderValue::from_static(range))].into_iter().collect();
        asked(&Method::GET, &headers, length)
    }

    #[test]
    fn a_range_is_cut_to_what_there_is() {
        for (range, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=1-3", 1..4),
            ("Bytes= 3- ", 3..5),
            ("bytes=2-99999999999999999999999", 2..5),
            ("bytes=-2", 3..5),
            ("bytes=-5", 0..5),
            ("bytes=-500", 0..5),
            ("bytes=-99999999999999999999999", 0..5),
        ] {
            assert_eq!(of(range, 5), Ok(Some(expected)), "{range}");
        }
    }

    #[test]
    fn a_range_past_the_end_is_refused() {
        for range in ["bytes=5-", "bytes=5-9", "bytes=99999999999999999999999-", "bytes=-0"] {
            assert_eq!(of(range, 5), Err(Past), "{range}");
        }
        assert_eq!(of("bytes=0-", 0), Err(Past));
        assert_eq!(of("bytes=-1", 0), Ok(None));
    }

    #[test]
    fn what_is_no_single_range_gets_the_whole() {
        for range in [
            "bytes=3-1",
            "bytes=x",
            "bytes=-",
            "bytes=",
            "bytes",
            "bytes=+1-2",
            "bytes=1--2",
            "bytes=0-1,3-4",
            "bytes=0-1,",
            "lines=0-1",
        ] {
            assert_eq!(of(range, 5), Ok(None), "{range}");
        }
        let range = (header::RANGE, HeaderValue::from_static("bytes=0-1"));
        let one: HeaderMap = [range.clone()].into_iter().collect();
        assert_eq!(asked(&Method::HEAD, &one, 5), Ok(None));
        assert_eq!(asked(&Method::GET, &HeaderMap::new(), 5), Ok(None));
        let mut twice = one.clone();
        twice.append(range.0.clone(), range.1.clone());
        assert_eq!(asked(&Method::GET, &twice, 5), Ok(None));
        let version = (header::IF_RANGE, HeaderValue::from_static("\"abc\""));
        let held: HeaderMap = [range, version].into_iter().collect();
        assert_eq!(asked(&Method::GET, &held, 5), Ok(None));
    }
}
