//! The writer's queue: its commands, and the handle for callers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use sqlx::{SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, oneshot, watch},
    time::Instant,
};

use super::{
    super::{
        super::{EndpointId, StoreError, UploadId},
        EndpointCache, Options,
        clock::StoreClock,
        files::{Files, beside},
        wal::Wal,
    },
    Batch, Writer,
    attempts::Attempts,
    cache::WriterCache,
    commands::{CommandResult, TRIM_AFTER},
    connection::WriterConnection,
    insert::PendingInsert,
    next_request_id,
    purge::PurgeQueue,
    quota::StorageQuota,
    uploads::Uploads,
};

/// Changes that may wait for the writer. Beyond that `append` and other calls fail with `Busy` at
/// once: the sender is told to retry rather than kept waiting.
const QUEUE_CHANGES: usize = 4096;
/// The minimum interval at which the use of an endpoint is reported to the writer.
const TOUCH: Duration = Duration::from_secs(10);
/// Endpoints whose last use is remembered; beyond that all are dropped.
const TOUCHED_ENDPOINTS: usize = 10_000;

/// Sends a caller its result. If it is dropped unused, the transaction failed.
pub(super) type ResultSender<T> = oneshot::Sender<Result<T, StoreError>>;

/// A change off the hot path, executed within the transaction.
type BoxedChange = Box<
    dyn for<'w> FnOnce(&'w mut Writer, &'w mut Batch) -> LocalBoxFuture<'w, Result<(), sqlx::Error>>
        + Send,
>;

/// A command for the writer.
pub(in super::super) enum WriterCommand {
    /// Store a request.
    Append(PendingInsert),
    /// Store the next piece of a body, see [`super::super::Store::upload`].
    Upload {
        upload: Option<UploadId>,
        endpoint: EndpointId,
        piece: Bytes,
        reply: ResultSender<UploadId>,
    },
    /// Make another change, which adds this many bytes to its transaction.
    Change { change: BoxedChange, bytes: usize },
    /// The endpoint is in use.
    Touch(EndpointId),
    /// Delete the rows of these endpoints that no longer exist.
    Purge(Vec<(EndpointId, i64)>),
    /// Most of the write-ahead log was checkpointed.
    Checkpointed,
    /// A second has passed.
    Tick,
}

/// An open database for the writer to take over.
pub(in super::super) struct OpenDatabase {
    pub(in super::super) connection: SqliteConnection,
    pub(in super::super) connect: SqliteConnectOptions,
    pub(in super::super) log: Wal,
    pub(in super::super) files: Files,
    pub(in super::super) clock: StoreClock,
}

/// The handle for callers, and the writer's thread.
pub(in super::super) struct WriterHandle {
    /// Taken by `close`, so that the thread sees the end of the queue. Never held across an await.
    queue: Mutex<Option<mpsc::Sender<WriterCommand>>>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
    /// Abandoned uploads that are not deleted yet. Not in the queue, so that none is lost when that
    /// is full.
    abandoned: Arc<Mutex<Vec<UploadId>>>,
    /// When the use of an endpoint was last reported.
    touched: Mutex<HashMap<EndpointId, Instant>>,
    checkpoint_due: Arc<Notify>,
}

impl WriterHandle {
    /// Starts the writer, and checks whether it can write. If it cannot, it retries every second.
    pub(in super::super) async fn start(
        opened: OpenDatabase,
        options: Options,
        directory: EndpointCache,
    ) -> Result<(Self, watch::Receiver<bool>), sqlx::Error> {
        let OpenDatabase { mut connection, connect, log, files, clock } = opened;
        let left: Vec<i64> =
            sqlx::query_scalar("select id from uploads").fetch_all(&mut connection).await?;
        let abandoned =
            Arc::new(Mutex::new(left.into_iter().map(UploadId).collect::<Vec<UploadId>>()));
        let next_request_id = next_request_id(&mut connection).await?;
        let (queue, commands) = mpsc::channel(QUEUE_CHANGES);
        let storing = watch::Sender::new(false);
        let checkpoint_due = Arc::new(Notify::new());
        let wal = beside(&options.path, "-wal");
        let ttl_us = i64::try_from(options.endpoint_ttl.as_micros()).unwrap_or(i64::MAX);
        let mut writer = Writer {
            connection: WriterConnection::new(connection, connect, log),
            files,
            files_checked: std::time::Instant::now(),
            is_displaced: false,
            is_settled: false,
            clock,
            cache: WriterCache::new(options.max_requests),
            provider_of: options.provider_of,
            next_request_id,
            uploads: Uploads::default(),
            abandoned: abandoned.clone(),
            purge: PurgeQueue::default(),
            attempts: Attempts::default(),
            quota: StorageQuota::new(options.max_storage_bytes),
            pinned: None,
            max_endpoints_total: options.max_endpoints_total,
            ttl_us,
            active: None,
            // So that the first logged change checks the log's length.
            logged: TRIM_AFTER,
            // The last run's log is still to be checkpointed.
            log_bytes: std::fs::metadata(&wal).map_or(0, |file| file.len()),
            wal,
            max_log_bytes: options.max_log_bytes,
            checkpoint_due: checkpoint_due.clone(),
            publish: options.publish,
            directory,
            metrics: options.metrics,
            storing,
        };
        match writer.try_to_store().await {
            Ok(()) => writer.set_storing(true),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "cannot store yet; what is there can be read"
                );
                writer.connection.failed(&error).await;
            }
        }
        let watched = writer.storing.subscribe();
        let (ending, ended) = oneshot::channel();
        let runtime = Handle::current();
        // A dedicated thread: a task would wait for its turn behind the handlers whose requests it
        // is to commit.
        thread::Builder::new().name("hookglass-writer".to_owned()).spawn(move || {
            runtime.block_on(writer.run(commands));
            // Nobody listens if the store was dropped without being closed.
            let _ = ending.send(());
        })?;
        let handle = Self {
            queue: Mutex::new(Some(queue)),
            ended: Mutex::new(Some(ended)),
            abandoned,
            touched: Mutex::default(),
            checkpoint_due,
        };
        Ok((handle, watched))
    }

    /// Has a change made within a transaction, and returns its result once that is committed.
    pub(in super::super) async fn change<T: Send + 'static>(
        &self,
        change: impl for<'w> FnOnce(
            &'w mut Writer,
            &'w mut Batch,
        ) -> LocalBoxFuture<'w, CommandResult<T>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        self.change_with(0, change).await
    }

    /// The same for a change that adds this many bytes to its transaction.
    pub(in super::super) async fn change_with<T: Send + 'static>(
        &self,
        bytes: usize,
        change: impl for<'w> FnOnce(
            &'w mut Writer,
            &'w mut Batch,
        ) -> LocalBoxFuture<'w, CommandResult<T>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        self.call(|reply| {
            let change: BoxedChange = Box::new(move |writer, batch| {
                Box::pin(async move {
                    let result = change(writer, batch).await?;
                    batch.answer(reply, result);
                    Ok(())
                })
            });
            WriterCommand::Change { change, bytes }
        })
        .await
    }

    pub(in super::super) async fn call<T>(
        &self,
        command: impl FnOnce(ResultSender<T>) -> WriterCommand,
    ) -> Result<T, StoreError> {
        let (reply, result) = oneshot::channel();
        self.send(command(reply))?;
        result.await.map_err(|_| StoreError::Aborted)?
    }

    fn send(&self, command: WriterCommand) -> Result<(), StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })
    }

    pub(in super::super) fn abandon(&self, upload: UploadId) {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(upload);
        // Wakes the writer; when the queue is full it is awake anyway.
        drop(self.send(WriterCommand::Tick));
    }

    pub(in super::super) fn touch(&self, id: EndpointId) -> Result<(), StoreError> {
        {
            let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
            if touched.get(&id).is_some_and(|last| last.elapsed() < TOUCH) {
                return Ok(());
            }
            if touched.len() >= TOUCHED_ENDPOINTS {
                touched.clear();
            }
            touched.insert(id, Instant::now());
        }
        self.send(WriterCommand::Touch(id))
    }

    /// Returns the queue, for as long as the store is open.
    pub(in super::super) fn queue(&self) -> mpsc::WeakSender<WriterCommand> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or_else(|| mpsc::channel(1).0.downgrade(), mpsc::Sender::downgrade)
    }

    /// Notified when the write-ahead log has grown.
    pub(in super::super) fn checkpoint_due(&self) -> Arc<Notify> {
        self.checkpoint_due.clone()
    }

    pub(in super::super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended
            && ended.await.is_err()
        {
            tracing::error!("the writer panicked");
        }
    }
}
