//! The calls that pages may make to the server while it renders them. The server implements them;
//! the browser half never contains them.

use async_trait::async_trait;

use crate::wire::{
    Ask, Counts, CountsAsk, Detail, Endpoint, Endpoints, Page, Problem, Reading, Window,
};

/// In-process access to the API's responses, for the caller for whom a page is rendered.
///
/// # Errors
/// Each call fails with the problem that the API would return.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Returns the caller's endpoints, newest first; none for a caller without a workspace.
    async fn endpoints(&self) -> Result<Endpoints, Problem>;
    /// Returns one endpoint of the caller.
    async fn endpoint(&self, id: &str) -> Result<Endpoint, Problem>;
    /// Returns a page of its requests.
    async fn requests(&self, id: &str, window: Window) -> Result<Page, Problem>;
    /// Returns the counts of its requests over time.
    async fn counts(&self, id: &str, ask: CountsAsk) -> Result<Counts, Problem>;
    /// Returns a complete request.
    async fn request(&self, id: &str, seq: i64) -> Result<Detail, Problem>;
    /// Returns a readable part of a request.
    async fn reading(&self, id: &str, seq: i64, ask: Ask) -> Result<Reading, Problem>;
}
