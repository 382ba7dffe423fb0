//! The interface of the store, independent of its engine, of axum and of Leptos. `sqlite` is the
//! only implementation so far.

mod answers;
mod captured;
pub mod counting;
mod error;
pub mod key;
mod search;
mod secret;
pub mod slug;
pub mod sqlite;
mod truncate;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use hookglass_wire::{Counts, Delivery, GoneReason, OnLimit, Refused, Summary, Window};
use tokio::sync::watch;

pub use self::{
    answers::{
        LateResponse, NewResponseSettings, Progress, ResponseSettings, StoredResponseSettings,
    },
    counting::TimeRange,
    error::StoreError,
    search::{From, Search, SearchPage},
    secret::{NewSecret, SecretId, StoredSecret},
    truncate::truncate_for_list,
};
use crate::{key::KeyHash, slug::Slug};

/// Large bodies are stored ahead of their requests in pieces of this size: small enough to hold
/// many at once, large enough that a piece is worth its fsync.
pub const PIECE_BYTES: usize = 256 * 1024;

/// The internal number of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspaceId(pub i64);

/// The internal number of an endpoint: rows refer to it, never to the name in the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub i64);

/// A body that is being stored ahead of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(pub i64);

/// An endpoint as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEndpoint {
    /// The internal number.
    pub id: EndpointId,
    /// The owner.
    pub workspace: WorkspaceId,
    /// The name in the URL.
    pub slug: Slug,
    /// The owner's name for it.
    pub name: Option<String>,
    /// When it was created, microseconds since the epoch.
    pub created_at: i64,
    /// When it expires unless it is used, microseconds since the epoch; `None` for never.
    pub expires_at: Option<i64>,
    /// Seconds without use until it expires; 0 for never, `None` for the server's default.
    pub expires_in: Option<u32>,
    /// Why the endpoint is gone; `None` while it is active.
    pub gone: Option<GoneReason>,
    /// The highest assigned `seq`, 0 before the first.
    pub last_seq: i64,
    /// The number of stored requests.
    pub requests: i64,
    /// The maximum number of stored requests.
    pub max_requests: u32,
    /// What happens at that maximum.
    pub on_limit: OnLimit,
    /// The highest `seq` that retention evicted since the endpoint was last cleared, 0 for none.
    /// Pinned requests below it remain.
    pub dropped_through: i64,
    /// Whether it has secrets to verify signatures with.
    pub has_secrets: bool,
    /// Its response settings; `None` for the default response.
    pub answers: Option<ResponseSettings>,
}

/// Changes to an endpoint's settings; `None` keeps a setting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSettings {
    /// The owner's name for it, if any.
    pub name: Option<Option<String>>,
    /// Seconds without use until it expires, 0 for never.
    pub expires_in: Option<u32>,
    /// What happens when it is full.
    pub on_limit: Option<OnLimit>,
    /// The response settings.
    pub answers: Option<NewResponseSettings>,
}

/// The owner of a new endpoint.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    /// An existing workspace.
    Workspace(WorkspaceId),
    /// A workspace that is created in the same transaction, with this key.
    New(KeyHash),
}

/// An endpoint to create.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// The owner.
    pub owner: Owner,
    /// The chosen name in the URL; `None` for a random one.
    pub slug: Option<Slug>,
    /// The owner's name for it.
    pub name: Option<String>,
    /// The maximum number of endpoints in its workspace.
    pub max_endpoints: u32,
}

/// Maps a sender to the `provider` id of list entries. The store knows no senders.
pub(crate) type ProviderOf = fn(&str) -> Option<&'static str>;

/// One request, read to its end and ready to be stored.
#[derive(Debug, Clone)]
pub struct CapturedRequest {
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
    /// The sender, as recognized from the request.
    pub sender: Option<&'static str>,
    /// The sender's id of the delivery. Without one the store may match an equal body.
    pub delivery: Option<String>,
    /// The number of this attempt of its delivery by the sender's count, from 1.
    pub attempt: Option<u32>,
    /// `preview` or `preflight`.
    pub mark: Option<&'static str>,
    /// The status of the response, if known.
    pub status: Option<u16>,
    /// The response, if it is known and not the default.
    pub answer: Option<Vec<u8>>,
    /// Whether the sender sent the whole body.
    pub complete: bool,
    /// Whether `head` holds the bytes on the wire.
    pub exact: bool,
    /// Whether parts of `head` were redacted.
    pub redacted: bool,
    /// Request line and headers with their line ends, through the empty line.
    pub head: Vec<u8>,
    /// Trailers with their line ends.
    pub trailers: Vec<u8>,
    /// The length of the body, including the uploaded part.
    pub body_bytes: u64,
    /// The uploaded start of the body, if there is one.
    pub upload: Option<UploadId>,
    /// The body as received, in parts of any length; if there is an `upload`, only the bytes after
    /// its pieces.
    pub body: Vec<Bytes>,
    /// SHA-256 of the whole body.
    pub body_sha256: [u8; 32],
    /// The limit that it exceeded, for a request that was refused.
    pub refused: Option<Refused>,
}

/// A page of an endpoint's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPage {
    /// At most the window's limit; newest first, or oldest first for a window with `after`.
    pub requests: Vec<Summary>,
    /// Whether there are more in the same direction.
    pub more: bool,
    /// The workspace's change as of which the page was read.
    pub change: i64,
}

/// A captured request in full, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRequest {
    /// The list entry.
    pub summary: Summary,
    /// 11 for HTTP/1.1.
    pub http_version: i64,
    /// Address and port of the connection.
    pub peer: String,
    /// Whether `head` holds the bytes on the wire.
    pub exact: bool,
    /// Whether parts of `head` were redacted.
    pub redacted: bool,
    /// In microseconds.
    pub duration_us: i64,
    /// SHA-256 of the body.
    pub body_sha256: Vec<u8>,
    /// Request line and headers, through the empty line.
    pub head: Vec<u8>,
    /// Trailers.
    pub trailers: Vec<u8>,
    /// The response; `None` for the default response and for refusals.
    pub answer: Option<Vec<u8>>,
}

/// An owner's changes to a request; `None` keeps a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotation {
    /// The note, if any.
    pub note: Option<Option<String>>,
    /// Whether retention keeps it.
    pub pinned: Option<bool>,
}

/// The progress of a bulk deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// How many of the named requests were processed, in order.
    pub done: usize,
    /// How many of them existed.
    pub deleted: u64,
}

/// Identifies a request of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRef {
    /// The one with this `seq`.
    Seq(i64),
    /// The newest stored request.
    Latest,
}

/// A committed change in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its number within the workspace: 1, 2, 3, …
    pub number: i64,
    /// The affected endpoint, by its name in the URL.
    pub endpoint: Slug,
    /// The kind of change.
    pub what: ChangeKind,
}

impl Change {
    /// Returns the approximate memory size.
    pub fn bytes(&self) -> usize {
        let what = match &self.what {
            ChangeKind::Captured(summary) | ChangeKind::Updated(summary) => {
                truncate::row_bytes(summary)
            }
            ChangeKind::Deleted(seqs) => size_of_val(seqs.as_slice()),
            ChangeKind::Cleared(_)
            | ChangeKind::Dropped(_)
            | ChangeKind::Endpoint(_)
            | ChangeKind::Gone(_) => 0,
        };
        size_of::<Self>() + what
    }
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// A request was captured.
    Captured(Arc<Summary>),
    /// Note, pin, verdict or response of a request changed.
    Updated(Arc<Summary>),
    /// Requests were deleted one by one.
    Deleted(Vec<i64>),
    /// All requests through this `seq` were deleted.
    Cleared(i64),
    /// Retention evicted all requests below this `seq` except pinned ones.
    Dropped(i64),
    /// The endpoint was created or its settings changed.
    Endpoint(StoredEndpoint),
    /// The endpoint is gone.
    Gone(GoneReason),
}

/// The changes that a feed missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backlog {
    /// The changes after the requested number.
    Changes {
        /// In order and without a gap, at most the requested number; fewer if they are long.
        changes: Vec<Change>,
        /// Whether more changes follow.
        more: bool,
    },
    /// The changes after that number are no longer available; the feed continues after this one.
    Gap(i64),
}

/// Stores endpoints, captured requests and the log of changes.
///
/// A call that changes something returns once the change is as durable as the store promises. The
/// store passes every committed change, in order and in batches, to its one publisher before the
/// callers of those changes resume. All calls are cancel safe: a dropped call either happens in
/// full or not at all. Reads never wait for writes, nor for a disk that cannot be written to.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Whether the store can be read.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Whether requests can be stored now: false from a failed commit until the next successful
    /// one. The store retries by itself, even if nothing arrives.
    fn storing(&self) -> watch::Receiver<bool>;

    /// Creates a workspace with this key.
    async fn create_workspace(&self, key: KeyHash) -> Result<WorkspaceId, StoreError>;

    /// Returns the workspace with this key.
    async fn workspace(&self, key: &KeyHash) -> Result<Option<WorkspaceId>, StoreError>;

    /// Creates an endpoint.
    ///
    /// # Errors
    /// `SlugTaken` if the name was ever used, except by a gone endpoint of the same workspace,
    /// which is then restored and continues its numbering; `TooManyEndpoints`;
    /// `TooManyEndpointsInAll`.
    async fn create_endpoint(&self, new: NewEndpoint) -> Result<StoredEndpoint, StoreError>;

    /// Returns the active endpoints of a workspace, newest first, and the change as of which they
    /// were read.
    async fn endpoints(
        &self,
        workspace: WorkspaceId,
    ) -> Result<(Vec<StoredEndpoint>, i64), StoreError>;

    /// Returns the current endpoint of this name, active or gone, of any owner.
    async fn endpoint(&self, slug: &Slug) -> Result<Option<StoredEndpoint>, StoreError>;

    /// The same from memory if possible, for capturing: counts and settings may be out of date.
    async fn resolve(&self, slug: &Slug) -> Result<Option<Arc<StoredEndpoint>>, StoreError>;

    /// Changes settings of an endpoint.
    ///
    /// # Errors
    /// `Outdated` if someone else changed the response settings in the meantime, `Full` and
    /// `AnswersTooLarge` if they exceed the available storage, and the failures of the store.
    async fn update_endpoint(
        &self,
        id: EndpointId,
        settings: EndpointSettings,
    ) -> Result<StoredEndpoint, StoreError>;

    /// Records that the endpoint is in use, which extends its expiry. Cheap: most calls write
    /// nothing.
    async fn touch(&self, id: EndpointId) -> Result<(), StoreError>;

    /// Deletes an endpoint with all its requests; its name stays reserved for its workspace
    /// forever.
    async fn delete_endpoint(&self, id: EndpointId) -> Result<(), StoreError>;

    /// Stores the next piece of a large body ahead of its request, exactly `PIECE_BYTES` long, and
    /// returns once it is committed. `None` starts an upload. Uploads that are neither appended nor
    /// abandoned are deleted when the store is next opened.
    ///
    /// # Errors
    /// As for `append`. The upload still exists and must be abandoned.
    async fn upload(
        &self,
        upload: Option<UploadId>,
        endpoint: EndpointId,
        piece: Bytes,
    ) -> Result<UploadId, StoreError>;

    /// Abandons an upload; its pieces are deleted soon.
    fn abandon(&self, upload: UploadId);

    /// Stores a captured request and assigns its `seq`. Finishes its upload if it has one.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, `Full`, and the failures of the store. An upload then still exists and
    /// must be abandoned.
    async fn append(&self, id: EndpointId, captured: CapturedRequest) -> Result<i64, StoreError>;

    /// Returns a page of an endpoint's requests.
    async fn requests(&self, id: EndpointId, window: Window) -> Result<RequestPage, StoreError>;

    /// Searches an endpoint's requests with a query. The range of `seq` is scanned in steps, each
    /// with its own read: requests that are captured or deleted in the meantime may or may not be
    /// included.
    async fn search(&self, id: EndpointId, search: Search) -> Result<SearchPage, StoreError>;

    /// Counts an endpoint's requests by the time they arrived.
    async fn counts(&self, id: EndpointId, span: TimeRange) -> Result<Counts, StoreError>;

    /// Returns one request.
    async fn request(&self, id: EndpointId, which: RequestRef)
    -> Result<StoredRequest, StoreError>;

    /// Returns the delivery of which a request is an attempt. `None` if its sender names none and
    /// no other request has the same body.
    async fn delivery(&self, id: EndpointId, seq: i64) -> Result<Option<Delivery>, StoreError>;

    /// Returns a part of a request's body; a range past the end is cut short.
    async fn body(
        &self,
        id: EndpointId,
        seq: i64,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError>;

    /// Deletes one request.
    async fn delete_request(&self, id: EndpointId, seq: i64) -> Result<(), StoreError>;

    /// Deletes some requests of an endpoint: as many of the named ones as fit into a small step, at
    /// least one; returns how far it got. Skips requests that do not exist.
    async fn delete_requests(&self, id: EndpointId, seqs: Vec<i64>)
    -> Result<Deletion, StoreError>;

    /// Changes note or pin of a request. Retention keeps pinned requests; one below the floor is
    /// deleted as soon as it is unpinned.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, `TooManyPins` and `PinsTooLarge`, and the failures of the store.
    async fn annotate(
        &self,
        id: EndpointId,
        seq: i64,
        annotation: Annotation,
    ) -> Result<Summary, StoreError>;

    /// Stores a sealed secret.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, `TooManySecrets`, and the failures of the store.
    async fn add_secret(&self, new: NewSecret) -> Result<StoredSecret, StoreError>;

    /// Returns the secrets of an endpoint, oldest first.
    async fn secrets(&self, id: EndpointId) -> Result<Vec<StoredSecret>, StoreError>;

    /// Returns one secret of any endpoint, if there is any.
    async fn any_secret(&self) -> Result<Option<StoredSecret>, StoreError>;

    /// Deletes a secret.
    async fn delete_secret(&self, id: EndpointId, secret: SecretId) -> Result<(), StoreError>;

    /// Records the signature verdicts of these requests. Skips requests that do not exist.
    async fn note_verdicts(
        &self,
        id: EndpointId,
        verdicts: Vec<(i64, Option<&'static str>)>,
    ) -> Result<(), StoreError>;

    /// Returns the response settings of an endpoint; `None` for the default response.
    async fn answers(&self, id: EndpointId) -> Result<Option<StoredResponseSettings>, StoreError>;

    /// Records the outcome of a response after its request was stored. Does nothing if the request
    /// was deleted in the meantime.
    async fn note_answer(
        &self,
        id: EndpointId,
        seq: i64,
        late: LateResponse,
    ) -> Result<(), StoreError>;

    /// Deletes all requests of an endpoint, including pinned ones; returns their number.
    async fn clear(&self, id: EndpointId) -> Result<u64, StoreError>;

    /// Returns the number of the last change in a workspace.
    async fn last_change(&self, workspace: WorkspaceId) -> Result<i64, StoreError>;

    /// Returns the changes in a workspace after a number (exclusive), at most `limit`.
    async fn changes_after(
        &self,
        workspace: WorkspaceId,
        after: i64,
        limit: u32,
    ) -> Result<Backlog, StoreError>;

    /// Ends expired endpoints, at most a few hundred; returns their number.
    async fn expire(&self) -> Result<u64, StoreError>;

    /// Returns unused space to the disk in a small step; returns whether there is more.
    async fn shrink(&self) -> Result<bool, StoreError>;

    /// Finishes queued commands, accepts no more, and leaves the files clean.
    async fn close(&self);
}
