//! One async fn per API call: in the browser a fetch, on the server a call of `Backend`.
//!
//! Every future is `Send`, as Leptos resources want.

#[cfg(not(feature = "ssr"))]
use self::browser as half;
#[cfg(feature = "ssr")]
use self::server as half;
use crate::wire::{
    Ask, Counts, CountsAsk, Deleted, DeletedFound, Detail, Endpoint, Endpoints, Page, Problem,
    Reading, Session, Suggestions, Summary, Timestamp, Value, Window,
};

#[cfg(not(feature = "ssr"))]
mod browser;

/// Returns the current time: from the server's clock while it renders, else from the browser's.
#[must_use]
pub fn now() -> Timestamp {
    half::now()
}

/// The caller's endpoints: `GET /api/endpoints`.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn endpoints() -> Result<Endpoints, Problem> {
    half::endpoints().await
}

/// One endpoint: `GET /api/endpoints/{id}`.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn endpoint(id: &str) -> Result<Endpoint, Problem> {
    half::endpoint(id).await
}

/// A page of its requests: `GET /api/endpoints/{id}/requests`.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn requests(id: &str, window: Window) -> Result<Page, Problem> {
    half::requests(id, window).await
}

/// One request in full: `GET /api/endpoints/{id}/requests/{seq}`.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn request(id: &str, seq: i64) -> Result<Detail, Problem> {
    half::request(id, seq).await
}

/// Its body as text, codings undone: `GET …/requests/{seq}/text`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn body_text(id: &str, seq: i64) -> Result<String, Problem> {
    half::body_text(id, seq).await
}

/// The counts of requests over time: `GET …/requests/counts`.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn counts(id: &str, ask: CountsAsk) -> Result<Counts, Problem> {
    half::counts(id, ask).await
}

/// The suggestions for a search whose cursor is at `at`, in UTF-16 code units:
/// `GET …/requests/suggestions?q=&at=`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn suggestions(id: &str, q: &str, at: u32) -> Result<Suggestions, Problem> {
    half::suggestions(id, q, at).await
}

/// A readable part of a request: `GET …/requests/{seq}/reading`.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn reading(id: &str, seq: i64, ask: Ask) -> Result<Reading, Problem> {
    half::reading(id, seq, ask).await
}

/// The path and value of a line in a body that is read as JSON in `form`:
/// `GET …/requests/{seq}/value?line=&form=`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn value(id: &str, seq: i64, line: u64, form: &str) -> Result<Value, Problem> {
    half::value(id, seq, line, form).await
}

/// A request as a command or program that sends it again, for one of `format::tools`:
/// `GET …/requests/{seq}/snippet?tool=`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn snippet(id: &str, seq: i64, tool: &str) -> Result<String, Problem> {
    half::snippet(id, seq, tool).await
}

/// Changes the note or pin of a request; `change` is the JSON of the changed members:
/// `PATCH …/requests/{seq}`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn annotate(id: &str, seq: i64, change: String) -> Result<Summary, Problem> {
    half::annotate(id, seq, change).await
}

/// Deletes the requests that a search finds: `DELETE …/requests?q=`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn delete_found(id: &str, found: &DeletedFound) -> Result<Deleted, Problem> {
    half::delete_found(id, found).await
}

/// The same while the page unloads: ignores the response. Browser only.
pub fn delete_found_on_leave(id: &str, found: &DeletedFound) {
    half::delete_found_on_leave(id, found);
}

/// Deletes a request while the page unloads: ignores the response. Browser only.
pub fn delete_on_leave(id: &str, seq: i64) {
    half::delete_on_leave(id, seq);
}

/// Deletes an endpoint while the page unloads: ignores the response. Browser only.
pub fn delete_endpoint_on_leave(id: &str) {
    half::delete_endpoint_on_leave(id);
}

/// Changes settings of an endpoint; `change` is the JSON of the changed members:
/// `PATCH /api/endpoints/{id}`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn change(id: &str, change: String) -> Result<Endpoint, Problem> {
    half::change(id, change).await
}

/// Deletes an endpoint and all of its data: `DELETE /api/endpoints/{id}`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn delete_endpoint(id: &str) -> Result<(), Problem> {
    half::delete_endpoint(id).await
}

/// Deletes one request: `DELETE …/requests/{seq}`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn delete_request(id: &str, seq: i64) -> Result<(), Problem> {
    half::delete_request(id, seq).await
}

/// The workspace's key from the cookie: `GET /api/session`. Browser only.
///
/// # Errors
/// The problem in the server's response, or that there was no response.
pub async fn session() -> Result<Session, Problem> {
    half::session().await
}

/// The server's half: the data that pages read while they render, from the `Arc<dyn Backend>` in
/// context.
#[cfg(feature = "ssr")]
mod server {
    use std::sync::Arc;

    use leptos::prelude::use_context;

    use super::{
        Ask, Counts, CountsAsk, Deleted, DeletedFound, Detail, Endpoint, Endpoints, Page, Problem,
        Reading, Session, Suggestions, Summary, Timestamp, Value, Window,
    };
    use crate::backend::Backend;

    fn backend() -> Result<Arc<dyn Backend>, Problem> {
        use_context().ok_or_else(|| Problem::unreachable("This page was rendered without a store."))
    }

    pub(super) fn now() -> Timestamp {
        Timestamp::now()
    }

    fn browser_only<T>() -> Result<T, Problem> {
        Err(Problem::unreachable("Only the browser asks for this, never a page being rendered."))
    }

    pub(super) async fn endpoints() -> Result<Endpoints, Problem> {
        backend()?.endpoints().await
    }

    pub(super) async fn endpoint(id: &str) -> Result<Endpoint, Problem> {
        backend()?.endpoint(id).await
    }

    pub(super) async fn requests(id: &str, window: Window) -> Result<Page, Problem> {
        backend()?.requests(id, window).await
    }

    pub(super) async fn request(id: &str, seq: i64) -> Result<Detail, Problem> {
        backend()?.request(id, seq).await
    }

    pub(super) async fn body_text(_id: &str, _seq: i64) -> Result<String, Problem> {
        browser_only()
    }

    pub(super) async fn counts(id: &str, ask: CountsAsk) -> Result<Counts, Problem> {
        backend()?.counts(id, ask).await
    }

    pub(super) async fn suggestions(_id: &str, _q: &str, _at: u32) -> Result<Suggestions, Problem> {
        browser_only()
    }

    pub(super) async fn reading(id: &str, seq: i64, ask: Ask) -> Result<Reading, Problem> {
        backend()?.reading(id, seq, ask).await
    }

    pub(super) async fn value(
        _id: &str,
        _seq: i64,
        _line: u64,
        _form: &str,
    ) -> Result<Value, Problem> {
        browser_only()
    }

    pub(super) async fn snippet(_id: &str, _seq: i64, _tool: &str) -> Result<String, Problem> {
        browser_only()
    }

    pub(super) async fn annotate(
        _id: &str,
        _seq: i64,
        _change: String,
    ) -> Result<Summary, Problem> {
        browser_only()
    }

    pub(super) fn delete_on_leave(_id: &str, _seq: i64) {}

    pub(super) fn delete_found_on_leave(_id: &str, _found: &DeletedFound) {}

    pub(super) fn delete_endpoint_on_leave(_id: &str) {}

    pub(super) async fn delete_found(_id: &str, _found: &DeletedFound) -> Result<Deleted, Problem> {
        browser_only()
    }

    pub(super) async fn change(_id: &str, _change: String) -> Result<Endpoint, Problem> {
        browser_only()
    }

    pub(super) async fn delete_endpoint(_id: &str) -> Result<(), Problem> {
        browser_only()
    }

    pub(super) async fn delete_request(_id: &str, _seq: i64) -> Result<(), Problem> {
        browser_only()
    }

    pub(super) async fn session() -> Result<Session, Problem> {
        browser_only()
    }
}
