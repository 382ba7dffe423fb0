//! The memory of responses: pages and what the API answers are made whole, a few at a time, and count
//! against a budget until they are written, however slowly they are read.

use std::sync::{Arc, OnceLock};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http_body_util::BodyExt as _;

use super::{App, error::Error};
use crate::{
    address::Address,
    budget::{Budget, Holder, Share, held},
    listen::{Peer, Streams},
    store::WorkspaceId,
};

/// Responses that are made or compressed at once: a compressor takes megabytes, and captures wait for
/// none of it.
pub(crate) const RESPONSES_AT_ONCE: usize = 8;

/// Whose budget a response counts against; an extension of the request.
#[derive(Debug, Clone)]
pub(super) struct Payer {
    /// The caller's, known only once a handler has asked who calls.
    workspace: Arc<OnceLock<WorkspaceId>>,
    client: Option<Address>,
}

impl Payer {
    pub(super) fn set(&self, workspace: WorkspaceId) {
        // A request has one caller.
        let _ = self.workspace.set(workspace);
    }

    fn holder(&self) -> Holder {
        self.workspace.get().map_or(Holder::Client(self.client), |workspace| (*workspace).into())
    }
}

/// Makes a response whole, whose handler mostly waits for the store.
pub(crate) async fn whole(State(app): State<App>, request: Request, next: Next) -> Response {
    let (payer, request) = match admitted(&app, request) {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    let response = next.run(request).await;
    let _turn = app.turns.acquire().await;
    collected(&app.responses, &payer, response).await
}

/// Makes a page, which takes most of its time to be rendered.
pub(crate) async fn rendered(State(app): State<App>, request: Request, next: Next) -> Response {
    if !request.method().is_safe() {
        // A form waits for the disk first, and must not keep others from their pages meanwhile.
        return whole(State(app), request, next).await;
    }
    let (payer, request) = match admitted(&app, request) {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    let _turn = app.turns.acquire().await;
    let response = next.run(request).await;
    collected(&app.responses, &payer, response).await
}

/// Refuses a connection more while it leaves too much unread.
fn admitted(app: &App, mut request: Request) -> Result<(Payer, Request), Error> {
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

/// The response with all of its body in memory, and counted; 503 where there is no room for it.
async fn collected(budget: &Budget, payer: &Payer, response: Response) -> Response {
    let (parts, mut body) = response.into_parts();
    let mut share = budget.share(payer.holder());
    let mut bytes = Collected::default();
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                tracing::error!(%error, "a response broke off");
                return Error::Internal.into_response();
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        if share.grow(data.len() as u64).is_err() {
            return Error::TooManyResponses.into_response();
        }
        if bytes.push(data) {
            // A compressor is always ready; captures must not wait for all that it does.
            tokio::task::yield_now().await;
        }
    }
    Response::from_parts(parts, bytes.into_body(share))
}

/// The data of a body. Most come in one piece, which is not copied.
#[derive(Default)]
struct Collected {
    first: Bytes,
    all: Vec<u8>,
}

impl Collected {
    /// Adds data, and says whether there was some before.
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

    fn into_body(mut self, share: Share) -> Body {
        self.all.shrink_to_fit();
        let bytes = if self.all.is_empty() { self.first } else { self.all.into() };
        if bytes.is_empty() { Body::empty() } else { Body::from(held(bytes, Arc::new(share))) }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use prometheus_client::metrics::gauge::Gauge;

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
        let budget = Budget::new(2000, gauge.clone());
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
        let budget = Budget::new(2000, Gauge::default());
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
    async fn what_breaks_off_is_no_response() {
        let budget = Budget::new(2000, Gauge::default());
        let broken =
            stream::iter([Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("x"))]);
        let response = Response::new(Body::from_stream(broken));
        assert_eq!(collected(&budget, &payer(1), response).await.status(), 500);
    }
}
