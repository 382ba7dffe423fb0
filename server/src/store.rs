//! What a store keeps and answers, whatever engine stands behind it. Knows nothing of axum or
//! Leptos; `sqlite` is the one implementation so far.

pub mod sqlite;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use hookglass_app::wire::{GoneReason, Summary, Window};

use crate::{key::KeyHash, slug::Slug};

/// The internal number of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspaceId(pub i64);

/// The internal number of an endpoint: rows hang on it, never on the name in the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub i64);

/// An endpoint as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its internal number.
    pub id: EndpointId,
    /// Its owner.
    pub workspace: WorkspaceId,
    /// Its name in the URL.
    pub slug: Slug,
    /// What the owner calls it.
    pub name: Option<String>,
    /// When it was made, microseconds since the epoch.
    pub created_at: i64,
    /// When it ends, microseconds since the epoch; `None` for never.
    pub expires_at: Option<i64>,
    /// Why it is no more; `None` while it lives.
    pub gone: Option<GoneReason>,
    /// The highest `seq` ever given, 0 before the first.
    pub last_seq: i64,
    /// How many requests are kept.
    pub requests: i64,
}

/// Who makes an endpoint.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    /// A workspace that is there.
    Workspace(WorkspaceId),
    /// A workspace made in the same transaction, with this key.
    New(KeyHash),
}

/// An endpoint to be made.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Who makes it.
    pub owner: Owner,
    /// The chosen name in the URL; `None` for a random one.
    pub slug: Option<Slug>,
    /// What the owner calls it.
    pub name: Option<String>,
    /// How many endpoints its workspace may have.
    pub max_endpoints: u32,
}

/// One request, read to its end and ready to be kept.
#[derive(Debug, Clone)]
pub struct Captured {
    /// When its head was complete, microseconds since the epoch.
    pub received_at: i64,
    /// From the complete head to the last byte of the body, in microseconds.
    pub duration_us: i64,
    /// The method as sent.
    pub method: String,
    /// The raw request target.
    pub target: Vec<u8>,
    /// 11 for HTTP/1.1, see `head::version_number`.
    pub http_version: i64,
    /// The client's address, without port.
    pub remote_addr: String,
    /// Address and port of the connection.
    pub peer: String,
    /// The value of `Content-Type`.
    pub content_type: Option<Vec<u8>>,
    /// A short name of the event.
    pub label: Option<String>,
    /// Whether the sender sent the whole body.
    pub complete: bool,
    /// Whether `head` is what stood on the wire.
    pub exact: bool,
    /// Whether something in `head` was overwritten.
    pub redacted: bool,
    /// Request line and fields with their line ends, through the empty line.
    pub head: Vec<u8>,
    /// Trailer fields with their line ends.
    pub trailers: Vec<u8>,
    /// The body as it arrived, in pieces of any length.
    pub body: Vec<Bytes>,
    /// SHA-256 of the body.
    pub body_sha256: [u8; 32],
}

impl Captured {
    /// How many bytes the body has.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.body.iter().map(Bytes::len).sum()
    }
}

/// A page of an endpoint's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPage {
    /// At most the window's limit; newest first, or oldest first for a window with `after`.
    pub requests: Vec<Summary>,
    /// Whether there are more in the same direction.
    pub more: bool,
    /// The workspace's change that the page shows.
    pub change: i64,
}

/// A captured request in full, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRequest {
    /// What lists show of it.
    pub summary: Summary,
    /// 11 for HTTP/1.1.
    pub http_version: i64,
    /// Address and port of the connection.
    pub peer: String,
    /// Whether `head` is what stood on the wire.
    pub exact: bool,
    /// Whether something in `head` was overwritten.
    pub redacted: bool,
    /// In microseconds.
    pub duration_us: i64,
    /// SHA-256 of the body.
    pub body_sha256: Vec<u8>,
    /// Request line and fields, through the empty line.
    pub head: Vec<u8>,
    /// Trailer fields.
    pub trailers: Vec<u8>,
}

/// Which request of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one with this `seq`.
    Seq(i64),
    /// The newest that is kept.
    Latest,
}

/// Something that changed in a workspace, committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub workspace: WorkspaceId,
    /// Its number within the workspace: 1, 2, 3, …
    pub number: i64,
    /// The endpoint that it concerns, by its name in the URL.
    pub endpoint: Slug,
    /// What.
    pub what: What,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A request was captured.
    Captured(Arc<Summary>),
    /// Requests were deleted one by one.
    Deleted(Vec<i64>),
    /// All requests through this `seq` were deleted.
    Cleared(i64),
    /// The endpoint was made or its settings changed.
    Endpoint(Endpoint),
    /// The endpoint is no more.
    Gone(GoneReason),
}

/// What a feed missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backlog {
    /// The changes after the number asked for, in order and without a hole, at most as many as
    /// asked for.
    Changes(Vec<Change>),
    /// The changes after that number are no longer known; the feed goes on after this one.
    Gap(i64),
}

/// Why a store could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such endpoint or request, or it is another workspace's.
    #[error("not found")]
    NotFound,
    /// The endpoint is no more.
    #[error("the endpoint is gone")]
    Gone(GoneReason),
    /// The name is or was another endpoint's.
    #[error("the name is taken")]
    SlugTaken,
    /// The workspace has as many endpoints as it may have.
    #[error("the workspace has {0} endpoints already")]
    TooManyEndpoints(u32),
    /// The queue of the writer is full.
    #[error("the write queue is full")]
    Busy,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The transaction that held the change failed; whether it was kept is not known. The store
    /// has logged why.
    #[error("the transaction failed")]
    Aborted,
    /// The engine failed to read.
    #[error("the storage engine failed")]
    Engine(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// Keeps endpoints, captured requests and the log of changes.
///
/// A call that changes something returns once the change is as durable as the store promises.
/// Every committed change goes, in order and batch by batch, to the one publisher that the store
/// was opened with, before the callers that made the changes go on. All calls are cancel safe: a
/// dropped call either happens in full or not at all.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Whether the store answers reads.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Makes a workspace that has this key.
    async fn create_workspace(&self, key: KeyHash) -> Result<WorkspaceId, StoreError>;

    /// The workspace that has this key.
    async fn workspace(&self, key: &KeyHash) -> Result<Option<WorkspaceId>, StoreError>;

    /// Makes an endpoint.
    ///
    /// # Errors
    /// `SlugTaken` where the name was ever used, unless by a gone endpoint of the same workspace,
    /// which then comes back and goes on numbering where it stopped; `TooManyEndpoints`.
    async fn create_endpoint(&self, new: NewEndpoint) -> Result<Endpoint, StoreError>;

    /// The living endpoints of a workspace, newest first, and the change that they show.
    async fn endpoints(&self, workspace: WorkspaceId) -> Result<(Vec<Endpoint>, i64), StoreError>;

    /// The endpoint of this name, gone or not, whoever owns it, as it stands.
    async fn endpoint(&self, slug: &Slug) -> Result<Option<Endpoint>, StoreError>;

    /// The same from memory where possible, for capturing: counts and name may be out of date.
    async fn resolve(&self, slug: &Slug) -> Result<Option<Endpoint>, StoreError>;

    /// Renames an endpoint.
    async fn rename_endpoint(
        &self,
        id: EndpointId,
        name: Option<String>,
    ) -> Result<Endpoint, StoreError>;

    /// Deletes an endpoint with all its requests; its name stays its workspace's for ever.
    async fn delete_endpoint(&self, id: EndpointId) -> Result<(), StoreError>;

    /// Keeps a captured request and gives it its `seq`.
    async fn append(&self, id: EndpointId, captured: Captured) -> Result<i64, StoreError>;

    /// A page of an endpoint's requests.
    async fn requests(&self, id: EndpointId, window: Window) -> Result<RequestPage, StoreError>;

    /// One request.
    async fn request(&self, id: EndpointId, which: Which) -> Result<StoredRequest, StoreError>;

    /// A part of a request's body; what lies past its end is left out.
    async fn body(
        &self,
        id: EndpointId,
        seq: i64,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError>;

    /// Deletes one request.
    async fn delete_request(&self, id: EndpointId, seq: i64) -> Result<(), StoreError>;

    /// Deletes all requests of an endpoint and says how many there were.
    async fn clear(&self, id: EndpointId) -> Result<u64, StoreError>;

    /// The number of the last change in a workspace.
    async fn last_change(&self, workspace: WorkspaceId) -> Result<i64, StoreError>;

    /// The changes in a workspace after a number (exclusive), at most `limit`.
    async fn changes_after(
        &self,
        workspace: WorkspaceId,
        after: i64,
        limit: u32,
    ) -> Result<Backlog, StoreError>;

    /// Finishes what is queued, takes nothing more, and leaves the files at rest.
    async fn close(&self);
}
