//! The span of time that a page shows, as in the query of its URL, and the server's parameters for
//! it: pure.

use crate::{format::joined, wire::Timestamp};

/// The number of equal parts of the time line.
pub(crate) const PARTS: u32 = 120;

const MINUTE_US: i64 = 60_000_000;

/// The preset spans other than all: the word in the URL, the name, the wording in a sentence, and
/// the minutes.
pub(crate) const RECENT: [(&str, &str, &str, i64); 3] = [
    ("15m", "15 min", "in the last 15 minutes", 15),
    ("1h", "1 hour", "in the last hour", 60),
    ("1d", "1 day", "in the last day", 1_440),
];

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TimeWindow {
    /// From the oldest kept request until now.
    #[default]
    All,
    /// One of `RECENT`, until now.
    Recent(usize),
    /// From the first time to the second, exclusive.
    Between(Timestamp, Timestamp),
}

impl TimeWindow {
    /// Parses the value of `?span=`; an invalid one means all.
    pub(crate) fn parse(text: &str) -> Self {
        if let Some(index) = RECENT.iter().position(|(word, ..)| *word == text) {
            return Self::Recent(index);
        }
        let times =
            text.split_once("..").map(|(from, to)| (Timestamp::parse(from), Timestamp::parse(to)));
        match times {
            Some((Some(from), Some(to))) if from < to => Self::Between(from, to),
            _ => Self::All,
        }
    }

    /// Returns the value of `?span=`; `None` for all.
    pub(crate) fn word(self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Recent(index) => RECENT.get(index).map(|(word, ..)| (*word).to_owned()),
            Self::Between(from, to) => Some(joined(&[&written(from), "..", &written(to)])),
        }
    }

    /// Returns start and end, as far as they are fixed. A span until now ends with the current part
    /// of the time line.
    pub(crate) fn bounds(self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        match self {
            Self::All => (None, None),
            Self::Recent(index) => {
                let span_us = RECENT.get(index).map_or(0, |(.., minutes)| minutes * MINUTE_US);
                let part_us = (span_us / i64::from(PARTS)).max(1);
                let to_us = (now.as_micros().div_euclid(part_us) + 1) * part_us;
                (Some(Timestamp::from_micros(to_us - span_us)), Some(Timestamp::from_micros(to_us)))
            }
            Self::Between(from, to) => (Some(from), Some(to)),
        }
    }

    /// Returns the search for the results of `q` within the span; `None` if that is everything.
    pub(crate) fn search(self, q: Option<&str>) -> Option<String> {
        let q = q.filter(|q| !q.trim().is_empty());
        let times = match self {
            Self::All => return q.map(str::to_owned),
            Self::Recent(index) => {
                joined(&["after:-", RECENT.get(index).map_or("15m", |(word, ..)| word)])
            }
            Self::Between(from, to) => {
                joined(&["after:", &written(from), " before:", &written(to)])
            }
        };
        Some(match q {
            Some(q) => joined(&[&times, " (", q, ")"]),
            None => times,
        })
    }
}

/// Formats a time without a fraction of zero.
fn written(at: Timestamp) -> String {
    at.to_string().replace(".000000", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_span_is_read_as_it_is_written() {
        for word in ["15m", "1h", "1d", "2026-11-21T12:03:07Z..2026-11-21T12:04:00.250000Z"] {
            assert_eq!(TimeWindow::parse(word).word().as_deref(), Some(word));
        }
        for word in ["", "2h", "..", "2026-11-21T12:03:07Z..2026-11-21T12:03:07Z", "a..b"] {
            assert_eq!(TimeWindow::parse(word), TimeWindow::All, "{word}");
        }
    }

    #[test]
    fn what_ends_now_ends_with_the_part_that_has_begun() {
        let (from, to) = TimeWindow::parse("1h").bounds(at("2026-11-21T12:03:07Z"));
        assert_eq!(to, Some(at("2026-11-21T12:03:30Z")));
        assert_eq!(from, Some(at("2026-11-21T11:03:30Z")));
        assert_eq!(TimeWindow::All.bounds(at("2026-11-21T12:03:07Z")), (None, None));
    }

    #[test]
    fn a_search_is_narrowed_to_the_span() {
        let between = TimeWindow::parse("2026-11-21T12:00:00Z..2026-11-21T13:00:00Z");
        assert_eq!(TimeWindow::All.search(None), None);
        assert_eq!(TimeWindow::All.search(Some("  ")), None);
        assert_eq!(TimeWindow::All.search(Some("a OR b")).as_deref(), Some("a OR b"));
        assert_eq!(TimeWindow::parse("1d").search(None).as_deref(), Some("after:-1d"));
        let whole = between.search(Some("a OR b")).unwrap();
        assert_eq!(whole, "after:2026-11-21T12:00:00Z before:2026-11-21T13:00:00Z (a OR b)");
    }
}
