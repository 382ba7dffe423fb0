//! Properties of a request before it is stored.

use hookglass_message::head;
use hookglass_wire::{Summary, Timestamp};

use super::{CapturedRequest, ProviderOf, StoredRequest};
use crate::slug::Slug;

impl CapturedRequest {
    /// Returns its size without the body.
    pub(crate) fn bytes_beside(&self) -> usize {
        self.head.len() + self.trailers.len() + self.answer.as_ref().map_or(0, Vec::len)
    }

    /// Returns the list entry that it will have once it is stored as `seq`.
    pub fn summary(&self, slug: &Slug, seq: i64, provider_of: ProviderOf) -> Summary {
        Summary {
            endpoint: slug.to_string(),
            seq,
            received_at: Timestamp::from_micros(self.received_at),
            method: self.method.clone(),
            target: head::text(&self.target),
            remote_addr: self.remote_addr.clone(),
            content_type: self.content_type.as_deref().map(head::text),
            body_bytes: self.body_bytes,
            complete: self.complete,
            refused: self.refused.clone(),
            label: self.label.clone(),
            provider: self.sender.and_then(provider_of).map(str::to_owned),
            sender: self.sender.map(str::to_owned),
            verdict: None,
            mark: self.mark.map(str::to_owned),
            status: self.status,
            note: None,
            pinned: false,
            delivery_id: self.delivery.clone(),
            attempt: self.attempt,
        }
    }

    /// Returns the request as the store will return it, without its number.
    pub fn to_stored(&self, slug: &Slug, provider_of: ProviderOf) -> StoredRequest {
        StoredRequest {
            summary: self.summary(slug, 0, provider_of),
            http_version: self.http_version,
            peer: self.peer.clone(),
            exact: self.exact,
            redacted: self.redacted,
            duration_us: self.duration_us,
            body_sha256: self.body_sha256.to_vec(),
            head: self.head.clone(),
            trailers: self.trailers.clone(),
            answer: None,
        }
    }
}
