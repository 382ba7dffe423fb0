//! What a store keeps and answers, whatever engine stands behind it. Knows nothing of axum or
//! Leptos; `sqlite` is the one implementation so far.

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

pub use self::truncate::truncate_for_list;
pub use self::{
    answers::{
        LateResponse, NewResponseSettings, Progress, ResponseSettings, StoredResponseSettings,
    },
    counting::TimeRange,
    error::StoreError,
    search::{From, Search, SearchPage},
    secret::{NewSecret, SecretId, StoredSecret},
};
use crate::{key::KeyHash, slug::Slug};

/// Large bodies go to the store ahead of their requests in pieces of so many bytes: few enough to
/// hold many at once, enough that a piece is worth its fsync.
pub const PIECE_BYTES: usize = 256 * 1024;

/// The internal number of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspaceId(pub i64);

/// The internal number of an endpoint: rows hang on it, never on the name in the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub i64);

/// A body that is being stored ahead of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(pub i64);

/// An endpoint as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEndpoint {
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
    /// When it ends if nobody uses it, microseconds since the epoch; `None` for never.
    pub expires_at: Option<i64>,
    /// How many seconds without use end it; 0 for never, `None` for what the server says.
    pub expires_in: Option<u32>,
    /// Why it is no more; `None` while it lives.
    pub gone: Option<GoneReason>,
    /// The highest `seq` ever given, 0 before the first.
    pub last_seq: i64,
    /// How many requests are kept.
    pub requests: i64,
    /// How many it may keep.
    pub max_requests: u32,
    /// What happens once it keeps that many.
    pub on_limit: OnLimit,
    /// The highest `seq` that retention dropped since it was last cleared, 0 for none. What is
    /// pinned is still there below it.
    pub dropped_through: i64,
    /// Whether it has secrets to judge signatures by.
    pub has_secrets: bool,
    /// That it answers in a way of its own; `None` for the plain answer.
    pub answers: Option<ResponseSettings>,
}

/// What is to become of an endpoint's settings; `None` leaves one as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSettings {
    /// What the owner calls it, if anything.
    pub name: Option<Option<String>>,
    /// How many seconds without use end it, 0 for never.
    pub expires_in: Option<u32>,
    /// What happens once it is full.
    pub on_limit: Option<OnLimit>,
    /// How it answers.
    pub answers: Option<NewResponseSettings>,
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

/// Names who signs for a sender: the `provider` of what lists show. The store knows no senders.
pub(crate) type ProviderOf = fn(&str) -> Option<&'static str>;

/// One request, read to its end and ready to be kept.
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
    /// Who sent it, as its marks tell.
    pub sender: Option<&'static str>,
    /// The sender's own id of the delivery. Without one the store may find an equal body.
    pub delivery: Option<String>,
    /// Which try of its delivery this is by the sender's count, from 1.
    pub attempt: Option<u32>,
    /// `preview` or `preflight`.
    pub mark: Option<&'static str>,
    /// The status that it is answered with, if it is known.
    pub status: Option<u16>,
    /// What it is answered, if that is known and not plain.
    pub answer: Option<Vec<u8>>,
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
    /// How many bytes the body has, with what was uploaded of it.
    pub body_bytes: u64,
    /// The start of the body, if that went ahead.
    pub upload: Option<UploadId>,
    /// The body as it arrived, in parts of any length; only what follows the pieces of `upload`
    /// if there is one.
    pub body: Vec<Bytes>,
    /// SHA-256 of the whole body.
    pub body_sha256: [u8; 32],
    /// The limit that it ran into, for a request that was answered by a refusal.
    pub refused: Option<Refused>,
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
    /// What it was answered; `None` for the plain answer and for refusals.
    pub answer: Option<Vec<u8>>,
}

/// What its owner says of a request; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotation {
    /// What is written beside it, if anything.
    pub note: Option<Option<String>>,
    /// Whether retention spares it.
    pub pinned: Option<bool>,
}

/// How far a deletion of many requests came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// How many of those that were named it dealt with, from the first on.
    pub done: usize,
    /// How many of them were still there.
    pub deleted: u64,
}

/// Which request of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRef {
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
    pub what: ChangeKind,
}

impl Change {
    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        let what = match &self.what {
            ChangeKind::CapturedRequest(summary) | ChangeKind::Updated(summary) => {
                truncate::row_bytes(summary)
            }
            ChangeKind::Deleted(seqs) => size_of_val(seqs.as_slice()),
            ChangeKind::Cleared(_)
            | ChangeKind::Dropped(_)
            | ChangeKind::StoredEndpoint(_)
            | ChangeKind::Gone(_) => 0,
        };
        size_of::<Self>() + what
    }
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// A request was captured.
    CapturedRequest(Arc<Summary>),
    /// Note, pin, verdict or answer of a request changed.
    Updated(Arc<Summary>),
    /// Requests were deleted one by one.
    Deleted(Vec<i64>),
    /// All requests through this `seq` were deleted.
    Cleared(i64),
    /// Retention dropped all requests below this `seq` but those that are pinned.
    Dropped(i64),
    /// The endpoint was made or its settings changed.
    StoredEndpoint(StoredEndpoint),
    /// The endpoint is no more.
    Gone(GoneReason),
}

/// What a feed missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backlog {
    /// The changes after the number asked for.
    Changes {
        /// In order and without a hole, at most as many as asked for; fewer where they are long.
        changes: Vec<Change>,
        /// Whether there are more behind them.
        more: bool,
    },
    /// The changes after that number are no longer known; the feed goes on after this one.
    Gap(i64),
}

/// Keeps endpoints, captured requests and the log of changes.
///
/// A call that changes something returns once the change is as durable as the store promises.
/// Every committed change goes, in order and batch by batch, to the one publisher that the store
/// was opened with, before the callers that made the changes go on. All calls are cancel safe: a
/// dropped call either happens in full or not at all. Reads never wait for writes, nor for a disk
/// that cannot be written to.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Whether the store answers reads.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Whether what is sent now can be kept: false from a commit that failed until one succeeds.
    /// The store tries by itself, also when nothing arrives.
    fn storing(&self) -> watch::Receiver<bool>;

    /// Makes a workspace that has this key.
    async fn create_workspace(&self, key: KeyHash) -> Result<WorkspaceId, StoreError>;

    /// The workspace that has this key.
    async fn workspace(&self, key: &KeyHash) -> Result<Option<WorkspaceId>, StoreError>;

    /// Makes an endpoint.
    ///
    /// # Errors
    /// `SlugTaken` where the name was ever used, unless by a gone endpoint of the same workspace,
    /// which then comes back and goes on numbering where it stopped; `TooManyEndpoints`;
    /// `TooManyEndpointsInAll`.
    async fn create_endpoint(&self, new: NewEndpoint) -> Result<StoredEndpoint, StoreError>;

    /// The living endpoints of a workspace, newest first, and the change that they show.
    async fn endpoints(
        &self,
        workspace: WorkspaceId,
    ) -> Result<(Vec<StoredEndpoint>, i64), StoreError>;

    /// The endpoint of this name, gone or not, whoever owns it, as it stands.
    async fn endpoint(&self, slug: &Slug) -> Result<Option<StoredEndpoint>, StoreError>;

    /// The same from memory where possible, for capturing: counts and settings may be out of date.
    async fn resolve(&self, slug: &Slug) -> Result<Option<Arc<StoredEndpoint>>, StoreError>;

    /// Changes settings of an endpoint.
    ///
    /// # Errors
    /// `Outdated` where how it answers was changed by another meanwhile, `Full` and
    /// `AnswersTooLarge` where that takes more room than there is, and the failures of the store.
    async fn update_endpoint(
        &self,
        id: EndpointId,
        settings: EndpointSettings,
    ) -> Result<StoredEndpoint, StoreError>;

    /// Notes that the endpoint is in use, which puts off its end. Cheap: most calls write nothing.
    async fn touch(&self, id: EndpointId) -> Result<(), StoreError>;

    /// Deletes an endpoint with all its requests; its name stays its workspace's for ever.
    async fn delete_endpoint(&self, id: EndpointId) -> Result<(), StoreError>;

    /// Takes the next piece of a large body ahead of its request, exactly `PIECE_BYTES` long, and
    /// returns once it is committed. `None` starts an upload. What is neither appended nor
    /// abandoned is deleted when the store opens again.
    ///
    /// # Errors
    /// As for `append`. The upload is still there and has to be abandoned.
    async fn upload(
        &self,
        upload: Option<UploadId>,
        endpoint: EndpointId,
        piece: Bytes,
    ) -> Result<UploadId, StoreError>;

    /// Gives up an upload; its pieces are deleted soon.
    fn abandon(&self, upload: UploadId);

    /// Keeps a captured request and gives it its `seq`. Finishes its upload if it has one.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, `Full`, and the failures of the store. An upload is then still there
    /// and has to be abandoned.
    async fn append(&self, id: EndpointId, captured: CapturedRequest) -> Result<i64, StoreError>;

    /// A page of an endpoint's requests.
    async fn requests(&self, id: EndpointId, window: Window) -> Result<RequestPage, StoreError>;

    /// Looks through an endpoint's requests for those that a query finds. The range of `seq` to
    /// look through is walked in steps, each a read of its own: what is captured or deleted
    /// meanwhile may be among them or not.
    async fn search(&self, id: EndpointId, search: Search) -> Result<SearchPage, StoreError>;

    /// Counts an endpoint's requests by the time they came.
    async fn counts(&self, id: EndpointId, span: TimeRange) -> Result<Counts, StoreError>;

    /// One request.
    async fn request(&self, id: EndpointId, which: RequestRef)
    -> Result<StoredRequest, StoreError>;

    /// The delivery that a request is a try of. `None` where its sender names none and no other
    /// request has the same body.
    async fn delivery(&self, id: EndpointId, seq: i64) -> Result<Option<Delivery>, StoreError>;

    /// A part of a request's body; what lies past its end is left out.
    async fn body(
        &self,
        id: EndpointId,
        seq: i64,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError>;

    /// Deletes one request.
    async fn delete_request(&self, id: EndpointId, seq: i64) -> Result<(), StoreError>;

    /// Deletes some requests of an endpoint, as many of those that are named as fit into a small
    /// step, at least one, and says how far it came. Those that are not there are passed over.
    async fn delete_requests(&self, id: EndpointId, seqs: Vec<i64>)
    -> Result<Deletion, StoreError>;

    /// Changes note or pin of a request. Retention spares what is pinned; what it would have
    /// dropped long ago is deleted as soon as it is not pinned any more.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, `TooManyPins` and `PinsTooLarge`, and the failures of the store.
    async fn annotate(
        &self,
        id: EndpointId,
        seq: i64,
        annotation: Annotation,
    ) -> Result<Summary, StoreError>;

    /// Keeps a sealed secret.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, `TooManySecrets`, and the failures of the store.
    async fn add_secret(&self, new: NewSecret) -> Result<StoredSecret, StoreError>;

    /// The secrets of an endpoint, oldest first.
    async fn secrets(&self, id: EndpointId) -> Result<Vec<StoredSecret>, StoreError>;

    /// One secret of any endpoint, if there is one at all.
    async fn any_secret(&self) -> Result<Option<StoredSecret>, StoreError>;

    /// Deletes a secret.
    async fn delete_secret(&self, id: EndpointId, secret: SecretId) -> Result<(), StoreError>;

    /// Notes what was made of the signatures of these requests. Those that are not there are
    /// passed over.
    async fn note_verdicts(
        &self,
        id: EndpointId,
        verdicts: Vec<(i64, Option<&'static str>)>,
    ) -> Result<(), StoreError>;

    /// How an endpoint answers; `None` for the plain answer.
    async fn answers(&self, id: EndpointId) -> Result<Option<StoredResponseSettings>, StoreError>;

    /// Notes what became of an answer after its request was stored. A request that is gone meanwhile
    /// is passed over.
    async fn note_answer(
        &self,
        id: EndpointId,
        seq: i64,
        late: LateResponse,
    ) -> Result<(), StoreError>;

    /// Deletes all requests of an endpoint, pinned ones too, and says how many there were.
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

    /// Ends endpoints that nobody has used for too long, at most a few hundred, and says how many.
    async fn expire(&self) -> Result<u64, StoreError>;

    /// Gives unused space back to the disk in a small step and says whether there is more to give.
    async fn shrink(&self) -> Result<bool, StoreError>;

    /// Finishes what is queued, takes nothing more, and leaves the files at rest.
    async fn close(&self);
}
