//! Checkpoints the write-ahead log beside the writer, so that no sender waits for it, and sends the
//! writer its ticks.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hookglass_metrics::Metrics;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool,
    sqlite::SqliteConnectOptions,
};
use tokio::{
    sync::{Mutex, Notify, mpsc},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    files::{Files, beside},
    reader,
    wal::Wal,
    writer::{WriterCommand, WriterHandle},
};

/// How often the writer checks for unrequested work: a disk that may have recovered, rows that wait
/// to be deleted.
const TICK: Duration = Duration::from_secs(1);
/// After how many ticks with all readers busy this is logged.
const BUSY_TICKS: u32 = 5;

/// The task that checkpoints.
pub(super) struct Checkpointer {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    pub(super) fn start(
        connect: &SqliteConnectOptions,
        log: Wal,
        files: Files,
        writer: &WriterHandle,
        readers: SqlitePool,
        metrics: Metrics,
    ) -> Self {
        let stop = CancellationToken::new();
        let work = CheckpointJob {
            connect: connect.clone(),
            log,
            connection: None,
            wal: beside(connect.get_filename(), "-wal"),
            files,
            has_listed: false,
            readers,
            busy: Busy::default(),
            // Weak: the writer's queue ends with the store, not with this task.
            queue: writer.queue(),
            due: writer.checkpoint_due(),
            metrics,
        };
        let task = tokio::spawn(work.run(stop.clone()));
        Self { stop, task: Mutex::new(Some(task)) }
    }

    /// Closes its connection. Call before the writer closes: the last connection to close a
    /// database in WAL mode cleans up.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the checkpointer panicked");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct CheckpointJob {
    connect: SqliteConnectOptions,
    log: Wal,
    connection: Option<SqliteConnection>,
    wal: PathBuf,
    files: Files,
    /// Whether the writer was told what the last run left unfinished.
    has_listed: bool,
    readers: SqlitePool,
    busy: Busy,
    queue: mpsc::WeakSender<WriterCommand>,
    due: Arc<Notify>,
    metrics: Metrics,
}

impl CheckpointJob {
    async fn run(mut self, stop: CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.due.notified() => self.checkpoint().await,
                _ = tick.tick() => {
                    if !self.has_listed {
                        self.find_unfinished().await;
                    }
                    self.notify(WriterCommand::Tick);
                    self.measure();
                }
            }
        }
        if let Some(connection) = self.connection.take() {
            // The writer checkpoints the rest when it closes.
            drop(connection.close().await);
        }
    }

    /// Asks the writer to continue deletions that the last run left unfinished.
    async fn find_unfinished(&mut self) {
        let found = match self.connection().await {
            Ok(connection) => reader::unpurged(connection).await,
            Err(error) => Err(error),
        };
        match found {
            Ok(found) => {
                self.has_listed = found.is_empty() || self.notify(WriterCommand::Purge(found))
            }
            Err(error) => self.lose(&error),
        }
    }

    /// Checkpoints without waiting for readers.
    async fn checkpoint(&mut self) {
        let log = self.log.clone();
        let moved = match self.connection().await {
            Ok(connection) => log.fold(connection).await,
            Err(error) => Err(error),
        };
        match moved {
            Ok(()) => {
                self.notify(WriterCommand::Checkpointed);
            }
            Err(error) => self.lose(&error),
        }
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            // The path must still hold the database that the other connections have open.
            None if !self.files.has_database() => return Err(sqlx::Error::WorkerCrashed),
            None => self.connect.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Drops the connection, so that the next use opens another: one that has seen an I/O error
    /// cannot be trusted.
    fn lose(&mut self, error: &sqlx::Error) {
        self.connection = None;
        tracing::warn!(error = error as &dyn std::error::Error, "a checkpoint failed");
    }

    /// Sends the writer a command; returns whether it was queued. If the queue is full it is
    /// skipped: another follows.
    fn notify(&self, edit: WriterCommand) -> bool {
        self.queue.upgrade().is_some_and(|queue| queue.try_send(edit).is_ok())
    }

    fn measure(&mut self) {
        let bytes = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        self.metrics.wal_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        let is_busy = self.readers.num_idle() == 0
            && self.readers.size() >= self.readers.options().get_max_connections();
        if self.busy.tick(is_busy) {
            tracing::warn!(
                seconds = BUSY_TICKS,
                "all connections that read the database are busy: callers wait for theirs"
            );
        }
    }
}

/// How long all readers have been busy.
#[derive(Default)]
struct Busy {
    ticks: u32,
}

impl Busy {
    /// Whether to log that they are: once, until one of them has been free again.
    const fn tick(&mut self, is_busy: bool) -> bool {
        self.ticks = if is_busy { self.ticks.saturating_add(1) } else { 0 };
        self.ticks == BUSY_TICKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_readers_are_told_of_once() {
        let mut busy = Busy::default();
        let mut told = |ticks: u32, is_busy| (0..ticks).filter(|_| busy.tick(is_busy)).count();
        assert_eq!(told(BUSY_TICKS - 1, true), 0, "a short time is not logged");
        assert_eq!(told(1, false), 0);
        assert_eq!(told(1000, true), 1);
        assert_eq!(told(1, false), 0);
        assert_eq!(told(1000, true), 1, "again after they were free");
    }
}
