//! Endpoints and the session in the API.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    json::{choice, record},
};

/// An endpoint of a workspace.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The name in the URL: a lower-case UUID or a slug; never changes.
    pub id: String,
    /// The URL for senders: the origin as the caller sees it, `/` and the id.
    pub url: String,
    /// The URL of its page.
    pub inspect_url: String,
    /// The owner's name for it, if any.
    pub name: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// The number of requests kept.
    pub requests: u64,
    /// The highest `seq` that this endpoint has assigned, 0 before the first.
    pub last_seq: i64,
    /// The most requests that it may keep; 0 if the server does not report it.
    #[serde(default)]
    pub max_requests: u64,
    /// What happens at that limit.
    #[serde(default)]
    pub on_limit: OnLimit,
    /// The highest `seq` that retention dropped; 0 if it dropped none since the requests were last
    /// cleared.
    #[serde(default)]
    pub dropped_through: i64,
    /// A short summary of its responses for people if they are not the default: `503 twice, then
    /// 200`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The key of the workspace that this call created: only in the response to a program that sent
    /// no key.
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

/// What happens to a request that arrives at a full endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLimit {
    /// The request is kept and the oldest one is dropped.
    #[default]
    DropOldest,
    /// The sender gets a 429 and should retry later.
    Refuse,
}

choice!(OnLimit { "drop_oldest" DropOldest, "refuse" Refuse });

/// The endpoints of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Endpoints {
    /// Newest first; may be empty.
    pub endpoints: Vec<Endpoint>,
    /// The workspace's change number as of this list; its feed continues from here.
    pub change: i64,
}

record!(Endpoints { endpoints, change; });

/// The key in the browser's cookie.
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
