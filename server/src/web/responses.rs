//! The memory of responses: pages and API responses are built completely, a few at a time, and
//! count against a budget until they are written, however slowly.

use std::sync::{Arc, OnceLock};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use hookglass_limits::{
    address::Address,
    budget::{Budget, Exhausted, Share, held},
};
use hookglass_listener::{Peer, Streams};
use hookglass_store::WorkspaceId;
use http_body_util::BodyExt as _;
use prometheus_client::metrics::gauge::Gauge;

use super::{AppState, error::Error};
use crate::limits::holder::Holder;

/// Responses that are compressed at a time: a compressor takes megabytes, and captures must not
/// wait for it.
pub(crate) const RESPONSES_AT_ONCE: usize = 8;
/// The size that a page counts as while it is rendered.
const PAGE_BYTES: u64 = 512 * 1024;

/// The memory of responses until they are written. Workspaces are free to create, so there is also
/// a limit per address, across all its workspaces. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Responses {
    by_workspace: Budget<Holder>,
    by_client: Budget<Holder>,
}

/// The share of one response; dropping it releases the memory.
#[derive(Debug)]
pub(super) struct ResponseShare {
    of_workspace: Share<Holder>,
    /// `None` for a client that cannot be told apart from others.
    of_client: Option<Share<Holder>>,
}

impl Responses {
    pub(crate) fn new(most: u64, gauge: Gauge) -> Self {
        let by_workspace = Budget::new(most, gauge);
        Self { by_workspace, by_client: Budget::new(most, Gauge::default()) }
    }

    /// Creates an empty share; without a workspace, for a caller without a key.
    pub(super) fn share(
        &self,
        workspace: Option<WorkspaceId>,
        client: Option<Address>,
    ) -> ResponseShare {
        let of_client = Holder::Client(client);
        let holder = workspace.map_or(of_client, Holder::Workspace);
        ResponseShare {
            of_workspace: self.by_workspace.share(holder),
            of_client: client.map(|_| self.by_client.share(of_client)),
        }
    }
}

impl ResponseShare {
    /// Takes `bytes` more, from both budgets or from neither.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<(), Exhausted> {
        self.of_workspace.grow(bytes)?;
        let of_client = self.of_client.as_mut().map_or(Ok(()), |share| share.grow(bytes));
        if of_client.is_err() {
            self.of_workspace.shrink(bytes);
        }
        of_client
    }
}

/// Whose budget a response counts against; an extension of the request.
#[derive(Debug, Clone)]
pub(super) struct Payer {
    /// The caller's workspace, once a handler has determined the caller.
    workspace: Arc<OnceLock<WorkspaceId>>,
    client: Option<Address>,
}

impl Payer {
    pub(super) fn set(&self, workspace: WorkspaceId) {
        // A request has one caller.
        let _ = self.workspace.set(workspace);
    }

    fn share(&self, responses: &Responses) -> ResponseShare {
        responses.share(self.workspace.get().copied(), self.client)
    }
}

/// Builds a complete response of a handler that mostly waits for the store.
pub(crate) async fn whole(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let (payer, request) = match admitted(&app, request) {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    finish(&app, &payer, next.run(request).await).await
}

/// Builds a page. Its data counts while it is rendered, which may wait for the store.
pub(crate) async fn rendered(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let (payer, request) = match admitted(&app, request) {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    let mut share = payer.share(&app.responses);
    if share.grow(PAGE_BYTES).is_err() {
        return Error::TooManyResponses.into_response();
    }
    finish(&app, &payer, next.run(request).await).await
}

/// Waits for a slot, and holds it no longer than needed.
async fn finish(app: &AppState, payer: &Payer, response: Response) -> Response {
    let _turn = app.turns.acquire().await;
    collected(&app.responses, payer, response).await
}

/// Rejects a client that leaves too much unread.
fn admitted(app: &AppState, mut request: Request) -> Result<(Payer, Request), Error> {
    let extensions = request.extensions();
    if extensions.get::<Streams>().is_some_and(Streams::is_congested) {
        return Err(Error::TooManyResponses);
    }
    let peer = extensions.get::<Peer>().map(|peer| peer.0);
    let client = peer.and_then(|peer| app.client_address.counted(peer, request.headers()));
    let payer = Payer { workspace: Arc::default(), client };
    request.extensions_mut().insert(payer.clone());
    Ok((payer, request))
}

/// Collects the body in memory, and charges it; 503 if the budget is exhausted.
async fn collected(responses: &Responses, payer: &Payer, response: Response) -> Response {
    let (parts, mut body) = response.into_parts();
    let mut share = payer.share(responses);
    let mut bytes = Collected::default();
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                tracing::error!(%error, "a response ended early");
                return Error::Internal.into_response();
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        if share.grow(data.len() as u64).is_err() {
            return Error::TooManyResponses.into_response();
        }
        if bytes.push(data) {
            // A compressor is always ready; captures must not wait for all of its work.
            tokio::task::yield_now().await;
        }
    }
    Response::from_parts(parts, bytes.into_body(share))
}

/// The data of a body. Most bodies are a single chunk, which is not copied.
#[derive(Default)]
struct Collected {
    first: Bytes,
    all: Vec<u8>,
}

impl Collected {
    /// Adds a chunk, and returns whether there was one before.
    fn push(&mut self, data: Bytes) -> bool {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = data;
            return false;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&data);
        true
    }

    fn into_body(mut self, share: ResponseShare) -> Body {
        self.all.shrink_to_fit();
        let bytes = if self.all.is_empty() { self.first } else { self.all.into() };
        if bytes.is_empty() { Body::empty() } else { Body::from(held(bytes, share)) }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn payer(workspace: i64) -> Payer {
        let payer = Payer { workspace: Arc::default(), client: None };
        payer.set(WorkspaceId(workspace));
        payer
    }

    fn body(pieces: usize) -> Response {
        let pieces = (0..pieces).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 100])));
        Response::new(Body::from_stream(stream::iter(pieces)))
    }

    #[tokio::test]
    async fn a_response_counts_until_its_last_byte_is_dropped() {
        let gauge = Gauge::default();
        let budget = Responses::new(2000, gauge.clone());
        for pieces in [1, 5] {
            let response = collected(&budget, &payer(1), body(pieces)).await;
            assert_eq!(gauge.get(), 100 * i64::try_from(pieces).unwrap());
            let mut body = response.into_body();
            let bytes = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(bytes.len(), 100 * pieces);
            drop(body);
            let last = bytes.slice(bytes.len() - 1..);
            drop(bytes);
            assert_ne!(gauge.get(), 0, "a part of it is still to be written");
            drop(last);
            assert_eq!(gauge.get(), 0);
        }
    }

    #[tokio::test]
    async fn past_the_budget_a_workspace_gets_503_and_others_do_not() {
        let budget = Responses::new(2000, Gauge::default());
        let unread = collected(&budget, &payer(1), body(9)).await;
        assert_eq!(unread.status(), 200);
        let refused = collected(&budget, &payer(1), body(2)).await;
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "5");
        assert_eq!(collected(&budget, &payer(2), body(2)).await.status(), 200);
        drop(unread);
        assert_eq!(collected(&budget, &payer(1), body(2)).await.status(), 200);
    }

    #[tokio::test]
    async fn one_address_takes_no_more_through_many_workspaces() {
        let client = Some(Address::of("203.0.113.9".parse().unwrap()));
        let responses = Responses::new(2000, Gauge::default());
        let mut unread = Vec::new();
        for workspace in 1..20 {
            let payer = Payer { client, ..payer(workspace) };
            unread.push(collected(&responses, &payer, body(1)).await);
        }
        let made = unread.iter().filter(|response| response.status() == 200).count();
        assert_eq!(made, 10, "half of it");
        // Other clients are only told apart by workspace.
        assert_eq!(collected(&responses, &payer(20), body(5)).await.status(), 200);
        drop(unread);
        let payer = Payer { client, ..payer(1) };
        assert_eq!(collected(&responses, &payer, body(9)).await.status(), 200);
    }

    #[test]
    fn what_one_of_the_two_refuses_neither_takes() {
        let gauge = Gauge::default();
        let responses = Responses::new(2000, gauge.clone());
        let client = Some(Address::of("203.0.113.9".parse().unwrap()));
        let mut first = responses.share(Some(WorkspaceId(1)), client);
        assert_eq!(first.grow(900), Ok(()));
        let mut second = responses.share(Some(WorkspaceId(2)), client);
        assert_eq!(second.grow(200), Err(Exhausted));
        assert_eq!(gauge.get(), 900);
    }

    #[tokio::test]
    async fn what_breaks_off_is_no_response() {
        let budget = Responses::new(2000, Gauge::default());
        let broken =
            stream::iter([Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("x"))]);
        let response = Response::new(Body::from_stream(broken));
        assert_eq!(collected(&budget, &payer(1), response).await.status(), 500);
    }
}
