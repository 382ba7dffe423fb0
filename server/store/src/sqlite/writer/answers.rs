//! Response settings of endpoints, and outcomes of responses after their requests were stored.

use std::sync::Arc;

use super::{
    super::super::{
        Change, ChangeKind, EndpointId, LateResponse, NewResponseSettings, Progress,
        ResponseSettings, StoreError, StoredEndpoint, WorkspaceId,
    },
    Batch, Writer,
    commands::CommandResult,
};

/// Response settings take at most this part of the storage in total.
const PART: u64 = 4;
/// Response settings of one workspace take at most this part, and at most [`MOST_EACH`] bytes.
const PART_EACH: u64 = 8;
const MOST_EACH: u64 = 16 * 1024 * 1024;

impl Writer {
    /// Sets response settings, as part of the settings change that is logged next.
    pub(super) async fn set_answers(
        &mut self,
        id: EndpointId,
        new: NewResponseSettings,
    ) -> CommandResult<()> {
        let NewResponseSettings { from, settings, words, answered } = new;
        let book = self.cache.change(id)?;
        let (workspace, before) = (book.endpoint.workspace, book.endpoint.answers.clone());
        if before.map(|answers| answers.version) != from {
            return Ok(Err(StoreError::Outdated));
        }
        let shorter = self.answers_bytes(id).await?;
        let longer = settings.as_ref().map_or(0, String::len);
        let longer = i64::try_from(longer).unwrap_or(i64::MAX);
        if longer > shorter {
            let quota = match self.quota.may_take(workspace, false) {
                Ok(()) => self.may_set(workspace, longer - shorter).await?,
                Err(error) => Err(error),
            };
            if let Err(error) = quota {
                return Ok(Err(error));
            }
        }
        let book = self.cache.change_workspace(workspace)?;
        book.bytes = book.bytes - shorter + longer;
        let version = book.change + 1;
        let connection = self.connection.write().await?;
        let answers = match settings {
            None => {
                sqlx::query("delete from answers where endpoint_id = ?1")
                    .bind(id.0)
                    .execute(connection)
                    .await?;
                None
            }
            Some(settings) => {
                sqlx::query(
                    "insert into answers (endpoint_id, version, settings, words)
                    values (?1, ?2, ?3, ?4)
                    on conflict (endpoint_id) do update
                    set version = ?2, settings = ?3, words = ?4,
                        answered = case when ?5 is null then 0 else max(answered, ?5) end",
                )
                .bind(id.0)
                .bind(version)
                .bind(settings)
                .bind(words.as_deref())
                .bind(answered.map(|answered| i64::try_from(answered).unwrap_or(i64::MAX)))
                .execute(connection)
                .await?;
                Some(ResponseSettings { version, words })
            }
        };
        self.cache.change(id)?.endpoint.answers = answers;
        Ok(Ok(()))
    }

    /// Whether settings may grow by this much. Unlike requests, they cannot be evicted.
    async fn may_set(&mut self, workspace: WorkspaceId, longer: i64) -> CommandResult<()> {
        let (all, of): (i64, i64) = sqlx::query_as(
            "select coalesce(sum(octet_length(answers.settings)), 0),
                coalesce(sum(octet_length(answers.settings))
                    filter (where endpoints.workspace_id = ?1), 0)
            from answers join endpoints on endpoints.id = answers.endpoint_id",
        )
        .bind(workspace.0)
        .fetch_one(self.connection.write().await?)
        .await?;
        let limit = self.quota.limit();
        for (held, most) in [(all, limit / PART), (of, MOST_EACH.min(limit / PART_EACH))] {
            if u64::try_from(held + longer).unwrap_or_default() > most {
                return Ok(Err(StoreError::AnswersTooLarge(most)));
            }
        }
        Ok(Ok(()))
    }

    /// Deletes the response settings of an endpoint that ends: a restored endpoint has none.
    pub(super) async fn forget_answers(&mut self, id: EndpointId) -> Result<(), sqlx::Error> {
        let book = self.cache.change(id)?;
        let workspace = book.endpoint.workspace;
        if book.endpoint.answers.take().is_some() {
            let bytes = self.answers_bytes(id).await?;
            self.cache.change_workspace(workspace)?.bytes -= bytes;
            sqlx::query("delete from answers where endpoint_id = ?1")
                .bind(id.0)
                .execute(self.connection.write().await?)
                .await?;
        }
        Ok(())
    }

    async fn answers_bytes(&mut self, id: EndpointId) -> Result<i64, sqlx::Error> {
        let bytes: Option<i64> = sqlx::query_scalar(
            "select length(cast(settings as blob)) from answers where endpoint_id = ?1",
        )
        .bind(id.0)
        .fetch_optional(self.connection.write().await?)
        .await?;
        Ok(bytes.unwrap_or(0))
    }

    /// Records the outcome of a response. Publishes nothing if its request is gone.
    pub(in super::super) async fn note_answer(
        &mut self,
        id: EndpointId,
        seq: i64,
        late: LateResponse,
        batch: &mut Batch,
    ) -> CommandResult<()> {
        let endpoint = match self.active(id).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(progress) = late.progress {
            self.note_progress(&endpoint, progress, batch).await?;
        }
        let Some((request, _, mut summary)) = self.kept(id, seq).await? else {
            return Ok(Ok(()));
        };
        let before: Option<i64> =
            sqlx::query_scalar("select length(answer) from requests where id = ?1")
                .bind(request)
                .fetch_one(self.connection.write().await?)
                .await?;
        let after = late.answer.as_ref().map_or(0, Vec::len);
        let longer = i64::try_from(after).unwrap_or(i64::MAX) - before.unwrap_or(0);
        let book = self.cache.change_workspace(endpoint.workspace)?;
        book.bytes += longer;
        book.change += 1;
        let number = book.change;
        if summary.pinned {
            self.note_pinned(endpoint.workspace, longer);
        }
        summary.status = late.status;
        sqlx::query("update requests set answer = ?2, status = ?3, updated = ?4 where id = ?1")
            .bind(request)
            .bind(late.answer)
            .bind(late.status)
            .bind(number)
            .execute(self.connection.write().await?)
            .await?;
        batch.changes.push(Change {
            workspace: endpoint.workspace,
            number,
            endpoint: endpoint.slug,
            what: ChangeKind::Updated(Arc::new(summary)),
        });
        Ok(Ok(()))
    }

    /// Records the progress of a failure simulation; publishes it if its summary changed.
    async fn note_progress(
        &mut self,
        endpoint: &StoredEndpoint,
        progress: Progress,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        let Progress { version, answered, words } = progress;
        let answered = i64::try_from(answered).unwrap_or(i64::MAX);
        // Delayed responses finish out of order: progress never decreases.
        let went_on = sqlx::query(
            "update answers set answered = ?3, words = ?4
            where endpoint_id = ?1 and version = ?2 and answered < ?3",
        )
        .bind(endpoint.id.0)
        .bind(version)
        .bind(answered)
        .bind(words.as_deref())
        .execute(self.connection.write().await?)
        .await?;
        if went_on.rows_affected() == 0 {
            return Ok(());
        }
        let book = self.cache.change(endpoint.id)?;
        let Some(answers) = &mut book.endpoint.answers else { return Ok(()) };
        if answers.words == words {
            return Ok(());
        }
        answers.words = words;
        let endpoint = book.endpoint.clone();
        self.log(&endpoint, ChangeKind::Endpoint(endpoint.clone()), batch).await
    }
}
