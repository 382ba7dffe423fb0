//! The store in one SQLite file: one writer, a few readers, and a connection that checkpoints the
//! write-ahead log.

mod answers;
mod changes;
mod checkpoint;
mod clock;
mod counts;
mod deliveries;
pub(crate) mod endpoint_cache;
mod files;
mod open;
mod reader;
mod search;
mod secrets;
pub mod wal;
mod writer;

use std::{
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use clap::ValueEnum;
use hookglass_metrics::Metrics;
use hookglass_wire::{Counts, Delivery, Summary, Window};
use sqlx::sqlite::SqlitePoolOptions;
use tokio::sync::watch;

use self::{
    checkpoint::Checkpointer, clock::StoreClock, endpoint_cache::EndpointCache, files::Files,
    reader::Readers, wal::Wal, writer::WriterHandle,
};
pub use self::{
    clock::{ClockReading, ReadClock},
    open::OpenError,
};
use super::{
    Annotation, Backlog, CapturedRequest, Change, Deletion, EndpointId, EndpointSettings,
    LateResponse, NewEndpoint, NewSecret, PIECE_BYTES, RequestPage, RequestRef, Search, SearchPage,
    SecretId, Store, StoreError, StoredEndpoint, StoredRequest, StoredResponseSettings,
    StoredSecret, TimeRange, UploadId, WorkspaceId,
};
use crate::{ProviderOf, key::KeyHash, slug::Slug};

/// Readers besides the writer.
const READERS: u32 = 4;
/// How many rows a connection's thread may be ahead of its consumer: at sqlx's default of 50 the
/// two mostly wake each other.
const ROWS_AHEAD: usize = 512;
/// Readers for searches only: searches take long and must not delay other reads.
const SEARCHERS: u32 = 2;
/// How long a statement waits for a lock; only checkpoints and opening ever hold one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How far the write-ahead log may grow if readers or a slow disk keep it from being restarted;
/// then the writer waits for them and empties it. With a batch on top it stays under 64 MiB.
const WAL_BYTES: u64 = 44 * 1024 * 1024;
const _: () = assert!(WAL_BYTES <= 48 * 1024 * 1024, "with a batch on top it stays under 64 MiB");

/// `PIECE_BYTES` as an SQL integer.
const PIECE: i64 = 256 * 1024;
const _: () = assert!(PIECE_BYTES == 256 * 1024, "pieces in files are of this length");
/// The most pieces of a body: the id of a piece is its request's id times this plus its index.
const PIECES: i64 = 1 << 20;
/// The approximate size of a request besides its head, body and trailers. The second migration has
/// the same number.
const ROW_BYTES: i64 = 512;

/// How many changes other than captures each workspace can replay. Beyond about that many the
/// oldest are deleted, and a feed that resumes from before them gets a gap.
const REPLAYED_CHANGES: i64 = 10_000;

/// Receives each committed batch of changes, in order.
pub type Publish = Box<dyn Fn(Vec<Change>) + Send>;

/// What a commit guarantees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// It survives a power cut: each commit waits for the disk.
    Full,
    /// It survives a crash of the program; a power cut may undo the last commits.
    Normal,
}

/// How to open a database, and its limits.
pub struct Options {
    /// The file.
    pub path: PathBuf,
    /// What a commit guarantees.
    pub durability: Durability,
    /// The maximum number of requests per endpoint.
    pub max_requests: u32,
    /// The maximum number of endpoints.
    pub max_endpoints_total: u32,
    /// The maximum size of the file.
    pub max_storage_bytes: u64,
    /// How long an unused endpoint stays; zero for forever.
    pub endpoint_ttl: Duration,
    /// The size of the write-ahead log at which the writer waits for readers and empties it.
    pub max_log_bytes: u64,
    /// Reads the clocks.
    pub clock: ReadClock,
    /// Maps senders to provider ids, for list entries.
    pub provider_of: ProviderOf,
    /// Receives committed changes.
    pub publish: Publish,
    /// The metrics.
    pub metrics: Metrics,
}

impl Options {
    /// Opens the file with the default limits and without a publisher.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            durability: Durability::Full,
            max_requests: 10_000,
            max_endpoints_total: 100_000,
            max_storage_bytes: 2 << 30,
            endpoint_ttl: Duration::from_secs(7 * 24 * 60 * 60),
            max_log_bytes: WAL_BYTES,
            clock: clock::system(),
            provider_of: |_| None,
            publish: Box::new(drop),
            metrics: Metrics::default(),
        }
    }
}

/// The store in one SQLite file. A cheap-clone handle is `Arc<SqliteStore>`.
pub struct SqliteStore {
    writer: WriterHandle,
    checkpointer: Checkpointer,
    readers: Readers,
    /// Like `readers`, for searches.
    searchers: Readers,
    directory: EndpointCache,
    storing: watch::Receiver<bool>,
    clock: StoreClock,
    metrics: Metrics,
    /// Held while the store exists, so that no second process opens the file. SQLite's own locks
    /// are of another kind (fcntl) and are not affected; this handle closes last.
    _lock: File,
}

impl SqliteStore {
    /// Opens the database, creates it if it does not exist (mode 0600), and migrates it to this
    /// version. A database of this version also opens where nothing can be written, as on a full
    /// disk: it is read-only then, and `storing` says when writing works again.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing was changed then, and newly created files are removed.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let path = options.path.clone();
        let sqlite = |source| OpenError::Sqlite { path: path.clone(), source };
        let (lock, connect, mut connection) = open::open(&path, options.durability).await?;
        let files = Files::new(&path, &lock)
            .map_err(|source| OpenError::File { path: path.clone(), source })?;
        let newest = reader::newest(&mut connection).await.map_err(sqlite)?;
        let clock = StoreClock::new(options.clock.clone(), newest);
        let reading = connect.clone().pragma("cache_size", "-2048").pragma("query_only", "on");
        let reading = reading.row_buffer_size(ROWS_AHEAD);
        let (max_requests, provider_of) = (options.max_requests, options.provider_of);
        let pool = connections(READERS).connect_with(reading.clone()).await.map_err(sqlite)?;
        let readers = Readers { pool, max_requests, provider_of };
        let searchers = Readers {
            pool: connections(SEARCHERS).connect_lazy_with(reading),
            max_requests,
            provider_of,
        };
        let directory = EndpointCache::default();
        let metrics = options.metrics.clone();
        let log = Wal::new(connect.clone());
        let opened = writer::OpenDatabase {
            connection,
            connect: connect.clone(),
            log: log.clone(),
            files: files.clone(),
            clock: clock.clone(),
        };
        let (writer, storing) =
            WriterHandle::start(opened, options, directory.clone()).await.map_err(sqlite)?;
        let checkpointer = Checkpointer::start(
            &connect,
            log,
            files,
            &writer,
            readers.pool.clone(),
            metrics.clone(),
        );
        Ok(Self {
            writer,
            checkpointer,
            readers,
            searchers,
            directory,
            storing,
            clock,
            metrics,
            _lock: lock,
        })
    }
}

/// Returns a pool whose connections are all opened at the start and stay open: a later connection
/// would read whatever file is at the path by then.
fn connections(count: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(count)
        .min_connections(count)
        .max_lifetime(None)
        .idle_timeout(None)
        // `checkpoint` logs this once for all waiting callers.
        .acquire_slow_threshold(Duration::MAX)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::PoolClosed => Self::Closed,
            sqlx::Error::PoolTimedOut => Self::Busy,
            other => Self::Engine(Arc::new(other)),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ready(&self) -> Result<(), StoreError> {
        self.readers.ready().await
    }

    fn storing(&self) -> watch::Receiver<bool> {
        self.storing.clone()
    }

    async fn create_workspace(&self, key: KeyHash) -> Result<WorkspaceId, StoreError> {
        self.writer
            .change(move |writer, _| {
                Box::pin(async move { Ok(Ok(writer.create_workspace(&key).await?)) })
            })
            .await
    }

    async fn workspace(&self, key: &KeyHash) -> Result<Option<WorkspaceId>, StoreError> {
        self.readers.workspace(key).await
    }

    async fn create_endpoint(&self, new: NewEndpoint) -> Result<StoredEndpoint, StoreError> {
        self.writer.change(move |writer, batch| Box::pin(writer.create_endpoint(new, batch))).await
    }

    async fn endpoints(
        &self,
        workspace: WorkspaceId,
    ) -> Result<(Vec<StoredEndpoint>, i64), StoreError> {
        self.readers.endpoints(workspace).await
    }

    async fn endpoint(&self, slug: &Slug) -> Result<Option<StoredEndpoint>, StoreError> {
        self.readers.endpoint(slug).await
    }

    async fn resolve(&self, slug: &Slug) -> Result<Option<Arc<StoredEndpoint>>, StoreError> {
        let moment = match self.directory.find(slug) {
            Ok(endpoint) => return Ok(Some(endpoint)),
            Err(moment) => moment,
        };
        let endpoint = self.readers.endpoint(slug).await?.map(Arc::new);
        if let Some(endpoint) = endpoint.as_ref().filter(|endpoint| endpoint.gone.is_none()) {
            self.directory.remember(endpoint, moment);
        }
        Ok(endpoint)
    }

    async fn update_endpoint(
        &self,
        id: EndpointId,
        settings: EndpointSettings,
    ) -> Result<StoredEndpoint, StoreError> {
        self.writer
            .change(move |writer, batch| Box::pin(writer.update_endpoint(id, settings, batch)))
            .await
    }

    async fn touch(&self, id: EndpointId) -> Result<(), StoreError> {
        self.writer.touch(id)
    }

    async fn delete_endpoint(&self, id: EndpointId) -> Result<(), StoreError> {
        self.writer.change(move |writer, batch| Box::pin(writer.delete_endpoint(id, batch))).await
    }

    async fn upload(
        &self,
        upload: Option<UploadId>,
        endpoint: EndpointId,
        piece: Bytes,
    ) -> Result<UploadId, StoreError> {
        self.writer
            .call(|reply| writer::WriterCommand::Upload { upload, endpoint, piece, reply })
            .await
    }

    fn abandon(&self, upload: UploadId) {
        self.writer.abandon(upload);
    }

    async fn append(&self, id: EndpointId, captured: CapturedRequest) -> Result<i64, StoreError> {
        self.writer
            .call(|reply| {
                writer::WriterCommand::Append(writer::PendingInsert {
                    id,
                    captured: Box::new(captured),
                    reply,
                })
            })
            .await
    }

    async fn requests(&self, id: EndpointId, window: Window) -> Result<RequestPage, StoreError> {
        self.readers.requests(id, window).await
    }

    async fn search(&self, id: EndpointId, search: Search) -> Result<SearchPage, StoreError> {
        self.searchers.search(id, search).await
    }

    async fn counts(&self, id: EndpointId, span: TimeRange) -> Result<Counts, StoreError> {
        self.readers.counts(id, span).await
    }

    async fn request(
        &self,
        id: EndpointId,
        which: RequestRef,
    ) -> Result<StoredRequest, StoreError> {
        self.readers.request(id, which).await
    }

    async fn delivery(&self, id: EndpointId, seq: i64) -> Result<Option<Delivery>, StoreError> {
        self.readers.delivery(id, seq).await
    }

    async fn body(
        &self,
        id: EndpointId,
        seq: i64,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError> {
        self.readers.body(id, seq, range).await
    }

    async fn delete_request(&self, id: EndpointId, seq: i64) -> Result<(), StoreError> {
        self.writer
            .change(move |writer, batch| Box::pin(writer.delete_request(id, seq, batch)))
            .await
    }

    async fn delete_requests(
        &self,
        id: EndpointId,
        seqs: Vec<i64>,
    ) -> Result<Deletion, StoreError> {
        self.writer
            .change(move |writer, batch| Box::pin(writer.delete_requests(id, seqs, batch)))
            .await
    }

    async fn annotate(
        &self,
        id: EndpointId,
        seq: i64,
        annotation: Annotation,
    ) -> Result<Summary, StoreError> {
        self.writer
            .change(move |writer, batch| Box::pin(writer.annotate(id, seq, annotation, batch)))
            .await
    }

    async fn add_secret(&self, new: NewSecret) -> Result<StoredSecret, StoreError> {
        self.writer.change(move |writer, batch| Box::pin(writer.add_secret(new, batch))).await
    }

    async fn secrets(&self, id: EndpointId) -> Result<Vec<StoredSecret>, StoreError> {
        self.readers.secrets(id).await
    }

    async fn any_secret(&self) -> Result<Option<StoredSecret>, StoreError> {
        self.readers.any_secret().await
    }

    async fn delete_secret(&self, id: EndpointId, secret: SecretId) -> Result<(), StoreError> {
        self.writer
            .change(move |writer, batch| Box::pin(writer.delete_secret(id, secret, batch)))
            .await
    }

    async fn note_verdicts(
        &self,
        id: EndpointId,
        verdicts: Vec<(i64, Option<&'static str>)>,
    ) -> Result<(), StoreError> {
        self.writer
            .change(move |writer, batch| Box::pin(writer.note_verdicts(id, verdicts, batch)))
            .await
    }

    async fn answers(&self, id: EndpointId) -> Result<Option<StoredResponseSettings>, StoreError> {
        self.readers.answers(id).await
    }

    async fn note_answer(
        &self,
        id: EndpointId,
        seq: i64,
        late: LateResponse,
    ) -> Result<(), StoreError> {
        let bytes = late.answer.as_ref().map_or(0, Vec::len);
        self.writer
            .change_with(bytes, move |writer, batch| {
                Box::pin(writer.note_answer(id, seq, late, batch))
            })
            .await
    }

    async fn clear(&self, id: EndpointId) -> Result<u64, StoreError> {
        self.writer.change(move |writer, batch| Box::pin(writer.clear(id, batch))).await
    }

    async fn last_change(&self, workspace: WorkspaceId) -> Result<i64, StoreError> {
        self.readers.last_change(workspace).await
    }

    async fn changes_after(
        &self,
        workspace: WorkspaceId,
        after: i64,
        limit: u32,
    ) -> Result<Backlog, StoreError> {
        self.readers.changes_after(workspace, after, limit).await
    }

    async fn expire(&self) -> Result<u64, StoreError> {
        let now = self.clock.time().earliest_us;
        let ids = self.readers.overdue(now).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        self.writer.change(move |writer, batch| Box::pin(writer.expire(ids, now, batch))).await
    }

    async fn shrink(&self) -> Result<bool, StoreError> {
        let space = self.readers.space().await?;
        self.metrics.database_bytes.set(space.used_bytes);
        if space.has_much_free {
            self.writer.change(|writer, _| Box::pin(writer.shrink())).await?;
        }
        Ok(space.has_much_free)
    }

    async fn close(&self) {
        self.readers.pool.close().await;
        self.searchers.pool.close().await;
        self.checkpointer.close().await;
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_opened_once_and_waiting_for_one_is_not_said_by_each_that_waits() {
        let pool = connections(READERS);
        assert_eq!((pool.get_min_connections(), pool.get_max_connections()), (READERS, READERS));
        assert_eq!((pool.get_max_lifetime(), pool.get_idle_timeout()), (None, None));
        assert!(pool.get_acquire_slow_threshold() > pool.get_acquire_timeout());
        assert!(matches!(StoreError::from(sqlx::Error::PoolTimedOut), StoreError::Busy));
    }
}
