//! What was sent and what the senders were told: the side that the store is held against.

use std::{collections::BTreeMap, time::Instant};

/// What a sender was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing: the connection ended first, or the answer is still to come.
    Unknown,
    /// A 2xx with this `Hookglass-Seq`.
    Acknowledged(i64),
    /// Another status.
    Refused(u16),
}

/// One request.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Which of the endpoints, by index.
    pub(crate) endpoint: usize,
    pub(crate) sha256: [u8; 32],
    pub(crate) sent_at: Instant,
    pub(crate) outcome: Outcome,
    /// When its sender was told.
    pub(crate) answered_at: Option<Instant>,
}

/// Every request by its number, from 0, and what is wrong with answers as such.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) sent: Vec<Sent>,
    /// How often each complaint came up.
    trouble: BTreeMap<String, u32>,
}

impl Ledger {
    /// Notes a request before it is sent; its number.
    pub(crate) fn begin(&mut self, endpoint: usize, sha256: [u8; 32]) -> usize {
        let (sent_at, outcome) = (Instant::now(), Outcome::Unknown);
        self.sent.push(Sent { endpoint, sha256, sent_at, outcome, answered_at: None });
        self.sent.len() - 1
    }

    /// Notes what its sender was told.
    pub(crate) fn end(&mut self, number: usize, outcome: Outcome) {
        if let Some(sent) = self.sent.get_mut(number) {
            sent.outcome = outcome;
            sent.answered_at = Some(Instant::now());
        }
    }

    /// Notes something that should not be.
    pub(crate) fn complain(&mut self, what: String) {
        *self.trouble.entry(what).or_default() += 1;
    }

    /// Hands out what should not be, each with how often it was.
    pub(crate) fn take_trouble(&mut self) -> Vec<String> {
        let trouble = std::mem::take(&mut self.trouble);
        trouble.into_iter().map(|(what, times)| format!("{what} ({times} times)")).collect()
    }
}
