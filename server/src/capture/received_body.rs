//! A request body while it is received: hashed and counted; kept in memory if it is short,
//! otherwise written to the store in parts ahead of its request.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};

use super::{Capture, RequestHead};
use crate::{limits::holder::Holder, respond::response::Rejection};
use hookglass_limits::budget::Share;
use hookglass_listener::{BodyFailure, Malformed};
use hookglass_message::head;
use hookglass_store::{EndpointId, PIECE_BYTES, Store, StoredEndpoint, UploadId};

/// How long bodies in transit may take to complete at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(300);

/// The body received so far. Dropping it before `commit` leaves nothing behind.
pub(super) struct ReceivedBody {
    /// The first frame, as long as there is no other.
    first: Bytes,
    /// The data after the stored parts, if there was more than one frame.
    buffer: Vec<u8>,
    pub(super) bytes: u64,
    sha256: Sha256,
    pub(super) trailers: Vec<u8>,
    pub(super) complete: bool,
    /// From the complete head to the last byte.
    pub(super) took: Duration,
    memory: Share<Holder>,
    uploads: Share<Holder>,
    endpoint: EndpointId,
    store: Arc<dyn Store>,
    upload: Option<UploadId>,
}

/// An incomplete body: the part to store, if any, and the reason.
type Unfinished = (Option<Box<ReceivedBody>>, Rejection);

impl Capture {
    /// Reads the body until it ends, the sender cuts it, or the server stops.
    pub(super) async fn read(
        &self,
        endpoint: &StoredEndpoint,
        arrival: &RequestHead,
        mut body: Body,
    ) -> Result<ReceivedBody, Unfinished> {
        let mut received = ReceivedBody::new(self, endpoint);
        let wire = arrival.exchange.as_ref().and_then(|exchange| exchange.wire.as_ref());
        // Over HTTP/2, one connection may hold very many heads.
        let head_bytes = wire.map_or_else(|| head::bytes(&arrival.parts), |wire| wire.bytes.len());
        received.reserve(head_bytes)?;
        let stop = async {
            self.shutdown.cancelled().await;
            tokio::time::sleep(SHUTDOWN_GRACE).await;
        };
        tokio::pin!(stop);
        let rejection = loop {
            if body.is_end_stream() {
                received.complete = true;
                break None;
            }
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                () = &mut stop => break Some(Rejection::NotStored),
            };
            let frame = match frame {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    tracing::debug!(%error, "a body ended early");
                    break arrival.exchange.as_ref().and_then(|exchange| exchange.trouble()).map(
                        |trouble| match trouble {
                            BodyFailure::Malformed => Rejection::Malformed(Malformed::Chunk),
                            BodyFailure::TimedOut(seconds) => Rejection::BodyTimeout(seconds),
                        },
                    );
                }
                None => {
                    received.complete = true;
                    break None;
                }
            };
            match frame.into_data() {
                Ok(data) => received.take(data, self.config.max_body.0).await?,
                Err(frame) => {
                    // HTTP/1 trailers come from the gate, exactly as sent.
                    if let Ok(trailers) = frame.into_trailers() {
                        received.trailers.extend(head::render_fields(&trailers));
                    }
                }
            }
        };
        received.took = arrival.clock.elapsed();
        if let Some(exchange) = &arrival.exchange
            && exchange.wire.is_some()
        {
            received.trailers = exchange.trailers().to_vec();
        }
        match rejection {
            None => Ok(received),
            Some(rejection) => Err((Some(Box::new(received)), rejection)),
        }
    }
}

impl ReceivedBody {
    fn new(capture: &Capture, endpoint: &StoredEndpoint) -> Self {
        Self {
            first: Bytes::new(),
            buffer: Vec::new(),
            bytes: 0,
            sha256: Sha256::new(),
            trailers: Vec::new(),
            complete: false,
            took: Duration::ZERO,
            memory: capture.budget.share(endpoint.workspace),
            uploads: capture.upload_budget.share(endpoint.workspace),
            endpoint: endpoint.id,
            store: capture.store.clone(),
            upload: None,
        }
    }

    fn reserve(&mut self, bytes: usize) -> Result<(), Unfinished> {
        self.memory.grow(bytes as u64).map_err(|_| (None, Rejection::Crowded))
    }

    /// Adds the next frame of the body.
    async fn take(&mut self, data: Bytes, most: u64) -> Result<(), Unfinished> {
        self.bytes += data.len() as u64;
        if self.bytes > most {
            return Err((None, Rejection::BodyTooLarge(most)));
        }
        self.reserve(data.len())?;
        self.sha256.update(&data);
        if self.first.is_empty() && self.buffer.is_empty() && data.len() <= PIECE_BYTES {
            self.first = data;
            return Ok(());
        }
        // Small frames are copied together: each would keep a read buffer alive.
        if !self.first.is_empty() {
            self.buffer.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.buffer.extend_from_slice(&data);
        drop(data);
        while self.buffer.len() > PIECE_BYTES {
            let rest = self.buffer.split_off(PIECE_BYTES);
            let piece = Bytes::from(std::mem::replace(&mut self.buffer, rest));
            self.send_ahead(piece).await?;
        }
        Ok(())
    }

    async fn send_ahead(&mut self, piece: Bytes) -> Result<(), Unfinished> {
        let bytes = piece.len() as u64;
        self.uploads.grow(bytes).map_err(|_| (None, Rejection::Crowded))?;
        let sent = self.store.upload(self.upload, self.endpoint, piece).await;
        self.upload = Some(sent.map_err(|error| (None, error.into()))?);
        self.memory.shrink(bytes);
        Ok(())
    }

    /// Returns the bytes to search for a label: none if parts are stored already.
    pub(super) fn searched(&self) -> &[u8] {
        if self.upload.is_some() {
            &[]
        } else if self.buffer.is_empty() {
            &self.first
        } else {
            &self.buffer
        }
    }

    pub(super) const fn upload(&self) -> Option<UploadId> {
        self.upload
    }

    /// Takes the data after the stored parts.
    pub(super) fn rest(&mut self) -> Bytes {
        if self.buffer.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            Bytes::from(std::mem::take(&mut self.buffer))
        }
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }

    /// Records that the request and its upload are stored.
    pub(super) fn commit(mut self) {
        self.upload = None;
    }
}

impl Drop for ReceivedBody {
    fn drop(&mut self) {
        if let Some(upload) = self.upload {
            self.store.abandon(upload);
        }
    }
}
