//! Tests of the time line against counts by hand.

use proptest::prelude::*;

use super::*;
use crate::wire::Refused;

const HOUR: i64 = 3_600_000_000;
const NOON: i64 = 1_795_262_400_000_000;

fn counts(from_us: i64, to_us: i64, counts: Vec<Count>) -> Counts {
    Counts {
        from: Timestamp::from_micros(from_us),
        to: Timestamp::from_micros(to_us),
        buckets: PARTS,
        total: counts.iter().map(|count| count.total).sum(),
        counts,
        is_complete: true,
        change: 1,
    }
}

fn count(bucket: u32, method: &str, total: u64) -> Count {
    Count { bucket, total, methods: vec![(method.to_owned(), total)], refused: 0 }
}

fn at(us: i64, method: &str) -> Summary {
    Summary {
        received_at: Timestamp::from_micros(us),
        method: method.to_owned(),
        ..Summary::default()
    }
}

fn hour(found: Vec<Count>) -> Histogram {
    Histogram::new(TimeWindow::parse("1h"), &counts(NOON - HOUR, NOON, found))
}

#[test]
fn what_the_server_counted_is_shown_where_it_was() {
    let scope = hour(vec![count(0, "POST", 2), count(119, "GET", 1), count(500, "GET", 9)]);
    assert_eq!(scope.total(), 3);
    assert_eq!(scope.busiest(), Some(0));
    assert_eq!(scope.count(1, 120).total(), 1);
    assert_eq!(scope.time_of(120), Timestamp::from_micros(NOON));
}

#[test]
fn an_arrival_raises_its_tick_and_the_line_goes_on_to_it() {
    let mut scope = hour(vec![count(0, "POST", 2)]);
    scope.add(&at(NOON - 1, "PUT"));
    assert_eq!(scope.count(119, 120).total(), 1);
    // A minute later two parts of 30 s have passed, and the earliest requests have left the line.
    scope.add(&at(NOON + 60_000_000, "PUT"));
    assert_eq!(scope.ticks().len(), 120);
    assert_eq!(scope.total(), 2);
    assert_eq!(scope.count(116, 117).total(), 1);
    assert_eq!(scope.count(119, 120).total(), 1);
}

#[test]
fn a_line_of_all_loses_nothing_however_long_it_gets() {
    let mut scope =
        Histogram::new(TimeWindow::All, &counts(NOON, NOON + 1_200_000, vec![count(3, "GET", 4)]));
    for minutes in [0, 1, 60, 3_000] {
        scope.add(&at(NOON + minutes * 60_000_000, "DELETE"));
        assert!(scope.ticks().len() <= 240);
        assert!(!scope.is_behind(Timestamp::from_micros(NOON + minutes * 60_000_000)));
    }
    assert_eq!(scope.total(), 8);
    assert_eq!(scope.time_of(0), Timestamp::from_micros(NOON));
}

#[test]
fn a_fixed_span_stays_as_it_is() {
    let (from, to) = (Timestamp::from_micros(NOON - HOUR), Timestamp::from_micros(NOON));
    let fixed = TimeWindow::Between(from, to);
    let mut scope = Histogram::new(fixed, &counts(NOON - HOUR, NOON, vec![]));
    scope.add(&at(NOON + 5, "GET"));
    scope.add(&at(NOON - 2 * HOUR, "GET"));
    assert_eq!(scope.total(), 0);
    scope.add(&at(NOON - 5, "GET"));
    assert_eq!((scope.total(), scope.time_of(0)), (1, from));
}

#[test]
fn kinds_are_stacked_and_what_was_refused_is_marked_on_top() {
    let mut scope = hour(vec![]);
    for method in ["POST", "POST", "GET", "get"] {
        scope.add(&at(NOON - 1, method));
    }
    let refused = Summary {
        refused: Some(Refused { limit: "max-body".to_owned(), value: 1 }),
        ..at(NOON - 1, "POST")
    };
    scope.add(&refused);
    scope.add(&at(NOON - 1, "POST"));
    let paths = scope.paths();
    // Six are a full tick: one of GET from the bottom, four of POST on it, one of another on top.
    assert_eq!(paths[0], "M1191 1000V834h8V1000z");
    assert_eq!(paths[1], "M1191 834V167h8V834z");
    assert_eq!(paths[5], "M1191 167V0h8V167z");
    assert_eq!(paths[6], "M1191 166V0h8V166z");
    assert!(paths[2].is_empty());
}

#[test]
fn one_is_seen_beside_a_thousand() {
    let scope = hour(vec![count(0, "POST", 1_000_000), count(1, "POST", 1)]);
    let path = &scope.paths()[1];
    assert_eq!(path, "M1 1000V0h8V1000zM11 1000V910h8V1000z");
}

#[test]
fn labels_stand_at_round_times() {
    let (labels, fineness) = hour(vec![]).labels();
    let times: Vec<_> = labels.iter().map(|(_, at)| at.to_string()[11..16].to_owned()).collect();
    assert_eq!(times, ["11:10", "11:20", "11:30", "11:40", "11:50"]);
    assert_eq!(labels[0].0, 166);
    assert_eq!(fineness, Fineness::Minutes);
    assert_eq!(percent(166), "16.6%");
    let days = Histogram::new(TimeWindow::All, &counts(NOON - 120 * HOUR, NOON, vec![]));
    assert_eq!(days.labels().1, Fineness::Days);
}

proptest! {
    #[test]
    fn no_counts_are_too_strange(
        from: i64,
        to: i64,
        parts: u32,
        found in prop::collection::vec((any::<u32>(), 0..u64::MAX / 1_000_000_000), 0..5),
        now: i64,
        span in 0..3_usize,
    ) {
        let found = found.into_iter().map(|(bucket, total)| count(bucket % 130, "GET", total % 1_000_000));
        let mut counts = counts(from, to, found.collect());
        counts.buckets = parts;
        let span = [TimeWindow::All, TimeWindow::parse("1h"), TimeWindow::Between(counts.from, counts.to)][span];
        let mut scope = Histogram::new(span, &counts);
        scope.add(&at(now, "POST"));
        scope.slide(Timestamp::from_micros(now));
        prop_assert!(scope.ticks().len() <= 1_000);
        let _ = (scope.paths(), scope.labels(), scope.busiest());
    }
}
