//! Reads a request in full, whose fields stand beside those of its summary. What serde makes of
//! `flatten` keeps all fields in a tree first, which weighs 4 kB in the browser half.

use serde::Deserialize;

use super::{Body, Detail, Header, Refused, Summary};
use crate::wire::{Text, Timestamp};

/// A [`Detail`] as it crosses the wire.
#[derive(Deserialize)]
pub(super) struct Flat {
    endpoint: String,
    seq: i64,
    received_at: Timestamp,
    method: String,
    target: Text,
    remote_addr: String,
    content_type: Option<Text>,
    body_bytes: u64,
    complete: bool,
    refused: Option<Refused>,
    label: Option<String>,
    sender: Option<String>,
    provider: Option<String>,
    mark: Option<String>,
    status: Option<u16>,
    note: Option<String>,
    #[serde(default)]
    pinned: bool,
    verdict: Option<String>,
    attempt: Option<u32>,
    delivery_id: Option<String>,
    http_version: String,
    peer: String,
    trailers: Vec<Header>,
    headers: Vec<Header>,
    exact: bool,
    redacted: bool,
    duration_us: u64,
    body: Body,
}

impl From<Flat> for Detail {
    fn from(flat: Flat) -> Self {
        Self {
            // Written out: a field that a summary gains is one that has to be read here.
            summary: Summary {
                endpoint: flat.endpoint,
                seq: flat.seq,
                received_at: flat.received_at,
                method: flat.method,
                target: flat.target,
                remote_addr: flat.remote_addr,
                content_type: flat.content_type,
                body_bytes: flat.body_bytes,
                complete: flat.complete,
                refused: flat.refused,
                label: flat.label,
                sender: flat.sender,
                provider: flat.provider,
                mark: flat.mark,
                status: flat.status,
                note: flat.note,
                pinned: flat.pinned,
                verdict: flat.verdict,
                attempt: flat.attempt,
                delivery_id: flat.delivery_id,
            },
            http_version: flat.http_version,
            peer: flat.peer,
            trailers: flat.trailers,
            headers: flat.headers,
            exact: flat.exact,
            redacted: flat.redacted,
            duration_us: flat.duration_us,
            body: flat.body,
        }
    }
}
