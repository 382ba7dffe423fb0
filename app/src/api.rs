//! One async fn per API call: in the browser a fetch, on the server a call of `Backend`.

use crate::wire::{Deleted, Detail, Endpoint, Endpoints, Page, Problem, Session, Window};

/// The caller's endpoints: `GET /api/endpoints`.
///
/// # Errors
/// The problem that the server answered with, or that no answer came.
pub async fn endpoints() -> Result<Endpoints, Problem> {
    unimplemented!()
}

/// One endpoint: `GET /api/endpoints/{id}`.
pub async fn endpoint(id: &str) -> Result<Endpoint, Problem> {
    unimplemented!()
}

/// A page of its requests: `GET /api/endpoints/{id}/requests`.
pub async fn requests(id: &str, window: Window) -> Result<Page, Problem> {
    unimplemented!()
}

/// One request in full: `GET /api/endpoints/{id}/requests/{seq}`.
pub async fn request(id: &str, seq: i64) -> Result<Detail, Problem> {
    unimplemented!()
}

/// The first bytes of its body, at most `limit`: `GET …/body` with a range.
pub async fn body_start(id: &str, seq: i64, limit: u32) -> Result<Vec<u8>, Problem> {
    unimplemented!()
}

/// Deletes one request. Browser only.
pub async fn delete_request(id: &str, seq: i64) -> Result<(), Problem> {
    unimplemented!()
}

/// Deletes all requests of an endpoint. Browser only.
pub async fn clear(id: &str) -> Result<Deleted, Problem> {
    unimplemented!()
}

/// The workspace's key out of the cookie: `GET /api/session`. Browser only.
pub async fn session() -> Result<Session, Problem> {
    unimplemented!()
}
