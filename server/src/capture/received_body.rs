//! A request body while it is received: hashed and counted; kept in memory if it is short,
//! otherwise written to the store in parts ahead of its request.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use hookglass_limits::budget::Share;
use hookglass_listener::{BodyFailure, Malformed};
use hookglass_message::head;
use hookglass_store::{EndpointId, PIECE_BYTES, Store, StoredEndpoint, UploadId};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};

use super::{Capture, RequestHead, TRUNCATED};
use crate::{limits::holder::Holder, respond::response::Rejection};

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
    /// Why the server stopped reading, where what came until then is to be stored.
    pub(super) rejection: Option<Rejection>,
    memory: Share<Holder>,
    uploads: Share<Holder>,
    endpoint: EndpointId,
    store: Arc<dyn Store>,
    upload: Option<UploadId>,
}

impl Capture {
    /// Reads the body until it ends, the sender cuts it, or the server has to stop.
    ///
    /// # Errors
    /// Why nothing of it is to be stored.
    pub(super) async fn read(
        &self,
        endpoint: &StoredEndpoint,
        arrival: &RequestHead,
        mut body: Body,
    ) -> Result<ReceivedBody, Rejection> {
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
        received.rejection = loop {
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
        received.seal();
        Ok(received)
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
            rejection: None,
            memory: capture.budget.share(endpoint.workspace),
            uploads: capture.upload_budget.share(endpoint.workspace),
            endpoint: endpoint.id,
            store: capture.store.clone(),
            upload: None,
        }
    }

    fn reserve(&mut self, bytes: usize) -> Result<(), Rejection> {
        self.memory.grow(bytes as u64).map_err(|_| Rejection::Crowded)
    }

    /// Takes the next part of the body.
    async fn take(&mut self, data: Bytes, most: u64) -> Result<(), Rejection> {
        self.bytes += data.len() as u64;
        if self.bytes > most {
            return Err(Rejection::BodyTooLarge(most));
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

    async fn send_ahead(&mut self, piece: Bytes) -> Result<(), Rejection> {
        let bytes = piece.len() as u64;
        self.uploads.grow(bytes).map_err(|_| Rejection::Crowded)?;
        let sent = self.store.upload(self.upload, self.endpoint, piece).await;
        self.upload = Some(sent?);
        self.memory.shrink(bytes);
        Ok(())
    }

    /// Joins what follows the pieces that went ahead. Nothing more is taken.
    fn seal(&mut self) {
        if !self.buffer.is_empty() {
            self.first = Bytes::from(std::mem::take(&mut self.buffer));
        }
    }

    /// Whether its sender ended it early.
    pub(super) const fn is_cut(&self) -> bool {
        self.rejection.is_none() && !self.complete
    }

    /// What its sender is told, where the body did not come in full.
    pub(super) fn told(&self) -> Option<&Rejection> {
        if self.is_cut() { Some(&TRUNCATED) } else { self.rejection.as_ref() }
    }

    /// What a label is looked for in: nothing of a body that went ahead.
    pub(super) fn searched(&self) -> &[u8] {
        if self.upload.is_some() { &[] } else { &self.first }
    }

    pub(super) const fn upload(&self) -> Option<UploadId> {
        self.upload
    }

    /// What follows the pieces that went ahead.
    pub(super) fn tail(&self) -> Bytes {
        self.first.clone()
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }

    /// Notes that the request is stored, and its upload with it. Returns why reading stopped.
    pub(super) fn commit(mut self) -> Option<Rejection> {
        self.upload = None;
        self.rejection.take()
    }
}

impl Drop for ReceivedBody {
    fn drop(&mut self) {
        if let Some(upload) = self.upload {
            self.store.abandon(upload);
        }
    }
}
