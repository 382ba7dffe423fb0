//! The store in one SQLite file: opening it safely, one writer, a few readers.

mod reader;
mod writer;

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use hookglass_app::wire::Window;
use sqlx::{
    ConnectOptions as _, Row as _, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use self::writer::Writer;
use super::{
    Backlog, Captured, Change, Endpoint, EndpointId, NewEndpoint, RequestPage, Store, StoreError,
    StoredRequest, Which, WorkspaceId,
};
use crate::{key::KeyHash, slug::Slug};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");

/// Marks a file as Hookglass's own (`pragma application_id`): "HOOK".
const APPLICATION_ID: i32 = 0x484f_4f4b;
/// Older ones can corrupt a database in WAL mode while it is checkpointed.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];
/// Readers beside the writer.
const READERS: u32 = 4;
/// How long a statement waits for a lock; only checkpoints and the opening ever hold one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Endpoints whose names are remembered, so that capturing does not read first. Past that all
/// are forgotten at once.
const REMEMBERED_ENDPOINTS: usize = 10_000;

/// The body of rows: pieces of at most so many bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// How many changes other than captures each workspace can replay; past about that many the
/// oldest are forgotten and a feed that comes back from before gets a gap.
const REPLAYED_CHANGES: i64 = 10_000;

/// Gets each committed batch of changes, in order.
pub type Publish = Box<dyn Fn(Vec<Change>) + Send>;

/// Why a database cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or made.
    #[error("cannot open the database {path}: {source}")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process serves it.
    #[error(
        "the database {0} is open in another process; stop that one first or choose another with --database"
    )]
    InUse(PathBuf),
    /// It was written by a later version.
    #[error(
        "the database {0} was written by a newer version of Hookglass; start that version or choose another with --database"
    )]
    Newer(PathBuf),
    /// It is a file of something else.
    #[error("{0} is not a Hookglass database; choose another path with --database")]
    Foreign(PathBuf),
    /// The SQLite that this program was linked with is too old.
    #[error(
        "this program was built with SQLite {0}, which can corrupt databases; build it with 3.51.3 or later"
    )]
    OldSqlite(String),
    /// SQLite failed.
    #[error("cannot open the database {path}: {source}")]
    Sqlite {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
}

/// The store in one SQLite file. A cheap-clone handle is `Arc<SqliteStore>`.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    directory: Directory,
    /// Held while the store lives, so that no second process opens the file. SQLite's own locks
    /// are of another kind (fcntl) and stay untouched; the handle closes last.
    _lock: File,
}

impl SqliteStore {
    /// Opens the database, makes it if it is not there (mode 0600), and brings its tables to
    /// this version.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing was changed then.
    pub async fn open(path: &Path, publish: Publish) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();

        let mut connection = options.connect().await.map_err(sqlite)?;
        check(&mut connection, path).await?;
        let version = options
            .clone()
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        sqlx::Connection::close(connection).await.map_err(sqlite)?;
        let mut connection = version.connect().await.map_err(sqlite)?;
        MIGRATIONS.run(&mut connection).await.map_err(|error| sqlite(error.into()))?;
        sqlx::query("pragma application_id = 1213157195")
            .execute(&mut connection)
            .await
            .map_err(sqlite)?;

        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .connect_with(options.pragma("query_only", "on"))
            .await
            .map_err(sqlite)?;
        let directory = Directory::default();
        let writer = Writer::start(connection, publish, directory.clone()).await.map_err(sqlite)?;
        Ok(Self { writer, readers, directory, _lock: lock })
    }
}

/// Takes the lock that keeps a second process out, and makes the file if need be.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    let file = options.open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Refuses what must not be written to: another program's database, one of a later version, or any
/// at all with a SQLite that could corrupt it. Only reads.
async fn check(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let foreign = |error: sqlx::Error| match &error {
        // SQLITE_NOTADB
        sqlx::Error::Database(cause) if cause.code().as_deref() == Some("26") => {
            OpenError::Foreign(path.to_owned())
        }
        _ => OpenError::Sqlite { path: path.to_owned(), source: error },
    };
    let row = sqlx::query(
        "select sqlite_version(), application_id, (select count(*) from sqlite_schema)
        from pragma_application_id",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(foreign)?;
    let version: String = row.get(0);
    let (application_id, tables): (i32, i64) = (row.get(1), row.get(2));
    if is_too_old(&version) {
        return Err(OpenError::OldSqlite(version));
    }
    if tables == 0 {
        return Ok(());
    }
    if application_id != APPLICATION_ID {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    let newest: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations")
        .fetch_one(connection)
        .await
        .map_err(foreign)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max();
    if newest > known { Err(OpenError::Newer(path.to_owned())) } else { Ok(()) }
}

fn is_too_old(version: &str) -> bool {
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    numbers.as_slice() < OLDEST_SQLITE.as_slice()
}

/// Remembers living endpoints by name, so that capturing need not read the database first. What
/// it says may be out of date; the writer checks again. A cheap-clone handle.
#[derive(Clone, Default)]
struct Directory {
    /// Never held across an await: each use is one look-up or one insertion.
    endpoints: Arc<Mutex<HashMap<Slug, Endpoint>>>,
}

impl Directory {
    fn find(&self, slug: &Slug) -> Option<Endpoint> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).get(slug).cloned()
    }

    fn remember(&self, endpoint: &Endpoint) {
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        if endpoints.len() >= REMEMBERED_ENDPOINTS {
            endpoints.clear();
        }
        endpoints.insert(endpoint.slug.clone(), endpoint.clone());
    }

    fn forget(&self, slug: &Slug) {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).remove(slug);
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::PoolClosed => Self::Closed,
            other => Self::Engine(Arc::new(other)),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ready(&self) -> Result<(), StoreError> {
        sqlx::query("select 1 from workspaces limit 1").fetch_optional(&self.readers).await?;
        Ok(())
    }

    async fn create_workspace(&self, key: KeyHash) -> Result<WorkspaceId, StoreError> {
        self.writer.edit(|reply| writer::Edit::CreateWorkspace { key, reply }).await
    }

    async fn workspace(&self, key: &KeyHash) -> Result<Option<WorkspaceId>, StoreError> {
        reader::workspace(&self.readers, key).await
    }

    async fn create_endpoint(&self, new: NewEndpoint) -> Result<Endpoint, StoreError> {
        self.writer.edit(|reply| writer::Edit::CreateEndpoint { new, reply }).await
    }

    async fn endpoints(&self, workspace: WorkspaceId) -> Result<(Vec<Endpoint>, i64), StoreError> {
        reader::endpoints(&self.readers, workspace).await
    }

    async fn endpoint(&self, slug: &Slug) -> Result<Option<Endpoint>, StoreError> {
        reader::endpoint(&self.readers, slug).await
    }

    async fn resolve(&self, slug: &Slug) -> Result<Option<Endpoint>, StoreError> {
        if let Some(endpoint) = self.directory.find(slug) {
            return Ok(Some(endpoint));
        }
        let endpoint = reader::endpoint(&self.readers, slug).await?;
        if let Some(endpoint) = endpoint.as_ref().filter(|endpoint| endpoint.gone.is_none()) {
            self.directory.remember(endpoint);
        }
        Ok(endpoint)
    }

    async fn rename_endpoint(
        &self,
        id: EndpointId,
        name: Option<String>,
    ) -> Result<Endpoint, StoreError> {
        self.writer.edit(|reply| writer::Edit::RenameEndpoint { id, name, reply }).await
    }

    async fn delete_endpoint(&self, id: EndpointId) -> Result<(), StoreError> {
        self.writer.edit(|reply| writer::Edit::DeleteEndpoint { id, reply }).await
    }

    async fn append(&self, id: EndpointId, captured: Captured) -> Result<i64, StoreError> {
        self.writer.append(id, captured).await
    }

    async fn requests(&self, id: EndpointId, window: Window) -> Result<RequestPage, StoreError> {
        reader::requests(&self.readers, id, window).await
    }

    async fn request(&self, id: EndpointId, which: Which) -> Result<StoredRequest, StoreError> {
        reader::request(&self.readers, id, which).await
    }

    async fn body(
        &self,
        id: EndpointId,
        seq: i64,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError> {
        reader::body(&self.readers, id, seq, range).await
    }

    async fn delete_request(&self, id: EndpointId, seq: i64) -> Result<(), StoreError> {
        self.writer.edit(|reply| writer::Edit::DeleteRequest { id, seq, reply }).await
    }

    async fn clear(&self, id: EndpointId) -> Result<u64, StoreError> {
        self.writer.edit(|reply| writer::Edit::Clear { id, reply }).await
    }

    async fn last_change(&self, workspace: WorkspaceId) -> Result<i64, StoreError> {
        reader::last_change(&self.readers, workspace).await
    }

    async fn changes_after(
        &self,
        workspace: WorkspaceId,
        after: i64,
        limit: u32,
    ) -> Result<Backlog, StoreError> {
        reader::changes_after(&self.readers, workspace, after, limit).await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_before_3_51_3_is_too_old() {
        for old in ["3.51.2", "3.50.9", "2.99.99", "3.9.9", "3.51"] {
            assert!(is_too_old(old), "{old}");
        }
        for good in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(!is_too_old(good), "{good}");
        }
    }
}
