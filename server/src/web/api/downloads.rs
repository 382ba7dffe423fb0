//! Downloads for callers that may read slowly: only the parts in flight are in memory, and they
//! count against the workspace.

use std::{ops::Range, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use hookglass_limits::{address::Address, budget::held};
use hookglass_store::{EndpointId, PIECE_BYTES, Store, WorkspaceId};

use super::super::{AppState, caller::Caller, error::Error, responses::ResponseShare};

/// How much of a stored body is in flight: the part that is being sent, and the next.
const UNDER_WAY_BYTES: u64 = 2 * PIECE;
const PIECE: u64 = PIECE_BYTES as u64;

/// A part of a stored body, with the bytes before and after it.
pub(super) struct BodyRange {
    pub(super) workspace: WorkspaceId,
    /// The caller's address, if it stands for one client.
    pub(super) client: Option<Address>,
    pub(super) endpoint: EndpointId,
    pub(super) seq: i64,
    pub(super) range: Range<u64>,
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
}

/// A response of stored bytes, read in parts as they are sent. Cuts the connection if the request
/// is deleted meanwhile: a regular end would look like the end of the body.
pub(super) async fn stored(app: &AppState, stored: BodyRange) -> Result<Response, Error> {
    let BodyRange { workspace, client, endpoint, seq, range, before, after } = stored;
    let bytes = range.end.saturating_sub(range.start);
    let around = (before.len() + after.len()) as u64;
    let share = Arc::new(share(app, workspace, client, around + bytes.min(UNDER_WAY_BYTES))?);
    let store = app.store.clone();
    let mut pieces = BodyPieces { store, endpoint, seq, range, share: share.clone() };
    // Report a missing body as an error instead of a cut connection.
    let first = pieces.next().await?;
    let whole =
        |bytes: Vec<u8>| stream::iter((!bytes.is_empty()).then(|| Ok(held(bytes, share.clone()))));
    let body = whole(before)
        .chain(stream::iter(first.map(Ok)))
        .chain(pieces.into_stream())
        .chain(whole(after));
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(header::CONTENT_LENGTH, (around + bytes).into());
    Ok(response)
}

/// A response of bytes that stay in memory until they are sent.
pub(super) fn whole(app: &AppState, caller: &Caller, bytes: Vec<u8>) -> Result<Response, Error> {
    let workspace = caller.workspace().ok_or(Error::NotFound)?;
    let share = share(app, workspace, caller.client, bytes.len() as u64)?;
    Ok(Response::new(Body::from(held(bytes, share))))
}

/// Makes a response a download that browsers save and never open. The API's layer sets the policy.
pub(super) fn attach(response: &mut Response, name: &str) {
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        fields.insert(header::CONTENT_DISPOSITION, disposition);
    }
}

fn share(
    app: &AppState,
    workspace: WorkspaceId,
    client: Option<Address>,
    bytes: u64,
) -> Result<ResponseShare, Error> {
    let mut share = app.responses.share(Some(workspace), client);
    share.grow(bytes).map_err(|_| Error::TooManyDownloads)?;
    Ok(share)
}

/// The rest of a stored body.
struct BodyPieces {
    store: Arc<dyn Store>,
    endpoint: EndpointId,
    seq: i64,
    range: Range<u64>,
    share: Arc<ResponseShare>,
}

impl BodyPieces {
    /// Reads the next part; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Range { start, end } = self.range;
        if start >= end {
            return Ok(None);
        }
        let next = end.min((start / PIECE + 1) * PIECE);
        let bytes = self.store.body(self.endpoint, self.seq, start..next).await?;
        if bytes.len() as u64 != next - start {
            tracing::error!(seq = self.seq, start, "a stored body is incomplete");
            return Err(Error::Internal);
        }
        self.range.start = next;
        Ok(Some(held(bytes, self.share.clone())))
    }

    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> {
        let next = async |mut pieces: Self| {
            let piece = pieces.next().await.inspect_err(|error| {
                tracing::debug!(%error, seq = pieces.seq, "a download was cut");
            })?;
            Ok(piece.map(|piece| (piece, pieces)))
        };
        stream::try_unfold(self, next).into_stream()
    }
}
