//! Changes other than captures: endpoints made, renamed and deleted, requests deleted.

use hookglass_app::wire::GoneReason;

use super::{
    super::{
        super::{Change, Endpoint, EndpointId, NewEndpoint, Owner, StoreError, What, WorkspaceId},
        REPLAYED_CHANGES, reader,
    },
    Batch, Desk, Edit, now,
};
use crate::{key::KeyHash, slug::Slug};

/// How many logged changes pass between two looks at whether a log has grown too long.
pub(super) const TRIM_AFTER: u32 = 64;

/// How an edit ended: the outer error fails the whole transaction, the inner one only this edit,
/// which has then changed nothing.
type Ended<T> = Result<Result<T, StoreError>, sqlx::Error>;

impl Desk {
    /// Makes one edit within the transaction.
    pub(super) async fn edit(&mut self, edit: Edit, batch: &mut Batch) -> Result<(), sqlx::Error> {
        match edit {
            Edit::Append { id, captured, reply } => {
                let append = super::insert::Append { id, captured, reply };
                self.append(vec![append], batch).await?;
            }
            Edit::CreateWorkspace { key, reply } => {
                let made = self.create_workspace(&key).await?;
                batch.answer(reply, Ok(made));
            }
            Edit::CreateEndpoint { new, reply } => {
                let made = self.create_endpoint(new, batch).await?;
                batch.answer(reply, made);
            }
            Edit::RenameEndpoint { id, name, reply } => {
                let renamed = self.rename_endpoint(id, name, batch).await?;
                batch.answer(reply, renamed);
            }
            Edit::DeleteEndpoint { id, reply } => {
                let deleted = self.delete_endpoint(id, batch).await?;
                batch.answer(reply, deleted);
            }
            Edit::DeleteRequest { id, seq, reply } => {
                let deleted = self.delete_request(id, seq, batch).await?;
                batch.answer(reply, deleted);
            }
            Edit::Clear { id, reply } => {
                let cleared = self.clear(id, batch).await?;
                batch.answer(reply, cleared);
            }
        }
        Ok(())
    }

    async fn create_workspace(&mut self, key: &KeyHash) -> Result<WorkspaceId, sqlx::Error> {
        let id: i64 =
            sqlx::query_scalar("insert into workspaces (created_at) values (?1) returning id")
                .bind(now())
                .fetch_one(&mut self.connection)
                .await?;
        sqlx::query(
            "insert into workspace_keys (hash, workspace_id, created_at) values (?1, ?2, ?3)",
        )
        .bind(key.as_bytes())
        .bind(id)
        .bind(now())
        .execute(&mut self.connection)
        .await?;
        Ok(WorkspaceId(id))
    }

    async fn create_endpoint(&mut self, new: NewEndpoint, batch: &mut Batch) -> Ended<Endpoint> {
        let slug = new.slug.unwrap_or_else(Slug::random);
        let taken: Option<(i64, i64, bool)> = sqlx::query_as(
            "select id, workspace_id, gone_at is not null from endpoints where slug = ?1",
        )
        .bind(slug.as_str())
        .fetch_optional(&mut self.connection)
        .await?;
        let returning = match (taken, new.owner) {
            (None, _) => None,
            (Some((id, owner, true)), Owner::Workspace(workspace)) if owner == workspace.0 => {
                Some(id)
            }
            (Some(_), _) => return Ok(Err(StoreError::SlugTaken)),
        };
        let workspace = match new.owner {
            Owner::Workspace(workspace) => {
                let living: i64 = sqlx::query_scalar(
                    "select count(*) from endpoints where workspace_id = ?1 and gone_at is null",
                )
                .bind(workspace.0)
                .fetch_one(&mut self.connection)
                .await?;
                if living >= i64::from(new.max_endpoints) {
                    return Ok(Err(StoreError::TooManyEndpoints(new.max_endpoints)));
                }
                workspace
            }
            Owner::New(key) => self.create_workspace(&key).await?,
        };
        let id: i64 = if let Some(id) = returning {
            sqlx::query_scalar(
                "update endpoints
                set gone_at = null, gone_reason = null, name = ?2, created_at = ?3
                where id = ?1
                returning id",
            )
            .bind(id)
            .bind(new.name)
            .bind(now())
            .fetch_one(&mut self.connection)
            .await?
        } else {
            sqlx::query_scalar(
                "insert into endpoints (workspace_id, slug, name, created_at)
                values (?1, ?2, ?3, ?4)
                returning id",
            )
            .bind(workspace.0)
            .bind(slug.as_str())
            .bind(new.name)
            .bind(now())
            .fetch_one(&mut self.connection)
            .await?
        };
        let endpoint = self.endpoint(EndpointId(id)).await?;
        self.log(&endpoint, What::Endpoint(endpoint.clone()), batch).await?;
        Ok(Ok(endpoint))
    }

    async fn rename_endpoint(
        &mut self,
        id: EndpointId,
        name: Option<String>,
        batch: &mut Batch,
    ) -> Ended<Endpoint> {
        let endpoint = match self.living(id).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Err(error)),
        };
        sqlx::query("update endpoints set name = ?2 where id = ?1")
            .bind(id.0)
            .bind(name.as_deref())
            .execute(&mut self.connection)
            .await?;
        let endpoint = Endpoint { name, ..endpoint };
        self.log(&endpoint, What::Endpoint(endpoint.clone()), batch).await?;
        Ok(Ok(endpoint))
    }

    async fn delete_endpoint(&mut self, id: EndpointId, batch: &mut Batch) -> Ended<()> {
        let endpoint = match self.living(id).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Err(error)),
        };
        self.delete_all(id).await?;
        sqlx::query(
            "update endpoints
            set gone_at = ?2, gone_reason = ?3, name = null, requests = 0
            where id = ?1",
        )
        .bind(id.0)
        .bind(now())
        .bind(reader::gone_reason_text(GoneReason::Deleted))
        .execute(&mut self.connection)
        .await?;
        self.log(&endpoint, What::Gone(GoneReason::Deleted), batch).await?;
        batch.stale.push(endpoint.slug);
        Ok(Ok(()))
    }

    async fn delete_request(&mut self, id: EndpointId, seq: i64, batch: &mut Batch) -> Ended<()> {
        let endpoint = match self.living(id).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Err(error)),
        };
        let deleted: Option<i64> = sqlx::query_scalar(
            "delete from requests where endpoint_id = ?1 and seq = ?2 returning id",
        )
        .bind(id.0)
        .bind(seq)
        .fetch_optional(&mut self.connection)
        .await?;
        let Some(request) = deleted else { return Ok(Err(StoreError::NotFound)) };
        sqlx::query("delete from body_chunks where request_id = ?1")
            .bind(request)
            .execute(&mut self.connection)
            .await?;
        sqlx::query("update endpoints set requests = requests - 1 where id = ?1")
            .bind(id.0)
            .execute(&mut self.connection)
            .await?;
        self.log(&endpoint, What::Deleted(vec![seq]), batch).await?;
        Ok(Ok(()))
    }

    async fn clear(&mut self, id: EndpointId, batch: &mut Batch) -> Ended<u64> {
        let endpoint = match self.living(id).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Err(error)),
        };
        let deleted = self.delete_all(id).await?;
        sqlx::query("update endpoints set requests = 0 where id = ?1")
            .bind(id.0)
            .execute(&mut self.connection)
            .await?;
        self.log(&endpoint, What::Cleared(endpoint.last_seq), batch).await?;
        Ok(Ok(deleted))
    }

    async fn delete_all(&mut self, id: EndpointId) -> Result<u64, sqlx::Error> {
        sqlx::query(
            "delete from body_chunks
            where request_id in (select id from requests where endpoint_id = ?1)",
        )
        .bind(id.0)
        .execute(&mut self.connection)
        .await?;
        let deleted = sqlx::query("delete from requests where endpoint_id = ?1")
            .bind(id.0)
            .execute(&mut self.connection)
            .await?;
        Ok(deleted.rows_affected())
    }

    /// The endpoint if it lives.
    async fn living(&mut self, id: EndpointId) -> Ended<Endpoint> {
        let endpoint = self.endpoint(id).await?;
        Ok(match endpoint.gone {
            None => Ok(endpoint),
            Some(reason) => Err(StoreError::Gone(reason)),
        })
    }

    async fn endpoint(&mut self, id: EndpointId) -> Result<Endpoint, sqlx::Error> {
        reader::endpoint_by_id(&mut self.connection, id).await
    }

    /// Takes a change number for `what`, notes it for feeds that come back later, and has it
    /// published.
    async fn log(
        &mut self,
        endpoint: &Endpoint,
        what: What,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        let number = self.take_changes(endpoint.workspace, 1).await?;
        let (kind, payload) = match &what {
            // A capture is noted by its own row, settings are read when they are asked for.
            What::Captured(_) | What::Endpoint(_) => ("endpoint", None),
            What::Gone(reason) => ("gone", Some(reader::gone_reason_text(*reason).to_owned())),
            What::Deleted(seqs) => ("deleted", Some(format!("{seqs:?}"))),
            What::Cleared(through) => ("cleared", Some(through.to_string())),
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
        .execute(&mut self.connection)
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

    /// Keeps the log of a workspace short; a feed that comes back from before its start gets a
    /// gap.
    async fn forget_old_changes(&mut self, workspace: WorkspaceId) -> Result<(), sqlx::Error> {
        let newest_forgotten: Option<i64> = sqlx::query_scalar(
            "select change from changes
            where workspace_id = ?1
            order by change desc
            limit 1 offset ?2",
        )
        .bind(workspace.0)
        .bind(REPLAYED_CHANGES)
        .fetch_optional(&mut self.connection)
        .await?;
        let Some(floor) = newest_forgotten else { return Ok(()) };
        sqlx::query("delete from changes where workspace_id = ?1 and change <= ?2")
            .bind(workspace.0)
            .bind(floor)
            .execute(&mut self.connection)
            .await?;
        sqlx::query("update workspaces set change_floor = ?2 where id = ?1")
            .bind(workspace.0)
            .bind(floor)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }
}
