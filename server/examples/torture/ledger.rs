//! The requests that were sent and their responses: what the store is compared with.

use std::{collections::BTreeMap, time::Instant};

/// The response to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// None: the connection ended first, or the response is still to come.
    Unknown,
    /// A 2xx with this `Hookglass-Seq`.
    Acknowledged(i64),
    /// Another status.
    Refused(u16),
}

/// One request.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The index of the endpoint.
    pub(crate) endpoint: usize,
    pub(crate) sha256: [u8; 32],
    pub(crate) sent_at: Instant,
    pub(crate) outcome: Outcome,
    /// When the response arrived.
    pub(crate) answered_at: Option<Instant>,
}

/// Every request by its number, from 0, and problems with responses.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) sent: Vec<Sent>,
    /// The number of occurrences of each problem.
    trouble: BTreeMap<String, u32>,
}

impl Ledger {
    /// Records a request before it is sent; returns its number.
    pub(crate) fn begin(&mut self, endpoint: usize, sha256: [u8; 32]) -> usize {
        let (sent_at, outcome) = (Instant::now(), Outcome::Unknown);
        self.sent.push(Sent { endpoint, sha256, sent_at, outcome, answered_at: None });
        self.sent.len() - 1
    }

    /// Records the response.
    pub(crate) fn end(&mut self, number: usize, outcome: Outcome) {
        if let Some(sent) = self.sent.get_mut(number) {
            sent.outcome = outcome;
            sent.answered_at = Some(Instant::now());
        }
    }

    /// Records a problem.
    pub(crate) fn complain(&mut self, what: String) {
        *self.trouble.entry(what).or_default() += 1;
    }

    /// Returns the problems, each with its number of occurrences.
    pub(crate) fn take_trouble(&mut self) -> Vec<String> {
        let trouble = std::mem::take(&mut self.trouble);
        trouble.into_iter().map(|(what, times)| format!("{what} ({times} times)")).collect()
    }
}
