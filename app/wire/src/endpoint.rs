//! Endpoints and the session as the API gives them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    json::{choice, record},
};

/// One endpoint of a workspace.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The name in the URL: a lower-case UUID or a slug, fixed for life.
    pub id: String,
    /// Where senders send to: the origin as the caller sees it, `/` and the id.
    pub url: String,
    /// Where its page is.
    pub inspect_url: String,
    /// What the owner calls it, if anything.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, `None` for never.
    pub expires_at: Option<Timestamp>,
    /// How many requests are kept.
    pub requests: u64,
    /// The highest `seq` ever given at this endpoint, 0 before the first.
    pub last_seq: i64,
    /// How many requests it may keep, 0 if the server does not say.
    #[serde(default)]
    pub max_requests: u64,
    /// What happens once it keeps that many.
    #[serde(default)]
    pub on_limit: OnLimit,
    /// The highest `seq` that retention dropped, 0 for none since the last clearing.
    #[serde(default)]
    pub dropped_through: i64,
    /// How it answers where that is not plain, in a few words for people: `503 twice, then 200`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The key of the workspace that this call made: only in the answer to a program that came
    /// without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

record!(Endpoint {
    id, url, inspect_url, created_at, requests, last_seq;
    name, expires_at, max_requests, on_limit, dropped_through, answers, key
});

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            url,
            inspect_url,
            name,
            created_at,
            expires_at,
            requests,
            last_seq,
            max_requests,
            on_limit,
            dropped_through,
            answers,
            key,
        } = self;
        f.debug_struct("Endpoint")
            .field("id", id)
            .field("url", url)
            .field("inspect_url", inspect_url)
            .field("name", name)
            .field("created_at", created_at)
            .field("expires_at", expires_at)
            .field("requests", requests)
            .field("last_seq", last_seq)
            .field("max_requests", max_requests)
            .field("on_limit", on_limit)
            .field("dropped_through", dropped_through)
            .field("answers", answers)
            .field("key", &key.as_ref().map(|_| "[redacted]"))
            .finish()
    }
}

/// What happens to an arrival at an endpoint that is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLimit {
    /// It is kept, and the oldest request is dropped for it.
    #[default]
    DropOldest,
    /// Its sender is told to come again (429).
    Refuse,
}

choice!(OnLimit { "drop_oldest" DropOldest, "refuse" Refuse });

/// The endpoints of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Endpoints {
    /// Newest first, may be empty.
    pub endpoints: Vec<Endpoint>,
    /// The workspace's change number that this list shows: where its feed goes on from.
    pub change: i64,
}

record!(Endpoints { endpoints, change; });

/// The key that the browser's cookie holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The workspace's secret key, `hgk_` and 43 base64url characters.
    pub key: String,
}

record!(Session { key; });

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session { key: [redacted] }")
    }
}
