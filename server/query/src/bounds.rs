//! Bounds on the requests that a query can match, so that most others need not be examined.

use std::ops::Range;

use super::{
    Condition,
    fields::{Term, TextField},
    text::Pattern,
};

/// Bounds on the requests that a query can match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// The number.
    pub seq: Range<i64>,
    /// The time of arrival, microseconds since the epoch.
    pub received_at: Range<i64>,
    /// The length of the body.
    pub body_bytes: Range<i64>,
    /// The status of the response, if that matters.
    pub status: Option<Range<i64>>,
    /// The method in any case, if that matters.
    pub method: Option<String>,
}

/// No bounds.
const ALL: Range<i64> = i64::MIN..i64::MAX;

impl Default for Bounds {
    fn default() -> Self {
        Self { seq: ALL, received_at: ALL, body_bytes: ALL, status: None, method: None }
    }
}

/// Returns bounds on the requests that `node` can match.
pub(super) fn of(node: &Condition) -> Bounds {
    match node {
        Condition::All(nodes) => nodes.iter().map(of).fold(Bounds::default(), Bounds::both),
        Condition::Any(nodes) => nodes.iter().map(of).reduce(Bounds::either).unwrap_or_default(),
        Condition::Not(_) => Bounds::default(),
        Condition::Term(term) => of_term(term),
    }
}

fn of_term(term: &Term) -> Bounds {
    let all = Bounds::default();
    match term {
        Term::Seq(seq) => Bounds { seq: seq.clone(), ..all },
        Term::Received(at) => Bounds { received_at: at.clone(), ..all },
        Term::Size(bytes) => Bounds { body_bytes: bytes.clone(), ..all },
        Term::Status(status) => Bounds { status: Some(status.clone()), ..all },
        // The database folds case only in ASCII.
        Term::Text(TextField::Method, Pattern::Equals(method)) if method.is_ascii() => {
            Bounds { method: Some(method.clone()), ..all }
        }
        _ => all,
    }
}

impl Bounds {
    fn both(self, other: Self) -> Self {
        let both = |a: Range<i64>, b: Range<i64>| a.start.max(b.start)..a.end.min(b.end);
        Self {
            seq: both(self.seq, other.seq),
            received_at: both(self.received_at, other.received_at),
            body_bytes: both(self.body_bytes, other.body_bytes),
            status: match (self.status, other.status) {
                (Some(one), Some(other)) => Some(both(one, other)),
                (one, other) => one.or(other),
            },
            method: self.method.or(other.method),
        }
    }

    fn either(self, other: Self) -> Self {
        let hull = |a: Range<i64>, b: Range<i64>| a.start.min(b.start)..a.end.max(b.end);
        Self {
            seq: hull(self.seq, other.seq),
            received_at: hull(self.received_at, other.received_at),
            body_bytes: hull(self.body_bytes, other.body_bytes),
            status: self.status.zip(other.status).map(|(one, other)| hull(one, other)),
            method: self.method.filter(|method| other.method.as_ref() == Some(method)),
        }
    }
}
