//! Commands other than captures: their dispatch, endpoints, and the log of changes.

use hookglass_wire::{GoneReason, OnLimit, Timestamp};

use super::{
    super::{
        super::{
            Change, ChangeKind, EndpointId, EndpointSettings, NewEndpoint, Owner, StoreError,
            StoredEndpoint, UploadId, WorkspaceId,
        },
        REPLAYED_CHANGES, reader,
    },
    Batch, ResultSender, Writer, WriterCommand, expiry,
};
use crate::{key::KeyHash, slug::Slug};

/// How many logged changes pass between two checks of the log's length.
pub(super) const TRIM_AFTER: u32 = 64;
/// Returns a step of unused pages to the disk.
macro_rules! shrink {
    () => {
        "pragma incremental_vacuum(128)"
    };
}

/// The result of a command: the outer error fails the whole transaction, the inner one only this
/// command, which has then changed nothing.
pub(in super::super) type CommandResult<T> = Result<Result<T, StoreError>, sqlx::Error>;

impl Writer {
    /// Executes one command within the transaction.
    pub(super) async fn execute(
        &mut self,
        command: WriterCommand,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        match command {
            WriterCommand::Append(append) => self.take(append, batch).await,
            WriterCommand::Upload { upload, endpoint, piece, reply } => {
                let taken = self.upload(upload, endpoint, piece, batch).await?;
                self.answer_upload(upload.is_none(), reply, taken, batch);
                Ok(())
            }
            WriterCommand::Change { change, .. } => change(self, batch).await,
            WriterCommand::Touch(id) => match self.active(id).await? {
                Ok(_) => self.extend_expiry(id, batch),
                Err(_) => Ok(()),
            },
            // Not changes: handled before the transaction.
            WriterCommand::Purge(_) | WriterCommand::Checkpointed | WriterCommand::Tick => Ok(()),
        }
    }

    /// Responds to the sender of a piece. If it is gone, a first piece is abandoned: nobody else
    /// knows its upload.
    fn answer_upload(
        &self,
        is_first: bool,
        reply: ResultSender<UploadId>,
        taken: Result<UploadId, StoreError>,
        batch: &mut Batch,
    ) {
        let abandoned = self.abandoned.clone();
        batch.waiting.push(Box::new(move || {
            if let Err(Ok(upload)) = reply.send(taken)
                && is_first
            {
                abandoned.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(upload);
            }
        }));
    }

    /// Returns unused pages to the disk, a step of them.
    pub(in super::super) async fn shrink(&mut self) -> CommandResult<()> {
        sqlx::query(shrink!()).execute(self.connection.write().await?).await?;
        Ok(Ok(()))
    }

    /// See [`super::super::Store::delete_endpoint`].
    pub(in super::super) async fn delete_endpoint(
        &mut self,
        id: EndpointId,
        batch: &mut Batch,
    ) -> CommandResult<()> {
        match self.active(id).await? {
            Ok(_) => Ok(Ok(self.end_endpoint(id, GoneReason::Deleted, batch).await?)),
            Err(error) => Ok(Err(error)),
        }
    }

    pub(in super::super) async fn create_workspace(
        &mut self,
        key: &KeyHash,
    ) -> Result<WorkspaceId, sqlx::Error> {
        let id: i64 =
            sqlx::query_scalar("insert into workspaces (created_at) values (?1) returning id")
                .bind(Timestamp::now().as_micros())
                .fetch_one(self.connection.write().await?)
                .await?;
        sqlx::query(
            "insert into workspace_keys (hash, workspace_id, created_at) values (?1, ?2, ?3)",
        )
        .bind(key.as_bytes())
        .bind(id)
        .bind(Timestamp::now().as_micros())
        .execute(self.connection.write().await?)
        .await?;
        Ok(WorkspaceId(id))
    }

    pub(in super::super) async fn create_endpoint(
        &mut self,
        new: NewEndpoint,
        batch: &mut Batch,
    ) -> CommandResult<StoredEndpoint> {
        // A name like a generated one cannot be chosen, only restored to its former owner.
        let is_asked_back = new.slug.as_ref().is_some_and(Slug::is_uuid);
        let slug = new.slug.unwrap_or_else(Slug::random);
        let taken: Option<(i64, i64, bool)> = sqlx::query_as(
            "select id, workspace_id, gone_at is not null from endpoints where slug = ?1",
        )
        .bind(slug.as_str())
        .fetch_optional(self.connection.write().await?)
        .await?;
        let returning = match (taken, new.owner) {
            (None, _) if is_asked_back => return Ok(Err(StoreError::SlugTaken)),
            (None, _) => None,
            (Some((id, owner, true)), Owner::Workspace(workspace)) if owner == workspace.0 => {
                Some(id)
            }
            (Some(_), _) => return Ok(Err(StoreError::SlugTaken)),
        };
        let workspace = match new.owner {
            Owner::Workspace(workspace) => {
                let active: i64 = sqlx::query_scalar(
                    "select count(*) from endpoints where workspace_id = ?1 and gone_at is null",
                )
                .bind(workspace.0)
                .fetch_one(self.connection.write().await?)
                .await?;
                if active >= i64::from(new.max_endpoints) {
                    return Ok(Err(StoreError::TooManyEndpoints(new.max_endpoints)));
                }
                workspace
            }
            Owner::New(_) => WorkspaceId(0),
        };
        let active = self.living_endpoints().await?;
        if active >= i64::from(self.max_endpoints_total) {
            return Ok(Err(StoreError::TooManyEndpointsInAll(self.max_endpoints_total)));
        }
        let workspace = match new.owner {
            Owner::Workspace(_) => workspace,
            Owner::New(key) => self.create_workspace(&key).await?,
        };
        // Not in the past, even if the clock is: it would expire once the clock is corrected.
        let made_at = self.clock.time().latest_us;
        let expires_at = (self.ttl_us > 0).then(|| made_at.saturating_add(self.ttl_us));
        let id = EndpointId(if let Some(id) = returning {
            sqlx::query(
                "update endpoints
                set gone_at = null, gone_reason = null, name = ?2, created_at = ?3,
                    expires_at = ?4, expires_in = null, refuses = 0
                where id = ?1",
            )
            .bind(id)
            .bind(new.name.as_deref())
            .bind(made_at)
            .bind(expires_at)
            .execute(self.connection.write().await?)
            .await?;
            id
        } else {
            sqlx::query_scalar(
                "insert into endpoints (workspace_id, slug, name, created_at, expires_at)
                values (?1, ?2, ?3, ?4, ?5)
                returning id",
            )
            .bind(workspace.0)
            .bind(slug.as_str())
            .bind(new.name.as_deref())
            .bind(made_at)
            .bind(expires_at)
            .fetch_one(self.connection.write().await?)
            .await?
        });
        // The cached row of a restored endpoint dates from before its end.
        let book = self.cache.load(self.connection.get()?, id).await?;
        book.endpoint = StoredEndpoint {
            name: new.name,
            created_at: made_at,
            expires_at,
            expires_in: None,
            gone: None,
            on_limit: OnLimit::DropOldest,
            ..book.endpoint.clone()
        };
        let endpoint = book.endpoint.clone();
        self.active = Some(active + 1);
        self.log(&endpoint, ChangeKind::Endpoint(endpoint.clone()), batch).await?;
        Ok(Ok(endpoint))
    }

    /// Returns the number of active endpoints in total.
    async fn living_endpoints(&mut self) -> Result<i64, sqlx::Error> {
        if let Some(active) = self.active {
            return Ok(active);
        }
        let active = sqlx::query_scalar("select count(*) from endpoints where gone_at is null")
            .fetch_one(self.connection.get()?)
            .await?;
        self.active = Some(active);
        Ok(active)
    }

    pub(in super::super) async fn update_endpoint(
        &mut self,
        id: EndpointId,
        settings: EndpointSettings,
        batch: &mut Batch,
    ) -> CommandResult<StoredEndpoint> {
        if let Err(error) = self.active(id).await? {
            return Ok(Err(error));
        }
        if let Some(answers) = settings.answers
            && let Err(error) = self.set_answers(id, answers).await?
        {
            return Ok(Err(error));
        }
        let (ttl_us, now) = (self.ttl_us, self.clock.time().latest_us);
        let book = self.cache.change(id)?;
        let endpoint = &mut book.endpoint;
        if let Some(name) = settings.name {
            endpoint.name = name;
        }
        if let Some(on_limit) = settings.on_limit {
            endpoint.on_limit = on_limit;
        }
        if let Some(seconds) = settings.expires_in {
            endpoint.expires_in = Some(seconds);
            endpoint.expires_at = expiry::end(endpoint, ttl_us, now);
        }
        let endpoint = endpoint.clone();
        sqlx::query(
            "update endpoints
            set name = ?2, refuses = ?3, expires_in = ?4, expires_at = ?5
            where id = ?1",
        )
        .bind(id.0)
        .bind(endpoint.name.as_deref())
        .bind(endpoint.on_limit == OnLimit::Refuse)
        .bind(endpoint.expires_in)
        .bind(endpoint.expires_at)
        .execute(self.connection.write().await?)
        .await?;
        self.log(&endpoint, ChangeKind::Endpoint(endpoint.clone()), batch).await?;
        batch.stale.push(endpoint.slug.clone());
        Ok(Ok(endpoint))
    }

    /// Returns the endpoint if it is active.
    pub(super) async fn active(&mut self, id: EndpointId) -> CommandResult<StoredEndpoint> {
        let endpoint = match self.cache.load(self.connection.get()?, id).await {
            Ok(book) => book.endpoint.clone(),
            Err(sqlx::Error::RowNotFound) => return Ok(Err(StoreError::NotFound)),
            Err(error) => return Err(error),
        };
        Ok(match endpoint.gone {
            None => Ok(endpoint),
            Some(reason) => Err(StoreError::Gone(reason)),
        })
    }

    /// Assigns a change number to `what`, logs it for feeds that reconnect later, and queues it for
    /// publishing.
    pub(super) async fn log(
        &mut self,
        endpoint: &StoredEndpoint,
        what: ChangeKind,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        let number = self.cache.next_change(endpoint.workspace)?;
        let (kind, payload) = match &what {
            // Captures and updates are logged by their own rows; settings are read on request.
            ChangeKind::Captured(_) | ChangeKind::Updated(_) | ChangeKind::Endpoint(_) => {
                ("endpoint", None)
            }
            ChangeKind::Gone(reason) => {
                ("gone", Some(reader::gone_reason_text(*reason).to_owned()))
            }
            ChangeKind::Deleted(seqs) => ("deleted", Some(format!("{seqs:?}"))),
            ChangeKind::Cleared(through) => ("cleared", Some(through.to_string())),
            ChangeKind::Dropped(below) => ("dropped", Some(below.to_string())),
        };
        sqlx::query(
            "insert into changes (workspace_id, change, endpoint_id, kind, payload)
            values (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(endpoint.workspace.0)
        .bind(number)
        .bind(endpoint.id.0)
        .bind(kind)
        .bind(payload)
        .execute(self.connection.write().await?)
        .await?;
        self.logged += 1;
        if self.logged >= TRIM_AFTER {
            self.logged = 0;
            self.forget_old_changes(endpoint.workspace).await?;
        }
        batch.changes.push(Change {
            workspace: endpoint.workspace,
            number,
            endpoint: endpoint.slug.clone(),
            what,
        });
        Ok(())
    }

    /// Trims the log of a workspace; a feed that resumes from before its start gets a gap.
    async fn forget_old_changes(&mut self, workspace: WorkspaceId) -> Result<(), sqlx::Error> {
        let newest_forgotten: Option<i64> = sqlx::query_scalar(
            "select change from changes
            where workspace_id = ?1
            order by change desc
            limit 1 offset ?2",
        )
        .bind(workspace.0)
        .bind(REPLAYED_CHANGES)
        .fetch_optional(self.connection.write().await?)
        .await?;
        let Some(floor) = newest_forgotten else { return Ok(()) };
        sqlx::query("delete from changes where workspace_id = ?1 and change <= ?2")
            .bind(workspace.0)
            .bind(floor)
            .execute(self.connection.write().await?)
            .await?;
        sqlx::query("update workspaces set change_floor = ?2 where id = ?1")
            .bind(workspace.0)
            .bind(floor)
            .execute(self.connection.write().await?)
            .await?;
        Ok(())
    }
}
