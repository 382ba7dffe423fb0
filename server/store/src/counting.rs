//! Counts of requests by time: the buckets of a time range, and their sums.

use hookglass_wire::{Count, Counts, Timestamp};

/// Which requests to count, and into which buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeRange {
    /// Microseconds since the epoch; `None` for the oldest stored request.
    pub from: Option<i64>,
    /// Exclusive. If this is `None`, requests later than `now` count as now.
    pub to: Option<i64>,
    /// The current time, microseconds since the epoch.
    pub now: i64,
    /// The number of equal buckets.
    pub buckets: u32,
}

/// The methods that are counted by name; all others count as `other`.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Returns the start of the first bucket and the end of the last one.
pub fn edges(span: &TimeRange, oldest: Option<i64>) -> (i64, i64) {
    let to = span.to.unwrap_or(span.now);
    let from = span.from.or(oldest).unwrap_or(to);
    // At least a microsecond per bucket, so that no bucket is empty by construction.
    let least = i64::from(span.buckets);
    if span.to.is_some() && span.from.is_none() {
        (from.min(to.saturating_sub(least)), to)
    } else {
        (from, to.max(from.saturating_add(least)))
    }
}

/// Returns counts of zero.
pub fn empty(span: &TimeRange, from: i64, to: i64, change: i64) -> Counts {
    Counts {
        from: Timestamp::from_micros(from),
        to: Timestamp::from_micros(to),
        buckets: span.buckets,
        total: 0,
        counts: Vec::new(),
        is_complete: true,
        change,
    }
}

/// Adds requests of one bucket; the buckets may come in any order.
pub fn add(counts: &mut Counts, bucket: u32, method: Option<&str>, refused: bool, requests: u64) {
    let place = match counts.counts.binary_search_by_key(&bucket, |count| count.bucket) {
        Ok(place) => place,
        Err(place) => {
            counts.counts.insert(place, Count { bucket, ..Count::default() });
            place
        }
    };
    counts.total += requests;
    let count = &mut counts.counts[place];
    count.total += requests;
    if refused {
        count.refused += requests;
    }
    let name = method.filter(|method| METHODS.contains(method)).unwrap_or("other");
    match count.methods.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known += requests,
        None => count.methods.push((name.to_owned(), requests)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: Option<i64>, to: Option<i64>) -> TimeRange {
        TimeRange { from, to, now: 1_000, buckets: 10 }
    }

    #[test]
    fn a_span_reaches_from_the_oldest_until_now_unless_told_otherwise() {
        assert_eq!(edges(&span(None, None), Some(500)), (500, 1_000));
        assert_eq!(edges(&span(Some(100), Some(200)), Some(500)), (100, 200));
        assert_eq!(edges(&span(None, None), None), (1_000, 1_010));
        assert_eq!(edges(&span(None, Some(300)), Some(500)), (290, 300));
        assert_eq!(edges(&span(Some(2_000), None), Some(500)), (2_000, 2_010));
    }

    #[test]
    fn counts_stay_in_order_of_time_whatever_comes_first() {
        let mut counts = empty(&span(None, None), 0, 1_000, 3);
        add(&mut counts, 7, Some("POST"), false, 1);
        add(&mut counts, 2, Some("post"), true, 2);
        add(&mut counts, 7, Some("POST"), true, 1);
        assert_eq!((counts.total, counts.change), (4, 3));
        let brief: Vec<_> =
            counts.counts.iter().map(|count| (count.bucket, count.total, count.refused)).collect();
        assert_eq!(brief, [(2, 2, 2), (7, 2, 1)]);
        assert_eq!(counts.counts[0].methods, [("other".to_owned(), 2)]);
        assert_eq!(counts.counts[1].methods, [("POST".to_owned(), 2)]);
    }
}
