//! The one writer: takes commands off a bounded queue, executes many in one transaction, publishes
//! what was committed, and only then wakes the callers. Between batches it does maintenance in
//! small steps: deleting rows below the floor, evicting requests.

pub(crate) mod annotations;
mod answers;
pub(super) mod attempts;
pub(super) mod cache;
pub(super) mod commands;
pub(super) mod connection;
mod deletions;
mod expiry;
mod insert;
mod purge;
mod queue;
pub(super) mod quota;
mod rows;
mod secrets;
mod statements;
mod uploads;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use hookglass_metrics::{Metrics, Reason};
use sqlx::SqliteConnection;
use tokio::sync::{Notify, mpsc, watch};

use self::{
    annotations::PinnedUsage,
    attempts::Attempts,
    cache::WriterCache,
    connection::WriterConnection,
    insert::Drop,
    purge::{PurgeQueue, PurgedStep},
    queue::ResultSender,
    quota::StorageQuota,
    rows::NewRow,
    uploads::Uploads,
};
pub(super) use self::{
    insert::PendingInsert,
    queue::{OpenDatabase, WriterCommand, WriterHandle},
};
use super::{
    super::{Change, EndpointId, StoreError, UploadId},
    EndpointCache, PIECES, Publish,
    clock::StoreClock,
    files::{Displaced, Files},
};
use crate::{ProviderOf, slug::Slug};

/// The most changes in a transaction; more would delay the first caller.
const BATCH_CHANGES: usize = 512;
/// A transaction accepts no further change beyond this many bytes of bodies and heads.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// A transaction of at least this many requests also deletes rows: the writer will rarely idle.
const BUSY_CAPTURES: usize = 32;
/// The size at which the write-ahead log is checkpointed.
const CHECKPOINT_BYTES: u64 = 12 * 1024 * 1024;
/// The minimum interval between checks that the files still exist, while the writer commits.
const FILES_EVERY: Duration = Duration::from_millis(250);
/// The approximate bytes that a transaction adds to the log besides its requests: a page of each
/// table and index.
const TRANSACTION_BYTES: u64 = 6 * 4096;
/// Returns an id that no request, upload or piece has.
async fn next_request_id(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let last: Option<i64> = sqlx::query_scalar(
        "select max(
            coalesce((select max(id) from requests), 0),
            coalesce((select max(id) from uploads), 0),
            coalesce((select max(id) from body_pieces), 0) / ?1
        )",
    )
    .bind(PIECES)
    .fetch_one(connection)
    .await?;
    Ok(last.unwrap_or(0) + 1)
}

/// The state of the writer's thread.
pub(super) struct Writer {
    connection: WriterConnection,
    files: Files,
    files_checked: Instant,
    /// Whether one of the files was removed or replaced: then nothing is stored.
    is_displaced: bool,
    /// Whether `settle` has completed.
    is_settled: bool,
    clock: StoreClock,
    cache: WriterCache,
    provider_of: ProviderOf,
    next_request_id: i64,
    uploads: Uploads,
    abandoned: Arc<Mutex<Vec<UploadId>>>,
    purge: PurgeQueue,
    attempts: Attempts,
    quota: StorageQuota,
    /// `None` if it must be read.
    pinned: Option<PinnedUsage>,
    max_endpoints_total: u32,
    /// How long an unused endpoint stays, in microseconds; 0 for forever.
    ttl_us: i64,
    /// The number of active endpoints; `None` if they must be counted.
    active: Option<i64>,
    /// Changes logged since the length of a log was last checked.
    logged: u32,
    wal: PathBuf,
    max_log_bytes: u64,
    /// The approximate growth of the write-ahead log since it was last checkpointed.
    log_bytes: u64,
    checkpoint_due: Arc<Notify>,
    publish: Publish,
    directory: EndpointCache,
    metrics: Metrics,
    storing: watch::Sender<bool>,
}

/// The effects of a transaction.
#[derive(Default)]
pub(super) struct Batch {
    /// In order.
    changes: Vec<Change>,
    /// Requests that are numbered but not yet written.
    rows: Vec<NewRow>,
    /// Evictions to log.
    drops: Vec<Drop>,
    /// Endpoints whose expiry was extended in this transaction.
    extend_expiry: Vec<EndpointId>,
    /// Callers whose requests are stored, with the numbers that they wait for.
    kept: Vec<(ResultSender<i64>, i64)>,
    /// The other callers with their results, to be woken once the transaction is committed.
    waiting: Vec<Box<dyn FnOnce() + Send>>,
    /// Endpoints whose cached state is out of date.
    stale: Vec<Slug>,
    /// Bytes of heads, bodies and trailers.
    bytes: u64,
    /// Rows that were deleted.
    purged: Option<PurgedStep>,
    /// How many requests were evicted, by limit.
    dropped: Vec<(&'static str, i64)>,
}

impl Batch {
    /// Defers a result until the transaction is committed.
    fn answer<T: Send + 'static>(&mut self, reply: ResultSender<T>, answer: Result<T, StoreError>) {
        self.waiting.push(Box::new(move || {
            // The caller may be gone.
            drop(reply.send(answer));
        }));
    }
}

impl Writer {
    async fn run(mut self, mut commands: mpsc::Receiver<WriterCommand>) {
        let mut taken = Vec::with_capacity(BATCH_CHANGES);
        loop {
            let first = match commands.try_recv() {
                Ok(command) => command,
                Err(mpsc::error::TryRecvError::Disconnected) => break,
                Err(mpsc::error::TryRecvError::Empty) => {
                    if self.clean_up().await {
                        continue;
                    }
                    let Some(command) = commands.recv().await else { break };
                    command
                }
            };
            let mut bytes = weight(&first);
            taken.push(first);
            while taken.len() < BATCH_CHANGES && bytes < BATCH_BYTES {
                let Ok(command) = commands.try_recv() else { break };
                bytes += weight(&command);
                taken.push(command);
            }
            self.metrics.queued_changes.set(i64::try_from(commands.len()).unwrap_or(i64::MAX));
            self.run_maintenance(&mut taken).await;
            if !taken.is_empty() {
                self.commit(&mut taken).await;
            }
            self.evict().await;
            self.checkpoint_if_large().await;
        }
        self.connection.rest().await;
    }

    /// Handles commands that change nothing.
    async fn run_maintenance(&mut self, commands: &mut Vec<WriterCommand>) {
        let (mut ticked, mut checkpointed) = (false, false);
        commands.retain_mut(|command| match command {
            WriterCommand::Tick => {
                ticked = true;
                false
            }
            WriterCommand::Checkpointed => {
                checkpointed = true;
                false
            }
            WriterCommand::Purge(found) => {
                for (id, rows) in found.drain(..) {
                    self.purge.add(id, rows);
                }
                false
            }
            _ => true,
        });
        if ticked {
            self.purge.rest();
            self.look_after_files().await;
            if !*self.storing.borrow() && !self.is_displaced {
                self.recover().await;
            }
        }
        if checkpointed {
            // Only what was committed in the meantime is left to checkpoint: a few pages. Then the
            // next commit restarts the log.
            self.log_bytes = 0;
            if let Err(error) = self.connection.checkpoint().await {
                self.failed(&error).await;
            }
        }
    }

    /// Executes all of `commands` in one transaction, empties it, and notifies callers and the
    /// publisher. If the transaction fails, the callers' senders are dropped without a result.
    async fn commit(&mut self, commands: &mut Vec<WriterCommand>) {
        if self.files_checked.elapsed() >= FILES_EVERY {
            self.look_after_files().await;
        }
        if self.connection.is_lost() || self.is_displaced {
            commands.clear();
            return;
        }
        let clock = Instant::now();
        let changes = commands.len();
        let mut batch = Batch::default();
        let result = self.transact(commands, &mut batch).await;
        commands.clear();
        match result {
            Ok(true) => {
                self.metrics.commit_seconds.observe(clock.elapsed().as_secs_f64());
                // Far below 2^52.
                self.metrics.batch_changes.observe(changes as f64);
                self.committed(batch);
            }
            Ok(false) => self.notify(batch),
            Err(error) => self.failed(&error).await,
        }
    }

    /// Returns whether something was written.
    async fn transact(
        &mut self,
        commands: &mut Vec<WriterCommand>,
        batch: &mut Batch,
    ) -> Result<bool, sqlx::Error> {
        self.cache.keep_small();
        self.look_up_tries(commands).await?;
        for command in commands.drain(..) {
            match command {
                WriterCommand::Append(append) => self.take(append, batch).await?,
                other => {
                    self.write_rows(batch).await?;
                    self.execute(other, batch).await?;
                }
            }
        }
        self.drop_surplus(batch).await?;
        if batch.kept.len() >= BUSY_CAPTURES && self.purge.is_due() {
            // Evictions that keep pace with captures share their transaction: a separate commit
            // would cost as much again.
            self.write_rows(batch).await?;
            batch.purged = self.purge_rows().await?;
        }
        self.finish(batch).await
    }

    /// Counts what was committed, publishes it and wakes the callers.
    fn committed(&mut self, batch: Batch) {
        self.set_storing(true);
        if let Some(purged) = &batch.purged {
            self.purge.did(purged);
        }
        let requests = batch.kept.len() as u64;
        self.metrics.captured.inc_by(requests);
        self.metrics.captured_bytes.inc_by(batch.bytes);
        for (reason, count) in &batch.dropped {
            let dropped = self.metrics.dropped.get_or_create(&Reason { reason });
            dropped.inc_by(u64::try_from(*count).unwrap_or_default());
        }
        let bytes = batch.bytes + TRANSACTION_BYTES + requests * 1024;
        self.quota.note(bytes);
        self.log_bytes += bytes;
        if self.log_bytes >= CHECKPOINT_BYTES {
            self.log_bytes = 0;
            self.checkpoint_due.notify_one();
        }
        self.notify(batch);
    }

    fn notify(&self, batch: Batch) {
        for slug in &batch.stale {
            self.directory.forget(slug);
        }
        if !batch.changes.is_empty() {
            (self.publish)(batch.changes);
        }
        // Callers may be gone.
        for (reply, seq) in batch.kept {
            drop(reply.send(Ok(seq)));
        }
        for wake in batch.waiting {
            wake();
        }
    }

    /// Empties the log if it could not be restarted by itself. Checks the file size: that is what
    /// must fit on the disk.
    async fn checkpoint_if_large(&mut self) {
        if self.connection.is_lost()
            || std::fs::metadata(&self.wal).map_or(0, |file| file.len()) < self.max_log_bytes
        {
            return;
        }
        self.log_bytes = 0;
        if let Err(error) = self.connection.empty_log().await {
            self.failed(&error).await;
        }
    }

    /// Stops storing if the database was removed or replaced: later writes would be lost with the
    /// process. Resumes when the same file is back.
    async fn look_after_files(&mut self) {
        self.files_checked = Instant::now();
        let displaced = self.files.displaced(!self.connection.is_lost());
        match (displaced, self.is_displaced) {
            (Some(what), false) => {
                self.is_displaced = true;
                self.set_storing(false);
                self.say_displaced(what).await;
            }
            (None, true) => {
                self.is_displaced = false;
                self.forget();
                tracing::info!("the files of the database are back");
            }
            (Some(_), true) | (None, false) => {}
        }
    }

    async fn say_displaced(&mut self, what: Displaced) {
        match what {
            Displaced::Database => tracing::error!(
                "the database file was removed or replaced while it is in use: nothing is stored \
                 from now on. What was acknowledged so far is in the removed file: move it back to \
                 its path if you still have it, with its -wal, or restart to go on with what is \
                 there now"
            ),
            Displaced::Companion => {
                // Data that is only in the log would be lost with the process.
                let moved = self.connection.checkpoint().await;
                tracing::error!(
                    error = moved.as_ref().err().map(|error| error as &dyn std::error::Error),
                    "the -wal or -shm file of the database was removed or replaced while it is in \
                     use: nothing is stored from now on. Stop the server in order (SIGTERM), so \
                     that all that was acknowledged is moved into the database, and start it again"
                );
            }
        }
    }

    /// Handles a failure: memory may no longer match the database, and whether the last commit was
    /// kept is unknown.
    async fn failed(&mut self, error: &sqlx::Error) {
        tracing::error!(error = error as &dyn std::error::Error, "a transaction failed");
        self.metrics.failed_commits.inc();
        self.forget();
        self.connection.failed(error).await;
        self.set_storing(false);
    }

    /// Clears all caches.
    fn forget(&mut self) {
        self.cache.clear();
        self.attempts.clear();
        self.quota.forget();
        self.pinned = None;
        self.active = None;
    }

    /// Tries to write again. Commands that arrive meanwhile are tried as well.
    async fn recover(&mut self) {
        match self.try_to_store().await {
            Ok(()) => {
                tracing::info!("storing again");
                self.set_storing(true);
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "still cannot store");
                self.connection.failed(&error).await;
            }
        }
    }

    /// Completes the startup writes if that is still to do, then probes whether a request can be
    /// stored.
    async fn try_to_store(&mut self) -> Result<(), sqlx::Error> {
        let connection = self.connection.reopen().await?;
        self.next_request_id = self.next_request_id.max(next_request_id(connection).await?);
        self.files.note_companions();
        if !self.is_settled {
            self.settle().await?;
            self.is_settled = true;
        }
        self.connection.probe().await
    }

    fn set_storing(&self, now: bool) {
        self.storing.send_if_modified(|storing| std::mem::replace(storing, now) != now);
    }
}

/// Returns how many bytes a command adds to its transaction.
fn weight(command: &WriterCommand) -> usize {
    match command {
        WriterCommand::Append(append) => append.bytes(),
        WriterCommand::Upload { piece, .. } => piece.len(),
        WriterCommand::Change { bytes, .. } => *bytes,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Durability, open},
        *,
    };

    #[tokio::test]
    async fn ids_go_on_past_those_of_requests_uploads_and_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.db");
        let (_lock, _, mut connection) = open::open(&path, Durability::Full).await.unwrap();
        assert_eq!(next_request_id(&mut connection).await.unwrap(), 1);
        // An upload whose pieces are already deleted, and pieces without an upload: each alone.
        for (row, next) in [
            ("insert into uploads (id, workspace_id) values (7, 1)", 8),
            ("insert into body_pieces (id, bytes) values (11 * 1048576 + 5, x'00')", 12),
            (
                "insert into requests
                (id, endpoint_id, seq, workspace_id, change, received_at, duration_us, method,
                    target, http_version, remote_addr, peer, body_bytes, body_sha256, complete,
                    exact, redacted, head, trailers)
                values (20, 1, 1, 1, 1, 0, 0, 'GET', x'', 11, '', '', 0, x'', 1, 1, 0, x'', x'')",
                21,
            ),
        ] {
            sqlx::query(row).execute(&mut connection).await.unwrap();
            assert_eq!(next_request_id(&mut connection).await.unwrap(), next, "{row}");
        }
    }
}
