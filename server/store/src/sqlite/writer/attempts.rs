//! Numbers the attempts of deliveries. Recent deliveries are cached, so that numbering reads
//! nothing; only the first request of a named delivery is looked up, all those of a transaction in
//! one query.

use std::hash::{BuildHasher as _, RandomState};

use hookglass_wire::GUESSED;
use rustc_hash::FxHashMap;

use super::{
    super::super::{CapturedRequest, EndpointId},
    Writer,
    queue::WriterCommand,
};

/// Cached deliveries. Beyond that the older half is dropped: a named delivery is then looked up
/// again, a guessed one starts over.
const KNOWN: usize = 65_536;
/// A name with more requests than this is not a delivery: it stands for something else. No known
/// sender makes as many attempts.
const MOST_TRIES: u32 = 100;
/// The same for equal bodies: more are a heartbeat or a load test.
const MOST_GUESSED: u32 = 30;
/// Shorter bodies are equal by chance, in bytes.
const GUESSED_BYTES: u64 = 16;
/// How long after the first request an equal body counts as another attempt, or before it if a
/// clock stepped.
const GUESSED_US: u64 = 24 * 60 * 60 * 1_000_000;

/// The attempts of one delivery so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct CachedDelivery {
    /// The number of the last one.
    attempts: u32,
    first_seq: i64,
    last_seq: i64,
    /// When the first one arrived, microseconds since the epoch.
    first_at: i64,
}

/// The cache of deliveries.
#[derive(Default)]
pub(super) struct Attempts {
    /// Keys are hashes: a collision of two deliveries is too unlikely to handle.
    hasher: RandomState,
    young: FxHashMap<u64, CachedDelivery>,
    old: FxHashMap<u64, CachedDelivery>,
}

impl Attempts {
    /// Clears the cache, after a failure.
    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// Bounds the cache, between transactions.
    fn keep_small(&mut self) {
        if self.young.len() >= KNOWN / 2 {
            self.old = std::mem::take(&mut self.young);
        }
    }

    fn key(&self, id: EndpointId, delivery: &str) -> u64 {
        self.hasher.hash_one((id, delivery))
    }

    /// Looks up a key; an old entry becomes young again.
    fn get(&mut self, key: u64) -> Option<&mut CachedDelivery> {
        if let Some(known) = self.old.remove(&key) {
            self.young.insert(key, known);
        }
        self.young.get_mut(&key)
    }

    /// Numbers a request that is stored as `seq` at an endpoint with this floor.
    pub(super) fn number(
        &mut self,
        id: EndpointId,
        seq: i64,
        floor: i64,
        captured: &mut CapturedRequest,
    ) {
        let Some(delivery) = &captured.delivery else {
            return self.guess(id, seq, floor, captured);
        };
        let key = self.key(id, delivery);
        self.get(key);
        let known = self.young.entry(key).or_default();
        if known.last_seq <= floor {
            *known = CachedDelivery::default();
        }
        if known.attempts >= MOST_TRIES {
            (captured.delivery, captured.attempt) = (None, None);
            return;
        }
        known.attempts = (known.attempts + 1).max(captured.attempt.unwrap_or(0));
        known.last_seq = seq;
        captured.attempt = Some(known.attempts);
    }

    /// Treats a request without a name as another attempt if its body equals an earlier one's.
    fn guess(&mut self, id: EndpointId, seq: i64, floor: i64, captured: &mut CapturedRequest) {
        // A sender may count without naming the delivery.
        captured.attempt = captured.attempt.filter(|attempt| *attempt > 1);
        if !may_be_guessed(captured) {
            return;
        }
        let CapturedRequest { received_at, method, target, body_sha256, .. } = &*captured;
        let received_at = *received_at;
        let key = self.hasher.hash_one((id, method, target, body_sha256));
        self.get(key);
        let known = self.young.entry(key).or_default();
        let is_apart = received_at.abs_diff(known.first_at) > GUESSED_US;
        if known.attempts == 0 || known.last_seq <= floor || is_apart {
            *known = CachedDelivery {
                attempts: 1,
                first_seq: seq,
                last_seq: seq,
                first_at: received_at,
            };
            return;
        }
        if known.attempts >= MOST_GUESSED {
            return;
        }
        known.attempts = (known.attempts + 1).max(captured.attempt.unwrap_or(0));
        known.last_seq = seq;
        captured.attempt = Some(known.attempts);
        captured.delivery = Some(format!("{GUESSED}{}", known.first_seq));
    }
}

/// Whether an equal body is evidence of another attempt.
fn may_be_guessed(captured: &CapturedRequest) -> bool {
    captured.body_bytes >= GUESSED_BYTES
        && captured.complete
        && captured.refused.is_none()
        && captured.mark.is_none()
        && !matches!(captured.method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

impl Writer {
    /// Looks up the deliveries of these commands that are named and not cached.
    pub(super) async fn look_up_tries(
        &mut self,
        edits: &[WriterCommand],
    ) -> Result<(), sqlx::Error> {
        self.attempts.keep_small();
        let mut unknown: Vec<(i64, &str)> = Vec::new();
        for edit in edits {
            if let WriterCommand::Append(append) = edit
                && let Some(delivery) = &append.captured.delivery
            {
                let key = self.attempts.key(append.id, delivery);
                if self.attempts.get(key).is_none() && !unknown.contains(&(append.id.0, delivery)) {
                    unknown.push((append.id.0, delivery));
                }
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let json = serde_json::to_string(&unknown).unwrap_or_default();
        // The last attempt is the one with the highest number.
        let found: Vec<(i64, String, i64, u32)> = sqlx::query_as(
            "select endpoint_id, delivery, seq, attempt
            from requests
            where id in (
                select (
                    select id from requests indexed by requests_by_delivery
                    where endpoint_id = value ->> 0 and delivery = value ->> 1
                    order by attempt desc
                    limit 1
                )
                from json_each(?1)
            )",
        )
        .bind(json)
        .fetch_all(self.connection.get()?)
        .await?;
        for (endpoint, delivery, last_seq, attempts) in found {
            let key = self.attempts.key(EndpointId(endpoint), &delivery);
            let known = CachedDelivery { attempts, last_seq, ..CachedDelivery::default() };
            self.attempts.young.insert(key, known);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use hookglass_wire::Refused;

    use super::*;

    fn captured(delivery: Option<&str>, body: u8) -> CapturedRequest {
        CapturedRequest {
            received_at: 0,
            duration_us: 0,
            method: "POST".to_owned(),
            target: b"/a".to_vec(),
            http_version: 11,
            remote_addr: String::new(),
            peer: String::new(),
            content_type: None,
            label: None,
            sender: None,
            delivery: delivery.map(str::to_owned),
            attempt: None,
            mark: None,
            status: None,
            answer: None,
            complete: true,
            exact: true,
            redacted: false,
            head: Vec::new(),
            trailers: Vec::new(),
            body_bytes: 16,
            upload: None,
            body: Vec::new(),
            body_sha256: [body; 32],
            refused: None,
        }
    }

    /// Returns how requests are numbered, as `seq` 1 and up.
    fn numbered(mut all: Vec<CapturedRequest>, floor: i64) -> Vec<(Option<String>, Option<u32>)> {
        let mut attempts = Attempts::default();
        for (seq, captured) in (1..).zip(&mut all) {
            attempts.number(EndpointId(1), seq, floor, captured);
        }
        all.into_iter().map(|captured| (captured.delivery, captured.attempt)).collect()
    }

    #[test]
    fn tries_of_one_name_are_counted() {
        let named = |name| captured(Some(name), 1);
        let third = CapturedRequest { attempt: Some(5), ..named("a") };
        let all = numbered(vec![named("a"), named("b"), named("a"), third, named("a")], 0);
        let counts: Vec<_> = all.iter().map(|(_, attempt)| attempt.unwrap()).collect();
        assert_eq!(counts, [1, 1, 2, 5, 6], "its sender counts attempts that did not arrive here");
    }

    #[test]
    fn equal_bodies_are_tries_of_the_first() {
        let later = |hours: i64| CapturedRequest {
            received_at: hours * 60 * 60 * 1_000_000,
            ..captured(None, 1)
        };
        let all = numbered(vec![later(0), captured(None, 2), later(1), later(23), later(25)], 0);
        let like = Some("like-1".to_owned());
        assert_eq!(
            all,
            [(None, None), (None, None), (like.clone(), Some(2)), (like, Some(3)), (None, None)]
        );
    }

    #[test]
    fn a_clock_that_was_ahead_makes_no_tries_of_later_requests() {
        let day = 24 * 60 * 60 * 1_000_000;
        let at = |days: i64| CapturedRequest { received_at: days * day, ..captured(None, 1) };
        let all = numbered(vec![at(3650), at(0), at(0)], 0);
        assert_eq!(all, [(None, None), (None, None), (Some("like-2".to_owned()), Some(2))]);
    }

    #[test]
    fn what_says_nothing_is_not_guessed() {
        let base = || captured(None, 1);
        for other in [
            CapturedRequest { body_bytes: 15, ..base() },
            CapturedRequest { method: "GET".to_owned(), ..base() },
            CapturedRequest { complete: false, ..base() },
            CapturedRequest { mark: Some("preflight"), ..base() },
            CapturedRequest {
                refused: Some(Refused { limit: "max-body".to_owned(), value: 1 }),
                ..base()
            },
        ] {
            assert_eq!(numbered(vec![other.clone(), other], 0)[1], (None, None));
        }
        let elsewhere = CapturedRequest { target: b"/b".to_vec(), ..base() };
        assert_eq!(numbered(vec![base(), elsewhere], 0)[1], (None, None));
    }

    #[test]
    fn what_comes_for_ever_is_no_delivery() {
        let beats = numbered((0..200).map(|_| captured(None, 1)).collect(), 0);
        assert_eq!(beats.iter().filter_map(|(_, attempt)| *attempt).max(), Some(MOST_GUESSED));
        assert_eq!(beats[199], (None, None));
        let named = numbered((0..200).map(|_| captured(Some("a"), 1)).collect(), 0);
        assert_eq!(named.iter().filter_map(|(_, attempt)| *attempt).max(), Some(MOST_TRIES));
        assert_eq!(named[199], (None, None));
    }

    #[test]
    fn tries_that_are_not_there_any_more_do_not_count() {
        for name in [Some("a"), None] {
            let mut attempts = Attempts::default();
            let mut one = captured(name, 1);
            attempts.number(EndpointId(1), 1, 0, &mut one);
            let mut other = captured(name, 1);
            attempts.number(EndpointId(1), 2, 1, &mut other);
            assert_eq!(other.attempt, one.attempt, "{name:?}");
        }
    }

    #[test]
    fn endpoints_have_deliveries_of_their_own() {
        let mut attempts = Attempts::default();
        for id in [1, 2] {
            let mut captured = captured(Some("a"), 1);
            attempts.number(EndpointId(id), 1, 0, &mut captured);
            assert_eq!(captured.attempt, Some(1));
        }
    }

    #[test]
    fn what_is_known_is_bounded() {
        let mut attempts = Attempts::default();
        for seq in 1..=200_000 {
            attempts.keep_small();
            let mut captured = captured(Some(&seq.to_string()), 1);
            attempts.number(EndpointId(1), seq, 0, &mut captured);
        }
        assert!(attempts.young.len() + attempts.old.len() <= KNOWN);
        assert!(attempts.old.len() == KNOWN / 2, "the younger half is kept");
    }
}
