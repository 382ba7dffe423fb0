//! Checkpoints of the write-ahead log, and when they must stop.
//!
//! A checkpoint during which commits happen records its progress without a sync; only one that
//! reaches the end of the log syncs the database, for all before it. If that sync fails, the system
//! may have dropped the pending writes, and a later checkpoint, which continues from the recorded
//! progress, would sync nothing of them and let the log be overwritten. So from then on the log is
//! only appended to: the next process that opens the database starts from its first frame.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::Mutex;

/// Primary result codes of SQLite that say nothing about the state of the disk: BUSY, LOCKED, FULL
/// (no space), TOOBIG, CONSTRAINT, MISMATCH.
const HARMLESS: [i32; 6] = [5, 6, 13, 18, 19, 20];

/// The write-ahead log of an open database. A cheap-clone handle.
#[derive(Clone)]
pub(super) struct Wal {
    connect: SqliteConnectOptions,
    /// Whether it must stay as it is until the next start.
    kept: Arc<AtomicBool>,
    /// Held during a checkpoint: a failure must be known before the next one starts.
    moving: Arc<Mutex<()>>,
}

impl Wal {
    pub(super) fn new(connect: SqliteConnectOptions) -> Self {
        Self { connect, kept: Arc::default(), moving: Arc::default() }
    }

    /// Whether it must stay as it is until the next start.
    pub(super) fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Acquire)
    }

    /// Checkpoints without waiting for readers.
    pub(super) async fn fold(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let Ok(_turn) = self.moving.try_lock() else { return Ok(()) };
        self.checkpoint(connection, "pragma wal_checkpoint(passive)").await
    }

    /// Waits for the readers of old snapshots and empties the log.
    pub(super) async fn empty(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let _turn = self.moving.lock().await;
        self.checkpoint(connection, "pragma wal_checkpoint(truncate)").await
    }

    async fn checkpoint(
        &self,
        connection: &mut SqliteConnection,
        sql: &'static str,
    ) -> Result<(), sqlx::Error> {
        if self.is_kept() {
            return Ok(());
        }
        let done = sqlx::query(sql).execute(connection).await;
        if let Err(error) = &done
            && !is_harmless(error)
        {
            self.keep().await;
        }
        done.map(drop)
    }

    /// Prevents checkpoints until the next start.
    async fn keep(&self) {
        if self.kept.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!(
            "the disk failed while the write-ahead log was moved into the database; nothing is \
             lost, but the log grows from now on until the server is restarted"
        );
        // The last connection to close would checkpoint the log: this one never closes. It holds
        // its lock from its first read on.
        let opened = async {
            let mut connection = self.connect.connect().await?;
            sqlx::query("select count(*) from sqlite_schema").execute(&mut connection).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        match opened.await {
            Ok(connection) => std::mem::forget(connection),
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "cannot hold the write-ahead log; kill the server rather than stop it"
            ),
        }
    }
}

/// Whether the connection can be used after a failure.
pub(super) fn is_harmless(error: &sqlx::Error) -> bool {
    primary_code(error).is_some_and(|code| HARMLESS.contains(&code))
}

/// Returns SQLite's primary result code, if the failure came from SQLite.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let sqlx::Error::Database(cause) = error else { return None };
    cause.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff)
}
