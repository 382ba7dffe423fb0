//! Opening a database file safely: alone, only one of our own, and of a version that is understood.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use sqlx::{
    ConnectOptions as _, Connection as _, Row as _, SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{BUSY_TIMEOUT, Durability};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");

/// Marks a file as Hookglass's own (`pragma application_id`): "HOOK".
const APPLICATION_ID: i32 = 0x484f_4f4b;
/// Older ones can corrupt a database in WAL mode while it is checkpointed.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

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

/// Opens the database to write to, makes it if it is not there (mode 0600), and brings its tables
/// to this version. The lock has to be held for as long as the database is open.
pub(super) async fn open(
    path: &Path,
    durability: Durability,
) -> Result<(File, SqliteConnectOptions, SqliteConnection), OpenError> {
    let lock = lock(path)?;
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();

    let mut connection = options.connect().await.map_err(sqlite)?;
    check(&mut connection, path).await?;
    connection.close().await.map_err(sqlite)?;
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        })
        // Only the writer makes rows, and only under parents that it has in its books.
        .foreign_keys(false)
        // In KiB. Grows only as it is used.
        .pragma("cache_size", "-16384")
        // Checkpoints have a connection of their own: none happens inside a commit.
        .pragma("wal_autocheckpoint", "0");
    // Only once: setting it commits, and a connection that commits before its pragmas are through
    // makes a checkpoint of its own. See `log` for why that must not be.
    let making = options.clone().auto_vacuum(SqliteAutoVacuum::Incremental);
    let mut connection = making.connect().await.map_err(sqlite)?;
    MIGRATIONS.run(&mut connection).await.map_err(|error| sqlite(error.into()))?;
    sqlx::query("pragma application_id = 1213157195")
        .execute(&mut connection)
        .await
        .map_err(sqlite)?;
    Ok((lock, options, connection))
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
        // Past the thousand pages after which SQLite makes checkpoints if nobody stops it.
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
}
