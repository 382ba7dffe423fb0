//! The writer's connection and its error handling.

use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};

use super::super::wal::{Wal, is_harmless};

/// The writer's connection; closed after an error that makes it untrustworthy.
pub(super) struct WriterConnection {
    connection: Option<SqliteConnection>,
    connect: SqliteConnectOptions,
    log: Wal,
    in_transaction: bool,
}

impl WriterConnection {
    pub(super) const fn new(
        connection: SqliteConnection,
        connect: SqliteConnectOptions,
        log: Wal,
    ) -> Self {
        Self { connection: Some(connection), connect, log, in_transaction: false }
    }

    pub(super) const fn is_lost(&self) -> bool {
        self.connection.is_none()
    }

    pub(super) const fn is_in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Returns the connection for reading.
    pub(super) fn get(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.connection.as_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    /// Returns the connection for writing; begins a transaction if there is none yet.
    pub(super) async fn write(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        if !self.in_transaction {
            let connection = self.connection.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
            sqlx::query("begin immediate").execute(connection).await?;
            self.in_transaction = true;
        }
        self.get()
    }

    /// Commits with statements that end with `commit`.
    pub(super) async fn commit(
        &mut self,
        sql: &'static str,
        arguments: SqliteArguments,
    ) -> Result<(), sqlx::Error> {
        sqlx::query_with(sql, arguments).execute(self.get()?).await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Checkpoints the rest of the log without waiting for readers.
    pub(super) async fn checkpoint(&mut self) -> Result<(), sqlx::Error> {
        let log = self.log.clone();
        log.fold(self.get()?).await
    }

    /// Waits for the readers of old snapshots and empties the log.
    pub(super) async fn empty_log(&mut self) -> Result<(), sqlx::Error> {
        let log = self.log.clone();
        log.empty(self.get()?).await
    }

    /// Rolls back, and closes the connection for good unless the failure says nothing about the
    /// state of the disk. After a failed fsync the contents of the disk are unknown, and another
    /// fsync would not reveal them.
    pub(super) async fn failed(&mut self, error: &sqlx::Error) {
        self.in_transaction = false;
        let Some(mut connection) = self.connection.take() else { return };
        // Fails if SQLite has already rolled back, which is equivalent.
        drop(sqlx::query("rollback").execute(&mut connection).await);
        if is_harmless(error) {
            self.connection = Some(connection);
        } else {
            drop(connection.close_hard().await);
        }
    }

    /// Returns the connection; opens one if there is none.
    pub(super) async fn reopen(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Writes as much as a large request would, waits until it is on disk, and deletes it.
    pub(super) async fn probe(&mut self) -> Result<(), sqlx::Error> {
        let connection = self.get()?;
        sqlx::query("insert or replace into body_pieces (id, bytes) values (-1, zeroblob(262144))")
            .execute(&mut *connection)
            .await?;
        sqlx::query("delete from body_pieces where id = -1").execute(connection).await?;
        Ok(())
    }

    /// Checkpoints the whole write-ahead log and closes.
    pub(super) async fn rest(self) {
        let Some(mut connection) = self.connection else { return };
        let emptied = self.log.empty(&mut connection).await;
        let closed = connection.close().await;
        if let Err(error) = emptied.and(closed) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the database did not close cleanly; nothing acknowledged is lost"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, error::Error, fmt};

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::{
        super::super::{Durability, open},
        *,
    };

    /// A result code of SQLite.
    #[derive(Debug)]
    struct SqliteCode(i32);

    impl fmt::Display for SqliteCode {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "code {}", self.0)
        }
    }

    impl Error for SqliteCode {}

    impl DatabaseError for SqliteCode {
        fn message(&self) -> &str {
            "a failure"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.to_string().into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn failure(code: i32) -> sqlx::Error {
        sqlx::Error::Database(Box::new(SqliteCode(code)))
    }

    #[tokio::test]
    async fn a_connection_that_saw_an_io_error_is_given_up_and_the_next_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link.db");
        let (_lock, connect, connection) = open::open(&path, Durability::Full).await.unwrap();
        let log = Wal::new(connect.clone());
        let mut connection = WriterConnection::new(connection, connect, log);
        // BUSY, LOCKED, FULL, TOOBIG, CONSTRAINT, MISMATCH, and two extended codes of these.
        for code in [5, 6, 13, 18, 19, 20, 517, 2067] {
            connection.failed(&failure(code)).await;
            assert!(!connection.is_lost(), "{code} says nothing about the disk");
        }
        // IOERR, and of a read, a write, an fsync; PERM, NOMEM, READONLY, CORRUPT, CANTOPEN, NOTADB.
        for code in [10, 266, 778, 1034, 3, 7, 8, 11, 14, 26] {
            connection.failed(&failure(code)).await;
            assert!(connection.is_lost(), "{code}: the contents of the disk are unknown");
            let connection = connection.reopen().await.unwrap();
            let synchronous: i64 =
                sqlx::query_scalar("pragma synchronous").fetch_one(connection).await.unwrap();
            assert_eq!(synchronous, 2, "FULL, after {code}");
        }
        connection.failed(&sqlx::Error::WorkerCrashed).await;
        assert!(connection.is_lost());
        assert!(connection.write().await.is_err(), "nothing is written without a connection");
    }
}
