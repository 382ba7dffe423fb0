//! Opens a database file safely: exclusively, only if it is Hookglass's, and only known versions.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use sqlx::{
    ConnectOptions as _, Connection as _, Row as _, SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{BUSY_TIMEOUT, Durability, files, wal};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Marks a file as Hookglass's (`pragma application_id`): "HOOK".
const APPLICATION_ID: i32 = 0x484f_4f4b;
/// Older versions can corrupt a database in WAL mode during a checkpoint.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or created.
    #[error("cannot open the database {path}: {source}")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it open.
    #[error(
        "the database {0} is open in another process; stop that one first or choose another with --database"
    )]
    InUse(PathBuf),
    /// A later version wrote it.
    #[error(
        "the database {0} was written by a newer version of Hookglass; start that version or choose another with --database"
    )]
    Newer(PathBuf),
    /// The file is not a Hookglass database.
    #[error("{0} is not a Hookglass database; choose another path with --database")]
    Foreign(PathBuf),
    /// The SQLite linked into this program is too old.
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

/// Opens the database for writing, creates it if it does not exist (mode 0600), and migrates it to
/// this version. The lock must be held while the database is open.
///
/// A database of this version is only read: it can be served even on a full disk.
pub(super) async fn open(
    path: &Path,
    durability: Durability,
) -> Result<(File, SqliteConnectOptions, SqliteConnection), OpenError> {
    let (lock, new_files) = lock(path)?;
    match open_locked(path, durability).await {
        Ok((options, connection)) => Ok((lock, options, connection)),
        Err(error) => {
            for file in new_files {
                // The reported error is more informative than one about this.
                drop(fs::remove_file(file));
            }
            Err(error)
        }
    }
}

async fn open_locked(
    path: &Path,
    durability: Durability,
) -> Result<(SqliteConnectOptions, SqliteConnection), OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let (options, CheckedDatabase { connection: checking, is_new }) =
        check_shared_or_alone(options, path).await?;
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        })
        // Only the writer creates rows, and only under parents that its cache has loaded.
        .foreign_keys(false)
        // In KiB. Allocated only as needed.
        .pragma("cache_size", "-16384")
        // Checkpoints have their own connection: none happens inside a commit.
        .pragma("wal_autocheckpoint", "0");
    let mut connection = if is_new {
        checking.close().await.map_err(sqlite)?;
        // Only once: setting it commits, and a connection that commits before its pragmas are set
        // runs a checkpoint itself. See `wal` for why that must not happen.
        let making = options.clone().auto_vacuum(SqliteAutoVacuum::Incremental);
        let mut connection = making.connect().await.map_err(sqlite)?;
        // Before the first table: a file with tables but without this counts as foreign.
        sqlx::query("pragma application_id = 1213157195")
            .execute(&mut connection)
            .await
            .map_err(sqlite)?;
        connection
    } else {
        let connection = options.connect().await.map_err(sqlite)?;
        // Not before: the first connection to a database creates its shared memory, which could
        // fail the second time, and the last one to close it checkpoints the log.
        checking.close().await.map_err(sqlite)?;
        connection
    };
    MIGRATIONS.run(&mut connection).await.map_err(|error| sqlite(error.into()))?;
    Ok((options, connection))
}

/// Takes the lock that keeps other processes out, and creates the file if needed. Also returns the
/// newly created files, to be removed on failure.
fn lock(path: &Path) -> Result<(File, Vec<PathBuf>), OpenError> {
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let beside = [files::beside(path, "-wal"), files::beside(path, "-shm")];
    let (file, new_files) = match options.clone().create_new(true).open(path) {
        Ok(file) => {
            let new = beside.into_iter().filter(|file| !file.exists());
            (file, std::iter::once(path.to_owned()).chain(new).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            (options.create(true).truncate(false).open(path).map_err(failed)?, Vec::new())
        }
        Err(error) => return Err(failed(error)),
    };
    match file.try_lock() {
        Ok(()) => Ok((file, new_files)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// A database that may be written to.
struct CheckedDatabase {
    connection: SqliteConnection,
    /// Whether it has no tables yet.
    is_new: bool,
}

/// Checks the database, and how it can be connected to. Connections share an index of the
/// write-ahead log in a file beside the database. If that file cannot be created, as on a full
/// disk, the index is kept in memory, and no other process can read the database meanwhile.
async fn check_shared_or_alone(
    options: SqliteConnectOptions,
    path: &Path,
) -> Result<(SqliteConnectOptions, CheckedDatabase), OpenError> {
    let failed = match connect_and_check(&options, path).await {
        Ok(checked) => return Ok((options, checked)),
        Err(OpenError::Sqlite { source, .. }) if may_be_shared_memory(&source) => source,
        Err(error) => return Err(error),
    };
    let alone = options.vfs("unix-excl");
    match connect_and_check(&alone, path).await {
        Ok(checked) => {
            tracing::warn!(
                error = &failed as &dyn std::error::Error,
                "cannot share memory through a file beside the database: until the next start no \
                 other process can read it"
            );
            Ok((alone, checked))
        }
        Err(_) => Err(OpenError::Sqlite { path: path.to_owned(), source: failed }),
    }
}

async fn connect_and_check(
    options: &SqliteConnectOptions,
    path: &Path,
) -> Result<CheckedDatabase, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let mut connection = options.connect().await.map_err(sqlite)?;
    match check(&mut connection, path).await {
        Ok(is_new) => Ok(CheckedDatabase { connection, is_new }),
        Err(error) => {
            // Before any other connection opens the file.
            drop(connection.close().await);
            Err(error)
        }
    }
}

/// Whether a failure may concern the shared memory: IOERR, FULL or CANTOPEN.
fn may_be_shared_memory(error: &sqlx::Error) -> bool {
    wal::primary_code(error).is_some_and(|code| matches!(code, 10 | 13 | 14))
}

/// Refuses databases that must not be written to: another program's, a later version's, or any with
/// a SQLite that could corrupt it. Only reads. Returns whether it has no tables yet.
async fn check(connection: &mut SqliteConnection, path: &Path) -> Result<bool, OpenError> {
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
        return Ok(true);
    }
    if application_id != APPLICATION_ID {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    let newest: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations")
        .fetch_one(connection)
        .await
        .map_err(foreign)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max();
    if newest > known { Err(OpenError::Newer(path.to_owned())) } else { Ok(false) }
}

fn is_too_old(version: &str) -> bool {
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    numbers.as_slice() < OLDEST_SQLITE.as_slice()
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

    #[tokio::test]
    async fn opening_a_connection_moves_nothing_out_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let (_lock, options, mut writer) = open(&path, Durability::Full).await.unwrap();
        // Beyond the thousand pages after which SQLite checkpoints by default.
        sqlx::query("insert into body_pieces (id, bytes) values (1, zeroblob(8388608))")
            .execute(&mut writer)
            .await
            .unwrap();
        let length = || std::fs::metadata(&path).unwrap().len();
        let before = length();
        let mut other = options.connect().await.unwrap();
        sqlx::query("insert into body_pieces (id, bytes) values (2, x'00')")
            .execute(&mut other)
            .await
            .unwrap();
        assert_eq!(length(), before);
    }

    async fn synchronous(connection: &mut SqliteConnection) -> i64 {
        sqlx::query_scalar("pragma synchronous").fetch_one(connection).await.unwrap()
    }

    #[tokio::test]
    async fn each_connection_waits_for_the_disk_as_it_was_asked_to() {
        let folder = tempfile::tempdir().unwrap();
        for (durability, value) in [(Durability::Full, 2), (Durability::Normal, 1)] {
            let path = folder.path().join(format!("{durability:?}.db"));
            for start in ["first", "second"] {
                let (lock, options, mut connection) = open(&path, durability).await.unwrap();
                assert_eq!(synchronous(&mut connection).await, value, "{start} {durability:?}");
                let mut other = options.connect().await.unwrap();
                assert_eq!(synchronous(&mut other).await, value, "another {durability:?}");
                other.close().await.unwrap();
                connection.close().await.unwrap();
                drop(lock);
            }
        }
    }

    #[tokio::test]
    async fn opening_a_database_of_this_version_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("again.db");
        let (lock, _, connection) = open(&path, Durability::Full).await.unwrap();
        connection.close().await.unwrap();
        drop(lock);
        let files =
            || ["again.db", "again.db-wal"].map(|name| fs::read(folder.path().join(name)).ok());
        let before = files();
        let (_lock, _, _connection) = open(&path, Durability::Full).await.unwrap();
        assert!(files()[0] == before[0], "the database");
        assert_eq!(files()[1].as_ref().map(Vec::len).unwrap_or_default(), 0, "the log");
    }

    #[tokio::test]
    async fn a_database_that_cannot_be_made_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.db");
        // SQLite takes this for a log that it cannot remove.
        let log = folder.path().join("new.db-wal");
        fs::create_dir(&log).unwrap();
        open(&path, Durability::Full).await.unwrap_err();
        assert!(!path.exists());
        assert!(log.exists(), "existing files stay");
    }
}
