//! The one writer: takes what is to be changed off a bounded queue, puts many changes into one
//! transaction, publishes what was committed, and only then wakes the callers.

mod edits;
mod insert;

use std::{
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use sqlx::SqliteConnection;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    super::{Captured, Change, Endpoint, EndpointId, NewEndpoint, StoreError, WorkspaceId},
    Directory, Publish,
};
use crate::key::KeyHash;

/// Changes that wait for the writer. Past that `append` and the rest fail with `Busy` at once:
/// the sender is told to come again rather than kept waiting.
const QUEUE_CHANGES: usize = 4096;
/// The most changes in a transaction; more of them would keep the first caller waiting.
const BATCH_CHANGES: usize = 512;
/// A transaction takes no further change past this many bytes of bodies and heads.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Where a caller waits for its answer. Dropped unanswered, it means that the transaction failed.
type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer can be asked to do.
pub(super) enum Edit {
    /// Keep a request.
    Append { id: EndpointId, captured: Box<Captured>, reply: Reply<i64> },
    /// See [`super::Store::create_workspace`].
    CreateWorkspace { key: KeyHash, reply: Reply<WorkspaceId> },
    /// See [`super::Store::create_endpoint`].
    CreateEndpoint { new: NewEndpoint, reply: Reply<Endpoint> },
    /// See [`super::Store::rename_endpoint`].
    RenameEndpoint { id: EndpointId, name: Option<String>, reply: Reply<Endpoint> },
    /// See [`super::Store::delete_endpoint`].
    DeleteEndpoint { id: EndpointId, reply: Reply<()> },
    /// See [`super::Store::delete_request`].
    DeleteRequest { id: EndpointId, seq: i64, reply: Reply<()> },
    /// See [`super::Store::clear`].
    Clear { id: EndpointId, reply: Reply<u64> },
}

/// The queue's end that callers hold, and the task behind it.
pub(super) struct Writer {
    /// Taken out by `close`, so that the task sees the end of the queue. Never held across an
    /// await.
    queue: Mutex<Option<mpsc::Sender<Edit>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) async fn start(
        mut connection: SqliteConnection,
        publish: Publish,
        directory: Directory,
    ) -> Result<Self, sqlx::Error> {
        let last_id: Option<i64> =
            sqlx::query_scalar("select max(id) from requests").fetch_one(&mut connection).await?;
        let (queue, edits) = mpsc::channel(QUEUE_CHANGES);
        let desk = Desk {
            connection,
            next_request_id: last_id.unwrap_or(0) + 1,
            // So that the first logged change looks.
            logged: edits::TRIM_AFTER,
            publish,
            directory,
        };
        let task = tokio::spawn(desk.run(edits));
        Ok(Self { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)) })
    }

    pub(super) async fn append(
        &self,
        id: EndpointId,
        captured: Captured,
    ) -> Result<i64, StoreError> {
        self.edit(|reply| Edit::Append { id, captured: Box::new(captured), reply }).await
    }

    pub(super) async fn edit<T>(
        &self,
        edit: impl FnOnce(Reply<T>) -> Edit,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        {
            let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = queue.as_ref().ok_or(StoreError::Closed)?;
            queue.try_send(edit(reply)).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
            })?;
        }
        answer.await.map_err(|_| StoreError::Aborted)?
    }

    pub(super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the writer ended badly");
        }
    }
}

/// What the writer's task owns.
struct Desk {
    connection: SqliteConnection,
    next_request_id: i64,
    /// Changes logged since the last look at the length of a log.
    logged: u32,
    publish: Publish,
    directory: Directory,
}

/// What a transaction did so far.
#[derive(Default)]
struct Batch {
    /// In order.
    changes: Vec<Change>,
    /// The callers with their answers, to be woken once the transaction is committed.
    waiting: Vec<Box<dyn FnOnce() + Send>>,
    /// Endpoints whose remembered state is no longer right.
    stale: Vec<crate::slug::Slug>,
}

impl Batch {
    /// Keeps an answer back until the transaction is committed.
    fn answer<T: Send + 'static>(&mut self, reply: Reply<T>, answer: Result<T, StoreError>) {
        self.waiting.push(Box::new(move || {
            // A caller that went away does not want to know.
            drop(reply.send(answer));
        }));
    }
}

impl Desk {
    async fn run(mut self, mut edits: mpsc::Receiver<Edit>) {
        let mut taken = Vec::with_capacity(BATCH_CHANGES);
        while let Some(first) = edits.recv().await {
            let mut bytes = weight(&first);
            taken.push(first);
            while taken.len() < BATCH_CHANGES && bytes < BATCH_BYTES {
                let Ok(edit) = edits.try_recv() else { break };
                bytes += weight(&edit);
                taken.push(edit);
            }
            self.commit(&mut taken).await;
        }
        self.rest().await;
    }

    /// Makes all of `edits` in one transaction, empties it, and tells everyone. If the
    /// transaction fails, the callers' replies are dropped unanswered.
    async fn commit(&mut self, edits: &mut Vec<Edit>) {
        let first_request_id = self.next_request_id;
        let mut batch = Batch::default();
        if let Err(error) = self.transact(edits, &mut batch).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a transaction failed");
            self.next_request_id = first_request_id;
            // Fails if SQLite has rolled back by itself, which is as good.
            drop(sqlx::query("rollback").execute(&mut self.connection).await);
            return;
        }
        for slug in &batch.stale {
            self.directory.forget(slug);
        }
        if !batch.changes.is_empty() {
            (self.publish)(batch.changes);
        }
        for wake in batch.waiting {
            wake();
        }
    }

    async fn transact(
        &mut self,
        edits: &mut Vec<Edit>,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("begin immediate").execute(&mut self.connection).await?;
        let mut appends = Vec::new();
        for edit in edits.drain(..) {
            match edit {
                Edit::Append { id, captured, reply } => {
                    appends.push(insert::Append { id, captured, reply });
                }
                other => {
                    self.append(std::mem::take(&mut appends), batch).await?;
                    self.edit(other, batch).await?;
                }
            }
        }
        self.append(appends, batch).await?;
        sqlx::query("commit").execute(&mut self.connection).await?;
        Ok(())
    }

    /// Takes the next `count` change numbers of a workspace and returns the first.
    async fn take_changes(
        &mut self,
        workspace: WorkspaceId,
        count: i64,
    ) -> Result<i64, sqlx::Error> {
        let last: i64 = sqlx::query_scalar(
            "update workspaces set change = change + ?2 where id = ?1 returning change",
        )
        .bind(workspace.0)
        .bind(count)
        .fetch_one(&mut self.connection)
        .await?;
        Ok(last - count + 1)
    }

    /// Moves everything from the write-ahead log into the database and closes.
    async fn rest(mut self) {
        let checkpoint =
            sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut self.connection).await;
        let closed = sqlx::Connection::close(self.connection).await;
        if let Err(error) = checkpoint.map(drop).and(closed) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the database did not close cleanly; nothing acknowledged is lost"
            );
        }
    }
}

/// How many bytes an edit adds to its transaction.
fn weight(edit: &Edit) -> usize {
    match edit {
        Edit::Append { captured, .. } => captured.body_bytes() + captured.head.len(),
        _ => 0,
    }
}

/// Microseconds since the epoch.
fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}
