//! Reads of secrets. They stay sealed here.

use sqlx::{Row as _, sqlite::SqliteRow};

use super::{
    super::{EndpointId, StoreError, StoredSecret},
    reader::{Readers, corrupt},
};

macro_rules! secret_columns {
    () => {
        "id, endpoint_id, provider, name, created_at, sealed"
    };
}

impl Readers {
    pub(super) async fn secrets(&self, id: EndpointId) -> Result<Vec<StoredSecret>, StoreError> {
        let rows = sqlx::query(concat!(
            "select ",
            secret_columns!(),
            " from secrets
            where endpoint_id = ?1
            order by created_at, id"
        ))
        .bind(id.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(secret_from).collect::<Result<_, _>>()?)
    }

    pub(super) async fn any_secret(&self) -> Result<Option<StoredSecret>, StoreError> {
        let row = sqlx::query(concat!(
            "select ",
            secret_columns!(),
            " from secrets
            order by created_at desc
            limit 1"
        ))
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.as_ref().map(secret_from).transpose()?)
    }
}

fn secret_from(row: &SqliteRow) -> Result<StoredSecret, sqlx::Error> {
    Ok(StoredSecret {
        endpoint: EndpointId(row.get("endpoint_id")),
        id: row.get::<&str, _>("id").parse().map_err(|_| corrupt("secrets.id"))?,
        provider: row.get("provider"),
        name: row.get("name"),
        created_at: row.get("created_at"),
        sealed: row.get("sealed"),
    })
}
