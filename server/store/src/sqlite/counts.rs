//! Counts of requests by time. The database counts, on the index of request numbers: faster than
//! reading a row for each.

use hookglass_wire::Counts;

use super::{
    super::{
        EndpointId, StoreError, TimeRange,
        counting::{add, edges, empty},
    },
    reader::{self, Readers, is_kept},
};

impl Readers {
    pub(super) async fn counts(
        &self,
        id: EndpointId,
        span: TimeRange,
    ) -> Result<Counts, StoreError> {
        let mut snapshot = self.pool.begin().await?;
        let row = reader::row_by_id(&mut snapshot, id, self.max_requests).await?;
        let change = reader::change(&mut snapshot, row.endpoint.workspace).await?;
        // By number, because clocks may step: requests outside the range count at its edges.
        let oldest: Option<i64> = sqlx::query_scalar(
            "select min(received_at) from (
                select received_at
                from (
                    select requests.received_at
                    from requests join endpoints on endpoints.id = requests.endpoint_id
                    where requests.endpoint_id = ?1 and requests.seq > endpoints.floor
                    order by requests.seq
                    limit 1
                )
                union all
                select received_at from requests indexed by requests_by_pin
                where endpoint_id = ?1 and pinned = 1
            )",
        )
        .bind(id.0)
        .fetch_one(&mut *snapshot)
        .await?;
        let (from, to) = edges(&span, oldest);
        let found: Vec<(i64, Option<String>, bool, i64)> = sqlx::query_as(concat!(
            "select
                max(0, min(?6 - 1, cast((requests.received_at - ?2) * ?6 / (?3 - ?2) as integer))),
                case when requests.method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')
                    then requests.method
                end,
                requests.refused is not null,
                count(*)
            from requests join endpoints on endpoints.id = requests.endpoint_id
            where requests.endpoint_id = ?1
                and requests.received_at >= ?4 and requests.received_at < ?5 and ",
            is_kept!(),
            " group by 1, 2, 3
            order by 1, 2, 3"
        ))
        .bind(id.0)
        .bind(from)
        .bind(to)
        .bind(if span.from.is_some() { from } else { i64::MIN })
        .bind(if span.to.is_some() { to } else { i64::MAX })
        .bind(i64::from(span.buckets))
        .fetch_all(&mut *snapshot)
        .await?;
        let mut counts = empty(&span, from, to, change);
        for (bucket, method, refused, count) in found {
            let bucket = u32::try_from(bucket).unwrap_or_default();
            let count = u64::try_from(count).unwrap_or_default();
            add(&mut counts, bucket, method.as_deref(), refused, count);
        }
        Ok(counts)
    }
}
