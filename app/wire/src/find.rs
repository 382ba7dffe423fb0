//! Finding requests: how many there are when, and how a search may go on.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, json::record};

/// Which requests to count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CountsAsk {
    /// From when on; `None` for the oldest that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when, exclusive; `None` for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Into how many equal spans, 1 to 500; `None` for 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u32>,
    /// Only those that this search finds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}

/// How many requests came when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// When the first span begins.
    pub from: Timestamp,
    /// When the last one ends.
    pub to: Timestamp,
    /// How many spans there are between the two.
    pub buckets: u32,
    /// How many requests came in all of them.
    pub total: u64,
    /// Those that hold something, in order of time.
    pub counts: Vec<Count>,
    /// False where time ran out before all were looked at: then there may be more.
    pub is_complete: bool,
    /// The workspace's change number that this shows.
    pub change: i64,
}

record!(Counts { from, to, buckets, total, counts, is_complete, change; });

/// How many requests came within one span.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// Which span, from 0.
    pub bucket: u32,
    /// How many in all.
    pub total: u64,
    /// How many by method, `GET`, `POST`, `PUT`, `PATCH`, `DELETE` and `other`; those that are
    /// zero are left out.
    pub methods: Vec<(String, u64)>,
    /// How many were refused by a limit.
    #[serde(default)]
    pub refused: u64,
}

record!(Count { bucket, total, methods; refused });

/// How a search that is being typed may go on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Suggestions {
    /// Where what is to be replaced begins, in UTF-16 code units, as a browser counts.
    pub start: u32,
    /// Where it ends, exclusive.
    pub end: u32,
    /// The best first, at most 12.
    pub suggestions: Vec<Suggestion>,
    /// What is wrong with the search as it stands, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<QueryError>,
}

record!(Suggestions { start, end, suggestions; error });

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// What to put there.
    pub text: String,
    /// What it means or how often it was seen, in a few words.
    pub about: String,
}

record!(Suggestion { text, about; });

/// What is wrong with a search, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryError {
    /// Where it begins, in UTF-16 code units.
    pub start: u32,
    /// Where it ends, exclusive; equal to `start` where something is missing.
    pub end: u32,
    /// What is wrong and what to do.
    pub message: String,
}

record!(QueryError { start, end, message; });
