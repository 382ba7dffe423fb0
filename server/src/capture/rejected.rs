//! Lists rejected requests: the owner of an endpoint sees which ones exceeded a limit, without
//! their bodies.

use hookglass_listener::HeadRanges;
use hookglass_message::head;
use hookglass_senders::{event, sender};
use hookglass_store::{CapturedRequest, StoredEndpoint, key::has_key};
use hookglass_wire::Timestamp;
use hyper::header::CONTENT_TYPE;
use sha2::{Digest as _, Sha256};

use super::{Capture, RequestHead};
use crate::{capture::redact, respond::response::Rejection};

impl Capture {
    /// Stores the head of a rejected request, if lists show its kind and there were not too many in
    /// the last minute.
    pub(super) async fn note_refusal(
        &self,
        endpoint: &StoredEndpoint,
        arrival: &RequestHead,
        rejection: &Rejection,
    ) {
        let Some(refused) = rejection.refused() else { return };
        if !self.rates.refused_row(endpoint.id) {
            return;
        }
        let wire = arrival.exchange.as_ref().and_then(|exchange| exchange.wire.as_ref());
        let mut head = wire.map_or_else(
            || head::render(&arrival.parts, &head::target(&arrival.parts)),
            |wire| wire.bytes.to_vec(),
        );
        let is_read = wire.is_none_or(|wire| wire.head.is_some());
        let redact = if is_read { redact::redact } else { redact::redact_unread };
        let redacted = redact(&mut head, &self.config.redact_cookies);
        let target = HeadRanges::target_of(&head).map(|target| head[target].to_vec());
        let method = head.split(|&byte| byte == b' ').next().unwrap_or_default();
        let content_type = arrival.parts.headers.get(CONTENT_TYPE).map(|value| {
            let mut value = value.as_bytes().to_vec();
            redact::redact_keys(&mut value);
            value
        });
        let peer = arrival.peer();
        let headers = &arrival.parts.headers;
        let sender = sender::sender(headers);
        // The body was not received: only the headers are known.
        let metadata = event::metadata(sender, headers, &[], has_key);
        let client = peer.map(|peer| self.client_address.of(peer, &arrival.parts.headers));
        let captured = CapturedRequest {
            received_at: Timestamp::from(arrival.received_at).as_micros(),
            duration_us: 0,
            method: String::from_utf8_lossy(method).into_owned(),
            target: target.unwrap_or_default(),
            http_version: head::version_number(arrival.parts.version),
            remote_addr: client.map(|client| client.to_string()).unwrap_or_default(),
            peer: peer.map(|peer| peer.to_string()).unwrap_or_default(),
            content_type,
            label: None,
            sender,
            delivery: metadata.delivery,
            attempt: metadata.attempt,
            mark: sender::mark(&arrival.parts.method, &arrival.parts.headers),
            status: Some(rejection.status().as_u16()),
            answer: None,
            complete: false,
            exact: wire.is_some(),
            redacted,
            head,
            trailers: Vec::new(),
            body_bytes: 0,
            upload: None,
            body: Vec::new(),
            body_sha256: Sha256::new().finalize().into(),
            refused: Some(refused),
        };
        if let Err(error) = self.store.append(endpoint.id, captured).await {
            tracing::debug!(%error, "cannot list a rejected request");
        }
    }
}
