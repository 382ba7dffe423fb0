//! What pages may ask of the server while it renders them. The server implements it; the browser
//! never sees it.

use async_trait::async_trait;

use crate::wire::{
    Ask, Counts, CountsAsk, Detail, Endpoint, Endpoints, Page, Problem, Reading, Window,
};

/// The answers of the API to the caller for whom a page is rendered, in process.
///
/// # Errors
/// Each call fails with the problem that the API would answer with.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The caller's endpoints, newest first; none for a caller without a workspace.
    async fn endpoints(&self) -> Result<Endpoints, Problem>;
    /// One endpoint of the caller.
    async fn endpoint(&self, id: &str) -> Result<Endpoint, Problem>;
    /// A page of its requests.
    async fn requests(&self, id: &str, window: Window) -> Result<Page, Problem>;
    /// How many of them came when.
    async fn counts(&self, id: &str, ask: CountsAsk) -> Result<Counts, Problem>;
    /// One request in full.
    async fn request(&self, id: &str, seq: i64) -> Result<Detail, Problem>;
    /// A part of it, made readable.
    async fn reading(&self, id: &str, seq: i64, ask: Ask) -> Result<Reading, Problem>;
}
