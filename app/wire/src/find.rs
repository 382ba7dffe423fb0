//! Counts of requests over time, and suggestions for searches.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, json::record};

/// The requests to count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CountsAsk {
    /// The start; `None` for the oldest request kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The end, exclusive; `None` for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The number of equal spans, 1 to 500; `None` for 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u32>,
    /// Counts only requests that match this search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}

/// Counts of requests over time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// The start of the first span.
    pub from: Timestamp,
    /// The end of the last span.
    pub to: Timestamp,
    /// The number of spans.
    pub buckets: u32,
    /// The number of requests in all spans.
    pub total: u64,
    /// The spans that contain requests, in order of time.
    pub counts: Vec<Count>,
    /// False if the time limit ended the count early: there may be more requests.
    pub is_complete: bool,
    /// The workspace's change number as of this count.
    pub change: i64,
}

record!(Counts { from, to, buckets, total, counts, is_complete, change; });

/// The requests in one span.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// The index of the span, from 0.
    pub bucket: u32,
    /// The number of all requests.
    pub total: u64,
    /// The number by method, `GET`, `POST`, `PUT`, `PATCH`, `DELETE` and `other`; zeros are left
    /// out.
    pub methods: Vec<(String, u64)>,
    /// The number of requests that a limit refused.
    #[serde(default)]
    pub refused: u64,
}

record!(Count { bucket, total, methods; refused });

/// Completions for a search that is being typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Suggestions {
    /// Where the text to replace begins, in UTF-16 code units, as browsers count.
    pub start: u32,
    /// Where the text to replace ends, exclusive.
    pub end: u32,
    /// Best first, at most 12.
    pub suggestions: Vec<Suggestion>,
    /// The error in the current search, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<QueryError>,
}

record!(Suggestions { start, end, suggestions; error });

/// A completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The text to insert.
    pub text: String,
    /// What it means or how often it occurred, in a few words.
    pub about: String,
}

record!(Suggestion { text, about; });

/// An error in a search and its position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryError {
    /// Where it begins, in UTF-16 code units.
    pub start: u32,
    /// Where it ends, exclusive; equal to `start` if something is missing there.
    pub end: u32,
    /// What is wrong and how to fix it.
    pub message: String,
}

record!(QueryError { start, end, message; });
