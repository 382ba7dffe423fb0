//! Reads of response settings.

use sqlx::Row as _;

use super::{
    super::{EndpointId, StoreError, StoredResponseSettings},
    reader::Readers,
};

impl Readers {
    pub(super) async fn answers(
        &self,
        id: EndpointId,
    ) -> Result<Option<StoredResponseSettings>, StoreError> {
        let row =
            sqlx::query("select version, settings, answered from answers where endpoint_id = ?1")
                .bind(id.0)
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|row| StoredResponseSettings {
            version: row.get("version"),
            settings: row.get("settings"),
            answered: u64::try_from(row.get::<i64, _>("answered")).unwrap_or_default(),
        }))
    }
}
