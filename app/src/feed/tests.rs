//! Tests of the feed's state against a small model of the store: regardless of losses, repetitions
//! and reordering, the page ends up with the store's content.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::wire::{OnLimit, Text, Timestamp};

const OWN: &str = "own";

fn summary(seq: i64) -> Summary {
    Summary {
        endpoint: OWN.to_owned(),
        seq,
        received_at: Timestamp::from_micros(seq),
        method: "POST".to_owned(),
        target: Text::from("/own"),
        remote_addr: "127.0.0.1".to_owned(),
        content_type: None,
        body_bytes: 0,
        complete: true,
        refused: None,
        label: None,
        ..Summary::default()
    }
}

fn endpoint(requests: u64, last_seq: i64) -> Endpoint {
    Endpoint {
        id: OWN.to_owned(),
        url: "http://here/own".to_owned(),
        inspect_url: "http://here/inspect/own".to_owned(),
        name: None,
        created_at: Timestamp::from_micros(0),
        expires_at: None,
        requests,
        last_seq,
        max_requests: 10_000,
        on_limit: OnLimit::DropOldest,
        dropped_through: 0,
        answers: None,
        key: None,
    }
}

/// A state with these requests loaded and `unloaded` more below them.
fn state(seqs: &[i64], next_before: Option<i64>, unloaded: u64) -> FeedState {
    let page = Page {
        requests: seqs.iter().copied().map(summary).collect(),
        next_before,
        next_after: None,
        change: 100,
    };
    FeedState::new(endpoint(seqs.len() as u64 + unloaded, seqs.first().copied().unwrap_or(0)), page)
}

fn seqs(state: &FeedState) -> Vec<i64> {
    state.requests.iter().map(|summary| summary.seq).collect()
}

fn deleted(seqs: &[i64]) -> FeedEvent {
    FeedEvent::Deleted { endpoint: OWN.to_owned(), seqs: seqs.to_vec() }
}

#[test]
fn an_arrival_is_put_on_top_once_and_counted_once() {
    let mut state = state(&[2, 1], None, 0);
    for _ in 0..2 {
        state.apply(Some(101), &FeedEvent::Captured(summary(3)));
    }
    assert_eq!(seqs(&state), [3, 2, 1]);
    assert_eq!((state.endpoint.requests, state.endpoint.last_seq, state.change), (3, 3, 101));
}

#[test]
fn an_arrival_overtaken_by_another_finds_its_place() {
    let mut state = state(&[2, 1], None, 0);
    state.apply(Some(102), &FeedEvent::Captured(summary(4)));
    state.apply(Some(101), &FeedEvent::Captured(summary(3)));
    assert_eq!(seqs(&state), [4, 3, 2, 1]);
    assert_eq!(state.change, 102);
}

#[test]
fn what_was_deleted_does_not_come_back_by_feed_or_page() {
    let mut state = state(&[9, 8], Some(8), 7);
    state.apply(Some(101), &deleted(&[8, 5]));
    state.apply(Some(101), &deleted(&[8, 5]));
    state.apply(Some(90), &FeedEvent::Captured(summary(8)));
    assert_eq!(seqs(&state), [9]);
    assert_eq!(state.endpoint.requests, 7);
    assert_eq!([9, 8, 7, 5].map(|seq| state.is_deleted(seq)), [false, true, false, true]);
    let requests = [7, 6, 5, 4].map(summary).to_vec();
    state.append(Page { requests, next_before: None, next_after: None, change: 100 });
    assert_eq!(seqs(&state), [9, 7, 6, 4]);
    assert_eq!(state.endpoint.requests, 4);
}

#[test]
fn an_old_arrival_below_the_loaded_pages_leaves_no_hole() {
    let mut state = state(&[60, 59], Some(59), 58);
    state.apply(Some(50), &FeedEvent::Captured(summary(20)));
    assert_eq!(seqs(&state), [60, 59]);
    assert_eq!(state.next_before, Some(59));
    assert_eq!(state.endpoint.requests, 60);
}

#[test]
fn an_update_of_what_is_not_loaded_changes_nothing() {
    let mut state = state(&[60, 59], Some(59), 58);
    let before = state.clone();
    state.apply(Some(100), &FeedEvent::Updated(summary(20)));
    state.apply(Some(100), &FeedEvent::Updated(summary(61)));
    assert_eq!(state, before);
}

#[test]
fn an_older_update_does_not_undo_a_newer_one() {
    let named = |label: &str| Summary { label: Some(label.to_owned()), ..summary(2) };
    let mut state = state(&[2, 1], None, 0);
    state.apply(Some(102), &FeedEvent::Updated(named("new")));
    state.apply(Some(101), &FeedEvent::Updated(named("old")));
    state.apply(Some(99), &FeedEvent::Captured(summary(2)));
    assert_eq!(state.requests[0].label.as_deref(), Some("new"));
}

#[test]
fn retention_takes_from_the_end_and_moves_the_cursor() {
    let mut state = state(&[100, 99], Some(99), 98);
    state.apply(Some(101), &FeedEvent::Dropped { endpoint: OWN.to_owned(), below: 11 });
    assert_eq!((state.endpoint.requests, state.next_before), (90, Some(99)));
    state.apply(Some(102), &FeedEvent::Dropped { endpoint: OWN.to_owned(), below: 100 });
    assert_eq!((seqs(&state), state.next_before), (vec![100], None));
    assert_eq!(state.endpoint.requests, 1);
    state.apply(Some(101), &FeedEvent::Dropped { endpoint: OWN.to_owned(), below: 11 });
    assert_eq!(seqs(&state), [100]);
}

#[test]
fn clearing_leaves_newer_arrivals_alone() {
    let mut state = state(&[5, 4], Some(4), 3);
    state.apply(Some(102), &FeedEvent::Captured(summary(6)));
    state.apply(Some(101), &FeedEvent::Cleared { endpoint: OWN.to_owned(), through: 5 });
    state.apply(Some(99), &FeedEvent::Captured(summary(5)));
    assert_eq!(seqs(&state), [6]);
    assert_eq!([6, 5, 1].map(|seq| state.is_deleted(seq)), [false, true, true]);
    assert_eq!((state.endpoint.requests, state.endpoint.last_seq), (1, 6));
}

#[test]
fn what_retention_dropped_is_said_until_it_is_cleared() {
    let dropped = |below| FeedEvent::Dropped { endpoint: OWN.to_owned(), below };
    let cleared = |through| FeedEvent::Cleared { endpoint: OWN.to_owned(), through };
    let mut state = state(&[100, 99], Some(99), 98);
    state.apply(Some(101), &dropped(11));
    assert_eq!(state.endpoint.dropped_through, 10);
    state.apply(Some(101), &dropped(6));
    assert_eq!(state.endpoint.dropped_through, 10);
    state.apply(Some(102), &cleared(100));
    assert_eq!(state.endpoint.dropped_through, 0);
    state.apply(Some(101), &dropped(11));
    assert_eq!(state.endpoint.dropped_through, 0);
    state.apply(Some(103), &dropped(151));
    state.apply(Some(102), &cleared(100));
    assert_eq!(state.endpoint.dropped_through, 150);
}

#[test]
fn an_answer_from_before_a_drop_does_not_take_it_back() {
    let mut state = state(&[100, 99], Some(99), 98);
    state.apply(Some(101), &FeedEvent::Dropped { endpoint: OWN.to_owned(), below: 11 });
    let answer = Endpoint { on_limit: OnLimit::Refuse, ..endpoint(100, 100) };
    state.apply(None, &FeedEvent::Endpoint(answer.clone()));
    assert_eq!(state.endpoint.on_limit, OnLimit::Refuse);
    assert_eq!(state.endpoint.dropped_through, 10);
    // In feed order, the endpoint's event is the latest.
    state.apply(Some(102), &FeedEvent::Endpoint(answer));
    assert_eq!(state.endpoint.dropped_through, 0);
}

#[test]
fn settings_change_but_not_the_urls_that_the_page_shows() {
    let mut state = state(&[2, 1], None, 0);
    let named = |name: &str| Endpoint {
        name: Some(name.to_owned()),
        url: "http://other/own".to_owned(),
        ..endpoint(2, 2)
    };
    state.apply(Some(102), &FeedEvent::Endpoint(named("new")));
    state.apply(Some(101), &FeedEvent::Endpoint(named("old")));
    assert_eq!(state.endpoint.name.as_deref(), Some("new"));
    assert_eq!(state.endpoint.url, "http://here/own");
}

#[test]
fn other_endpoints_move_only_the_cursor() {
    let mut state = state(&[2, 1], None, 0);
    let expected = FeedState { change: 106, ..state.clone() };
    let other = || "other".to_owned();
    let events = [
        FeedEvent::Captured(Summary { endpoint: other(), ..summary(3) }),
        FeedEvent::Deleted { endpoint: other(), seqs: vec![1] },
        FeedEvent::Cleared { endpoint: other(), through: 2 },
        FeedEvent::Gone { endpoint: other(), reason: GoneReason::Deleted },
        FeedEvent::Gap { endpoint: other() },
    ];
    for (id, event) in (101..).zip(&events) {
        state.apply(Some(id), event);
    }
    state.apply(None, &FeedEvent::Alive { change: 106, storing: true });
    assert_eq!(state, expected);
}

#[test]
fn nothing_happens_any_more_where_the_endpoint_is_gone() {
    let mut state = state(&[2, 1], None, 0);
    let gone = FeedEvent::Gone { endpoint: OWN.to_owned(), reason: GoneReason::Expired };
    state.apply(Some(101), &gone);
    state.apply(Some(102), &FeedEvent::Captured(summary(3)));
    assert_eq!((seqs(&state), state.gone), (vec![2, 1], Some(GoneReason::Expired)));
}

#[test]
fn a_gap_is_closed_by_a_page_with_what_came_meanwhile_on_top() {
    let mut state = state(&[2, 1], None, 0);
    state.apply(Some(120), &FeedEvent::Gap { endpoint: OWN.to_owned() });
    assert!(state.has_gap());
    state.apply(Some(121), &FeedEvent::Captured(summary(9)));
    let page = |change| Page {
        requests: [8, 7].map(summary).to_vec(),
        next_before: None,
        next_after: None,
        change,
    };
    assert!(!state.refresh(endpoint(2, 8), page(119)), "read before the gap");
    assert!(state.has_gap());
    assert!(state.refresh(endpoint(2, 8), page(120)));
    assert!(!state.has_gap());
    assert_eq!((seqs(&state), state.change), (vec![9, 8, 7], 121));
}

#[test]
fn a_gap_stays_open_when_more_came_than_could_be_kept() {
    let mut state = state(&[], None, 0);
    state.apply(Some(200), &FeedEvent::Gap { endpoint: OWN.to_owned() });
    let many = 201..=201 + MISSED_EVENTS as i64;
    for id in many.clone() {
        state.apply(Some(id), &FeedEvent::Captured(summary(id)));
    }
    let page = |change| Page { change, ..Page::default() };
    assert!(!state.refresh(endpoint(0, 0), page(200)));
    assert!(state.refresh(endpoint(0, 0), page(201)));
    assert_eq!(state.requests.len(), MISSED_EVENTS);
    assert_eq!(state.requests[0].seq, *many.end());
}

/// A change to an endpoint.
#[derive(Debug, Clone)]
enum Act {
    Capture,
    /// The requests at these positions, counted from the newest.
    Delete(Vec<usize>),
    /// This many of the oldest.
    Drop(usize),
    Clear,
    Label(usize),
    Rename,
    Elsewhere,
}

/// A small model of the store: its requests, and every event with its change number.
#[derive(Debug, Default, Clone)]
struct Store {
    kept: BTreeMap<i64, Summary>,
    name: Option<String>,
    last_seq: i64,
    dropped_through: i64,
    events: Vec<(i64, FeedEvent)>,
}

impl Store {
    fn change(&self) -> i64 {
        self.events.last().map_or(0, |(change, _)| *change)
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint {
            name: self.name.clone(),
            dropped_through: self.dropped_through,
            ..endpoint(self.kept.len() as u64, self.last_seq)
        }
    }

    fn page(&self, before: Option<i64>, limit: usize) -> Page {
        let below = self.kept.range(..before.unwrap_or(i64::MAX));
        let requests: Vec<Summary> = below.rev().take(limit).map(|(_, one)| one.clone()).collect();
        let oldest = requests.last().map_or(0, |one| one.seq);
        let next_before = self.kept.range(..oldest).next().map(|_| oldest);
        Page { requests, next_before, next_after: None, change: self.change() }
    }

    fn act(&mut self, act: &Act) {
        let own = || OWN.to_owned();
        let newest = |at: &usize| self.kept.keys().rev().nth(*at).copied();
        let event = match act {
            Act::Capture => {
                self.last_seq += 1;
                self.kept.insert(self.last_seq, summary(self.last_seq));
                FeedEvent::Captured(summary(self.last_seq))
            }
            Act::Delete(which) => {
                let mut seqs: Vec<i64> = which.iter().filter_map(newest).collect();
                seqs.dedup();
                seqs.retain(|seq| self.kept.remove(seq).is_some());
                if seqs.is_empty() {
                    return;
                }
                FeedEvent::Deleted { endpoint: own(), seqs }
            }
            Act::Drop(count) => {
                let Some(&last) = self.kept.keys().take(*count).next_back() else { return };
                self.kept = self.kept.split_off(&(last + 1));
                self.dropped_through = last;
                FeedEvent::Dropped { endpoint: own(), below: last + 1 }
            }
            Act::Clear => {
                self.kept.clear();
                self.dropped_through = 0;
                FeedEvent::Cleared { endpoint: own(), through: self.last_seq }
            }
            Act::Label(at) => {
                let change = self.change();
                let Some(seq) = newest(at) else { return };
                let Some(one) = self.kept.get_mut(&seq) else { return };
                one.label = Some(format!("at {change}"));
                FeedEvent::Updated(one.clone())
            }
            Act::Rename => {
                self.name = Some(format!("at {}", self.change()));
                FeedEvent::Endpoint(self.endpoint())
            }
            Act::Elsewhere => {
                FeedEvent::Captured(Summary { endpoint: "other".into(), ..summary(1) })
            }
        };
        self.events.push((self.change() + 1, event));
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => Just(Act::Capture),
        3 => prop::collection::vec(0_usize..12, 1..4).prop_map(Act::Delete),
        2 => (1_usize..4).prop_map(Act::Drop),
        1 => Just(Act::Clear),
        3 => (0_usize..12).prop_map(Act::Label),
        1 => Just(Act::Rename),
        1 => Just(Act::Elsewhere),
    ]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 0..40)
}

/// An action of a page while the store continues.
#[derive(Debug, Clone)]
enum Step {
    /// A change in the store.
    Act(Act),
    /// The feed delivers this many of the waiting events.
    Deliver(usize),
    /// The connection is cut, and the feed restarts this many events earlier.
    Replay(usize),
    /// One event from the past is repeated.
    Again(usize),
    /// An older page is requested and arrives.
    Older,
    /// An older page is requested, and arrives only after this many more events.
    OlderLate(usize),
    /// Waiting events were dropped: a gap, and a page that is read after it.
    Gap,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => act().prop_map(Step::Act),
        5 => (1_usize..5).prop_map(Step::Deliver),
        2 => (0_usize..10).prop_map(Step::Replay),
        2 => any::<usize>().prop_map(Step::Again),
        2 => Just(Step::Older),
        2 => (0_usize..5).prop_map(Step::OlderLate),
        1 => Just(Step::Gap),
    ];
    prop::collection::vec(step, 0..60)
}

/// A store, the page that follows it, and the position of the feed.
struct Session {
    store: Store,
    state: FeedState,
    delivered: usize,
}

impl Session {
    fn deliver(&mut self, count: usize) {
        for _ in 0..count {
            let Some((id, event)) = self.store.events.get(self.delivered) else { return };
            self.state.apply(Some(*id), event);
            self.delivered += 1;
            self.check_order();
        }
    }

    fn check_order(&self) {
        assert!(seqs(&self.state).windows(2).all(|pair| pair[0] > pair[1]));
        let oldest = self.state.requests.last().map_or(i64::MAX, |one| one.seq);
        assert!(self.state.next_before.is_none_or(|before| before <= oldest));
    }

    fn run(&mut self, step: &Step, limit: usize) {
        match step {
            Step::Act(act) => self.store.act(act),
            Step::Deliver(count) => self.deliver(*count),
            Step::Replay(back) => self.delivered = self.delivered.saturating_sub(*back),
            Step::Again(at) => {
                if let Some(at) = at.checked_rem(self.delivered) {
                    let (id, event) = &self.store.events[at];
                    self.state.apply(Some(*id), event);
                }
            }
            Step::Older => {
                if let Some(before) = self.state.next_before {
                    self.state.append(self.store.page(Some(before), limit));
                }
            }
            Step::OlderLate(count) => {
                if let Some(before) = self.state.next_before {
                    let page = self.store.page(Some(before), limit);
                    self.deliver(*count);
                    self.state.append(page);
                }
            }
            Step::Gap => {
                let change = self.store.change();
                self.delivered = self.store.events.len();
                self.state.apply(Some(change), &FeedEvent::Gap { endpoint: OWN.to_owned() });
                let (endpoint, page) = (self.store.endpoint(), self.store.page(None, limit));
                assert!(self.state.refresh(endpoint, page));
            }
        }
        self.check_order();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_repeated_or_late_the_page_ends_up_with_what_the_store_holds(
        before in acts(),
        steps in steps(),
        limit in 1_usize..8,
    ) {
        let mut store = Store::default();
        before.iter().for_each(|act| store.act(act));
        let state = FeedState::new(store.endpoint(), store.page(None, limit));
        let delivered = store.events.len();
        let mut session = Session { store, state, delivered };
        for step in &steps {
            session.run(step, limit);
        }
        session.deliver(usize::MAX);

        let Session { store, mut state, .. } = session;
        let newest_first = |from: i64| store.kept.range(from..).rev().map(|(_, one)| one.clone());
        let loaded: Vec<Summary> = newest_first(state.next_before.unwrap_or(0)).collect();
        prop_assert_eq!(&state.requests, &loaded);
        prop_assert_eq!(&state.endpoint.name, &store.name);
        prop_assert_eq!(state.endpoint.last_seq, store.last_seq);
        prop_assert_eq!(state.endpoint.dropped_through, store.dropped_through);
        prop_assert_eq!(state.change, store.change());

        while let Some(before) = state.next_before {
            state.append(store.page(Some(before), limit));
            prop_assert!(state.next_before.is_none_or(|next| next < before));
        }
        let all: Vec<Summary> = newest_first(0).collect();
        prop_assert_eq!(&state.requests, &all);
        prop_assert_eq!(state.endpoint.requests, all.len() as u64);
    }

    #[test]
    fn arrivals_and_deletions_in_any_order_come_to_the_same(
        acts in acts(),
        order in any::<u64>(),
    ) {
        let mut store = Store::default();
        acts.iter().for_each(|act| store.act(act));
        let mut events: Vec<&FeedEvent> = store.events.iter().map(|(_, event)| event).collect();
        // The order of the remaining events must not matter: they are not about the latest value.
        events.retain(|event| !matches!(event, FeedEvent::Updated(_) | FeedEvent::Endpoint(_)));
        let mut seed = order | 1;
        for at in (1..events.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            events.swap(at, (seed >> 33) as usize % (at + 1));
        }
        let mut state = FeedState::new(endpoint(0, 0), Page::default());
        for event in events {
            state.apply(None, event);
        }
        let all: Vec<i64> = store.kept.keys().rev().copied().collect();
        prop_assert_eq!(seqs(&state), all);
        prop_assert_eq!(state.endpoint.dropped_through, store.dropped_through);
        prop_assert_eq!(state.endpoint.requests, store.kept.len() as u64);
    }

    #[test]
    fn counts_are_exact_where_only_arrivals_and_deletions_happen(
        before in 0_usize..30,
        acts in acts(),
        limit in 1_usize..8,
    ) {
        let mut store = Store::default();
        (0..before).for_each(|_| store.act(&Act::Capture));
        let mut state = FeedState::new(store.endpoint(), store.page(None, limit));
        let seen = store.events.len();
        acts.iter().filter(|act| !matches!(act, Act::Drop(_))).for_each(|act| store.act(act));
        for (id, event) in &store.events[seen..] {
            state.apply(Some(*id), event);
            state.apply(Some(*id), event);
        }
        prop_assert_eq!(state.endpoint.requests, store.kept.len() as u64);
    }
}

#[test]
fn what_is_hidden_is_neither_listed_nor_counted_until_it_is_taken_back() {
    let mut state = state(&[5, 4, 3, 2, 1], None, 0);
    let before = state.clone();
    let hidden = |through, seqs: &[i64]| Hidden { through, seqs: seqs.iter().copied().collect() };
    state.set_hidden(hidden(0, &[4, 2]));
    assert_eq!(seqs(&state), [5, 3, 1]);
    assert_eq!(state.endpoint.requests, 3);
    state.set_hidden(Hidden::default());
    assert_eq!(state, before);
    state.set_hidden(hidden(5, &[]));
    assert_eq!((seqs(&state), state.endpoint.requests), (vec![], 0));
    state.apply(Some(111), &FeedEvent::Captured(summary(6)));
    assert_eq!((seqs(&state), state.endpoint.requests), (vec![6], 1));
    state.set_hidden(Hidden::default());
    assert_eq!(seqs(&state), [6, 5, 4, 3, 2, 1]);
}

#[test]
fn what_is_not_loaded_yet_is_hidden_and_taken_back_too() {
    let mut state = state(&[5, 4], Some(4), 3);
    let before = state.clone();
    state.set_hidden(Hidden { through: 5, ..Hidden::default() });
    assert_eq!((state.endpoint.requests, state.next_before), (0, None));
    state.set_hidden(Hidden::default());
    assert_eq!(state, before);
    state.set_hidden(Hidden { through: 0, seqs: [2].into() });
    state.append(Page { requests: [3, 2, 1].map(summary).to_vec(), change: 10, ..Page::default() });
    assert_eq!((seqs(&state), state.endpoint.requests), (vec![5, 4, 3, 1], 4));
    state.apply(Some(111), &deleted(&[2]));
    state.set_hidden(Hidden::default());
    assert_eq!((seqs(&state), state.endpoint.requests), (vec![5, 4, 3, 1], 4));
}

#[test]
fn what_came_after_a_clearing_is_listed_to_its_end() {
    let mut state = state(&[123, 122], Some(122), 118);
    state.set_hidden(Hidden { through: 3, ..Hidden::default() });
    assert_eq!(state.next_before, Some(122));
    let page = |seqs: &[i64], next_before| Page {
        requests: seqs.iter().copied().map(summary).collect(),
        next_before,
        change: 10,
        ..Page::default()
    };
    state.append(page(&[121, 120], Some(120)));
    assert_eq!((seqs(&state), state.next_before), (vec![123, 122, 121, 120], Some(120)));
    // Of a page that overlaps the hidden range, only the rest is shown.
    state.append(page(&[5, 4, 3], Some(3)));
    assert_eq!((seqs(&state), state.next_before), (vec![123, 122, 121, 120, 5, 4], None));
    state.set_hidden(Hidden::default());
    assert_eq!((state.requests.last().map(|row| row.seq), state.next_before), (Some(3), Some(3)));
}

#[test]
fn what_changes_while_it_is_hidden_is_taken_back_as_it_is_then() {
    let mut state = state(&[2, 1], None, 0);
    state.set_hidden(Hidden { seqs: [1].into(), ..Hidden::default() });
    let judged = Summary { verdict: Some("valid".to_owned()), ..summary(1) };
    state.apply(Some(111), &FeedEvent::Updated(judged.clone()));
    assert_eq!(seqs(&state), [2]);
    state.set_hidden(Hidden::default());
    assert_eq!(state.find(1), Some(&judged));
}

#[test]
fn what_is_pinned_stays_when_a_limit_drops_the_rest_but_not_when_all_is_cleared() {
    let pinned = |seq| Summary { pinned: true, ..summary(seq) };
    let mut state = state(&[], None, 0);
    for summary in [pinned(1), summary(2), pinned(3), summary(4)] {
        state.apply(Some(state.change + 1), &FeedEvent::Captured(summary));
    }
    let own = state.endpoint.id.clone();
    state.apply(Some(190), &FeedEvent::Dropped { endpoint: own.clone(), below: 4 });
    assert_eq!(seqs(&state), [4, 3, 1]);
    assert_eq!(state.endpoint.requests, 3);
    // Unpinned below the floor it is removed at once; a repeated event for it changes nothing.
    state.apply(Some(191), &FeedEvent::Deleted { endpoint: own.clone(), seqs: vec![1] });
    state.apply(Some(191), &FeedEvent::Captured(pinned(1)));
    assert_eq!(seqs(&state), [4, 3]);
    state.apply(Some(192), &FeedEvent::Cleared { endpoint: own, through: 3 });
    assert_eq!(seqs(&state), [4]);
    state.apply(Some(192), &FeedEvent::Captured(pinned(3)));
    assert_eq!(seqs(&state), [4]);
}
