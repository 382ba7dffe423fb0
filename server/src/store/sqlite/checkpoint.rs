//! Moves what is committed from the write-ahead log into the database, beside the writer, so that
//! no sender waits for it; and gives the writer its pulse.

use std::{path::PathBuf, sync::Arc, time::Duration};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{Mutex, Notify, mpsc},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    log::Log,
    reader,
    writer::{Edit, Writer},
};
use crate::metrics::Metrics;

/// How often the writer looks after what nobody asked for: a disk that may have recovered, rows
/// that wait to be deleted.
const TICK: Duration = Duration::from_secs(1);

/// The task that checkpoints.
pub(super) struct Checkpointer {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    pub(super) fn start(
        connect: &SqliteConnectOptions,
        log: Log,
        path: &std::path::Path,
        writer: &Writer,
        metrics: Metrics,
    ) -> Self {
        let stop = CancellationToken::new();
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let work = Work {
            connect: connect.clone(),
            log,
            connection: None,
            wal: wal.into(),
            // Weak: the writer's queue ends with the store, not with this task.
            queue: writer.queue(),
            due: writer.checkpoint_due(),
            metrics,
        };
        let task = tokio::spawn(work.run(stop.clone()));
        Self { stop, task: Mutex::new(Some(task)) }
    }

    /// Closes its connection. To be called before the writer closes: the last to close a database
    /// in WAL mode tidies up.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the checkpoints ended badly");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Work {
    connect: SqliteConnectOptions,
    log: Log,
    connection: Option<SqliteConnection>,
    wal: PathBuf,
    queue: mpsc::WeakSender<Edit>,
    due: Arc<Notify>,
    metrics: Metrics,
}

impl Work {
    async fn run(mut self, stop: CancellationToken) {
        self.find_unfinished().await;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.due.notified() => self.checkpoint().await,
                _ = tick.tick() => {
                    self.tell(Edit::Tick);
                    self.measure();
                }
            }
        }
        if let Some(connection) = self.connection.take() {
            // What it has not moved, the writer moves when it closes.
            drop(connection.close().await);
        }
    }

    /// Asks the writer to go on with deletions that the last run left unfinished.
    async fn find_unfinished(&mut self) {
        match self.connection().await {
            Ok(connection) => match reader::unpurged(connection).await {
                Ok(found) if found.is_empty() => {}
                Ok(found) => self.tell(Edit::Purge(found)),
                Err(error) => self.lose(&error),
            },
            Err(error) => self.lose(&error),
        }
    }

    /// Moves what no reader still needs; waits for nobody.
    async fn checkpoint(&mut self) {
        let log = self.log.clone();
        let moved = match self.connection().await {
            Ok(connection) => log.fold(connection).await,
            Err(error) => Err(error),
        };
        match moved {
            Ok(()) => self.tell(Edit::Checkpointed),
            Err(error) => self.lose(&error),
        }
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// The next use opens another connection: one that has seen an I/O error is not to be trusted.
    fn lose(&mut self, error: &sqlx::Error) {
        self.connection = None;
        tracing::warn!(error = error as &dyn std::error::Error, "a checkpoint failed");
    }

    fn tell(&self, edit: Edit) {
        if let Some(queue) = self.queue.upgrade() {
            // Left out when the queue is full: the next one comes.
            drop(queue.try_send(edit));
        }
    }

    fn measure(&self) {
        let bytes = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        self.metrics.wal_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
