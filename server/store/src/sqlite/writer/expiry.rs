//! Expiry of unused endpoints.

use hookglass_wire::{GoneReason, Timestamp};

use super::{
    super::{
        super::{ChangeKind, EndpointId, StoredEndpoint},
        reader,
    },
    Batch, Writer,
    commands::CommandResult,
};

/// How far an expiry moves before it is written again, unless the endpoint's lifetime is short.
const WRITTEN_EVERY_US: i64 = 60 * 60 * 1_000_000;

/// Returns when an endpoint expires if it is not used again; `None` for never.
pub(super) fn end(endpoint: &StoredEndpoint, server_ttl_us: i64, used_at: i64) -> Option<i64> {
    let ttl_us = ttl(endpoint, server_ttl_us);
    (ttl_us > 0).then(|| used_at.saturating_add(ttl_us))
}

fn ttl(endpoint: &StoredEndpoint, server_ttl_us: i64) -> i64 {
    endpoint.expires_in.map_or(server_ttl_us, |seconds| i64::from(seconds) * 1_000_000)
}

/// Returns the later of two expiries: neither a clock that stepped back nor a shorter lifetime
/// brings an expiry forward.
pub(super) fn extend_expiry(written: Option<i64>, end: Option<i64>) -> Option<i64> {
    Some(end?.max(written.unwrap_or(i64::MIN)))
}

/// Whether the expiry has moved far enough to be written: an hour, or a sixteenth of a short
/// lifetime. Until then only memory has it, and a crash brings it forward by no more than that.
pub(super) fn is_worth_writing(written: Option<i64>, end: Option<i64>, now: i64) -> bool {
    match (written, end) {
        (Some(written), Some(end)) => {
            (end - written).abs() >= WRITTEN_EVERY_US.min(end.saturating_sub(now) / 16)
        }
        (None, None) => false,
        _ => true,
    }
}

impl Writer {
    /// Gives an expiry to endpoints that were created without one, and deletes what a probe left.
    pub(super) async fn settle(&mut self) -> Result<(), sqlx::Error> {
        let connection = self.connection.get()?;
        sqlx::query("delete from body_pieces where id < 0").execute(&mut *connection).await?;
        if self.ttl_us > 0 {
            sqlx::query(
                "update endpoints
                set expires_at = ?1
                where gone_at is null and expires_at is null and expires_in is null",
            )
            .bind(self.clock.time().latest_us.saturating_add(self.ttl_us))
            .execute(connection)
            .await?;
        }
        Ok(())
    }

    /// Ends those of these endpoints that are still unused; returns their number.
    pub(in super::super) async fn expire(
        &mut self,
        ids: Vec<EndpointId>,
        now: i64,
        batch: &mut Batch,
    ) -> CommandResult<u64> {
        let mut ended = 0;
        for id in ids {
            let ttl_us = self.ttl_us;
            let book = self.cache.load(self.connection.get()?, id).await?;
            if book.endpoint.gone.is_some() || book.endpoint.expires_at.is_none_or(|at| at > now) {
                continue;
            }
            // It may have been used since its expiry was written, or have other settings now.
            let end_now =
                extend_expiry(book.endpoint.expires_at, end(&book.endpoint, ttl_us, book.used_at));
            if end_now.is_none_or(|end| end > now) {
                book.endpoint.expires_at = end_now;
                self.cache.change(id)?;
                batch.extend_expiry.push(id);
                continue;
            }
            let requests = book.endpoint.requests;
            self.end_endpoint(id, GoneReason::Expired, batch).await?;
            batch.dropped.push(("endpoint-ttl", requests));
            ended += 1;
        }
        Ok(Ok(ended))
    }

    /// Ends an endpoint. Its rows are deleted later, step by step.
    pub(super) async fn end_endpoint(
        &mut self,
        id: EndpointId,
        reason: GoneReason,
        batch: &mut Batch,
    ) -> Result<(), sqlx::Error> {
        self.unpin_all(id).await?;
        self.forget_secrets(id).await?;
        self.forget_answers(id).await?;
        let book = self.cache.change(id)?;
        self.purge.add(id, book.endpoint.requests);
        book.floor = book.endpoint.last_seq;
        book.endpoint.requests = 0;
        book.endpoint.dropped_through = 0;
        book.endpoint.gone = Some(reason);
        book.endpoint.name = None;
        let endpoint = book.endpoint.clone();
        sqlx::query(
            "update endpoints set gone_at = ?2, gone_reason = ?3, name = null where id = ?1",
        )
        .bind(id.0)
        .bind(Timestamp::now().as_micros())
        .bind(reader::gone_reason_text(reason))
        .execute(self.connection.write().await?)
        .await?;
        self.log(&endpoint, ChangeKind::Gone(reason), batch).await?;
        self.active = self.active.map(|active| active - 1);
        batch.stale.push(endpoint.slug);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = WRITTEN_EVERY_US;

    #[test]
    fn an_end_is_written_at_most_hourly_unless_the_time_is_short() {
        let week = 7 * 24 * HOUR;
        assert!(!is_worth_writing(Some(week), Some(week + HOUR - 1), HOUR - 1));
        assert!(is_worth_writing(Some(week), Some(week + HOUR), HOUR));
        let minute = HOUR / 60;
        assert!(!is_worth_writing(Some(minute), Some(minute + minute / 17), minute / 17));
        assert!(is_worth_writing(Some(minute), Some(minute + minute / 15), minute / 15));
        assert!(is_worth_writing(None, Some(week), 0));
        assert!(is_worth_writing(Some(week), None, 0));
        assert!(!is_worth_writing(None, None, 0));
    }

    #[test]
    fn an_end_only_moves_forward() {
        assert_eq!(extend_expiry(Some(5), Some(6)), Some(6));
        assert_eq!(extend_expiry(Some(5), Some(4)), Some(5));
        assert_eq!(extend_expiry(None, Some(4)), Some(4), "an expiry was set");
        assert_eq!(extend_expiry(Some(5), None), None, "the expiry was removed");
    }
}
