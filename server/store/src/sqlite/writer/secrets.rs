//! Secrets of endpoints, which arrive sealed, and signature verdicts.

use std::sync::Arc;

use hookglass_wire::Timestamp;

use super::{
    super::super::{
        Change, ChangeKind, EndpointId, NewSecret, SecretId, StoreError, StoredEndpoint,
        StoredSecret,
    },
    Batch, Writer,
    commands::CommandResult,
};

impl Writer {
    /// Stores a secret.
    pub(in super::super) async fn add_secret(
        &mut self,
        new: NewSecret,
        batch: &mut Batch,
    ) -> CommandResult<StoredSecret> {
        let NewSecret { endpoint: id, id: secret, provider, name, sealed, max_secrets } = new;
        if let Err(error) = self.active(id).await? {
            return Ok(Err(error));
        }
        let kept: i64 = sqlx::query_scalar("select count(*) from secrets where endpoint_id = ?1")
            .bind(id.0)
            .fetch_one(self.connection.write().await?)
            .await?;
        if kept >= i64::from(max_secrets) {
            return Ok(Err(StoreError::TooManySecrets(max_secrets)));
        }
        let created_at = Timestamp::now().as_micros();
        sqlx::query(
            "insert into secrets (id, endpoint_id, provider, name, created_at, sealed)
            values (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(secret.to_string())
        .bind(id.0)
        .bind(&provider)
        .bind(name.as_deref())
        .bind(created_at)
        .bind(&sealed)
        .execute(self.connection.write().await?)
        .await?;
        self.tell_of_secrets(id, true, batch).await?;
        Ok(Ok(StoredSecret { endpoint: id, id: secret, provider, name, created_at, sealed }))
    }

    /// Deletes a secret.
    pub(in super::super) async fn delete_secret(
        &mut self,
        id: EndpointId,
        secret: SecretId,
        batch: &mut Batch,
    ) -> CommandResult<()> {
        if let Err(error) = self.active(id).await? {
            return Ok(Err(error));
        }
        let deleted = sqlx::query("delete from secrets where endpoint_id = ?1 and id = ?2")
            .bind(id.0)
            .bind(secret.to_string())
            .execute(self.connection.write().await?)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(Err(StoreError::NotFound));
        }
        let left: bool =
            sqlx::query_scalar("select exists (select 1 from secrets where endpoint_id = ?1)")
                .bind(id.0)
                .fetch_one(self.connection.write().await?)
                .await?;
        self.tell_of_secrets(id, left, batch).await?;
        Ok(Ok(()))
    }

    /// Deletes all secrets of an endpoint that ends: a restored endpoint has none.
    pub(super) async fn forget_secrets(&mut self, id: EndpointId) -> Result<(), sqlx::Error> {
        let book = self.cache.change(id)?;
        if std::mem::take(&mut book.endpoint.has_secrets) {
            sqlx::query("delete from secrets where endpoint_id = ?1")
                .bind(id.0)
                .execute(self.connection.write().await?)
                .await?;
        }
        Ok(())
    }

    /// Publishes the change: open pages reload the list; capturing learns whether there are
    /// secrets.
    async fn tell_of_secrets(
        &mut self,
        id: EndpointId,
        has_secrets: bool,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        let book = self.cache.change(id)?;
        book.endpoint.has_secrets = has_secrets;
        let endpoint: StoredEndpoint = book.endpoint.clone();
        self.log(&endpoint, ChangeKind::Endpoint(endpoint.clone()), batch).await?;
        batch.stale.push(endpoint.slug);
        Ok(())
    }

    /// Records signature verdicts. Skips requests that are gone.
    pub(in super::super) async fn note_verdicts(
        &mut self,
        id: EndpointId,
        verdicts: Vec<(i64, Option<&'static str>)>,
        batch: &mut Batch,
    ) -> CommandResult<()> {
        let endpoint = match self.active(id).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Err(error)),
        };
        for (seq, verdict) in verdicts {
            let Some((request, _, mut summary)) = self.kept(id, seq).await? else { continue };
            if summary.verdict.as_deref() == verdict {
                continue;
            }
            summary.verdict = verdict.map(str::to_owned);
            let number = self.cache.next_change(endpoint.workspace)?;
            sqlx::query("update requests set verdict = ?2, updated = ?3 where id = ?1")
                .bind(request)
                .bind(verdict)
                .bind(number)
                .execute(self.connection.write().await?)
                .await?;
            batch.changes.push(Change {
                workspace: endpoint.workspace,
                number,
                endpoint: endpoint.slug.clone(),
                what: ChangeKind::Updated(Arc::new(summary)),
            });
        }
        Ok(Ok(()))
    }
}
