//! Reads of the attempts of one delivery.

use hookglass_wire::{Attempt, Delivery, GUESSED, Timestamp};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    super::{EndpointId, StoreError},
    reader::{Readers, is_kept},
};

/// The most attempts that are returned; the writer numbers no more of one delivery.
const TRIES: i64 = 1000;

impl Readers {
    pub(super) async fn delivery(
        &self,
        id: EndpointId,
        seq: i64,
    ) -> Result<Option<Delivery>, StoreError> {
        let mut snapshot = self.pool.begin().await?;
        let row = one(&mut snapshot, id, seq).await?.ok_or(StoreError::NotFound)?;
        let name: Option<String> = row.get("delivery");
        // The first attempt of a guessed delivery does not carry its name.
        let name = name.unwrap_or_else(|| format!("{GUESSED}{seq}"));
        let first = name.strip_prefix(GUESSED).and_then(|first| first.parse::<i64>().ok());
        let mut rows: Vec<SqliteRow> = Vec::new();
        if let Some(first) = first {
            rows.extend(one(&mut snapshot, id, first).await?);
        }
        let later = sqlx::query(concat!(
            "select requests.seq, requests.received_at, requests.status, requests.attempt
            from requests indexed by requests_by_delivery
            join endpoints on endpoints.id = requests.endpoint_id
            where requests.endpoint_id = ?1 and requests.delivery = ?2 and ",
            is_kept!(),
            " order by requests.attempt
            limit ?3"
        ))
        .bind(id.0)
        .bind(&name)
        .bind(TRIES)
        .fetch_all(&mut *snapshot)
        .await?;
        drop(snapshot);
        if first == Some(seq) && later.is_empty() {
            return Ok(None);
        }
        rows.extend(later);
        let attempts: Vec<Attempt> = rows.iter().map(attempt).collect();
        let this = attempts.iter().find(|attempt| attempt.seq == seq);
        let attempt = this.map_or(1, |attempt| attempt.attempt);
        Ok(Some(Delivery { id: name, attempt, attempts, guessed: first.is_some() }))
    }
}

/// Returns one request, if it exists.
async fn one(
    snapshot: &mut SqliteConnection,
    id: EndpointId,
    seq: i64,
) -> Result<Option<SqliteRow>, sqlx::Error> {
    sqlx::query(concat!(
        "select requests.seq, requests.received_at, requests.status, requests.attempt,
            requests.delivery
        from requests join endpoints on endpoints.id = requests.endpoint_id
        where requests.endpoint_id = ?1 and requests.seq = ?2 and ",
        is_kept!()
    ))
    .bind(id.0)
    .bind(seq)
    .fetch_optional(snapshot)
    .await
}

fn attempt(row: &SqliteRow) -> Attempt {
    Attempt {
        seq: row.get("seq"),
        attempt: row.get::<Option<u32>, _>("attempt").unwrap_or(1),
        received_at: Timestamp::from_micros(row.get("received_at")),
        status: row.get("status"),
    }
}
