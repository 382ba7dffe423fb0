//! The metrics for operators: counters, gauges and histograms, registered once per server.
//! Independent of the code that counts; no label names an endpoint.

use std::{ops::Deref, sync::Arc};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// Why a request was refused: the name of the limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Reason {
    /// For example `max-body`.
    pub reason: &'static str,
}

/// All metrics. A cheap-clone handle.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<MetricSet>);

impl Deref for Metrics {
    type Target = MetricSet;

    fn deref(&self) -> &MetricSet {
        &self.0
    }
}

/// The metrics behind a [`Metrics`].
#[derive(Debug)]
pub struct MetricSet {
    /// Committed requests.
    pub captured: Counter,
    /// Refused connections, and refused requests to known endpoints.
    pub refused: Family<Reason, Counter>,
    /// Committed bytes of heads, bodies and trailers.
    pub captured_bytes: Counter,
    /// The duration of a transaction, with its fsync.
    pub commit_seconds: Histogram,
    /// The number of changes in a transaction.
    pub batch_changes: Histogram,
    /// Failed transactions.
    pub failed_commits: Counter,
    /// Changes that wait for the writer.
    pub queued_changes: Gauge,
    /// Open feeds.
    pub open_feeds: Gauge,
    /// How often a feed fell behind and read the missed changes from the store.
    pub lag_refills: Counter,
    /// Open connections.
    pub connections: Gauge,
    /// Responses that are held back: delayed, stalled or slow.
    pub held_answers: Gauge,
    /// Bytes of requests that are being received.
    pub in_flight_bytes: Gauge,
    /// Bytes of bodies that are stored ahead of their requests.
    pub upload_bytes: Gauge,
    /// Bytes of responses that are not yet written.
    pub response_bytes: Gauge,
    /// The size of the write-ahead log.
    pub wal_bytes: Gauge,
    /// The size of the database file, without its free pages.
    pub database_bytes: Gauge,
    /// Requests that retention evicted.
    pub dropped: Family<Reason, Counter>,
    registry: Registry,
}

impl Default for MetricSet {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("hookglass");
        let captured = Counter::default();
        registry.register("captured_requests", "Requests committed", captured.clone());
        let refused = Family::<Reason, Counter>::default();
        registry.register("refused_requests", "Requests refused, by limit", refused.clone());
        let captured_bytes = Counter::default();
        registry.register_with_unit(
            "captured",
            "Heads, bodies and trailers committed",
            Unit::Bytes,
            captured_bytes.clone(),
        );
        // 0.1 ms to 3.3 s.
        let commit_seconds = Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        registry.register_with_unit(
            "commit",
            "Time of a transaction with its fsync",
            Unit::Seconds,
            commit_seconds.clone(),
        );
        let batch_changes = Histogram::new(exponential_buckets(1.0, 2.0, 11));
        registry.register("batch_changes", "Changes in a transaction", batch_changes.clone());
        let failed_commits = Counter::default();
        registry.register("failed_commits", "Transactions that failed", failed_commits.clone());
        let queued_changes = Gauge::default();
        registry.register("queued_changes", "Changes that wait", queued_changes.clone());
        let open_feeds = Gauge::default();
        registry.register("open_feeds", "Feeds that are open", open_feeds.clone());
        let lag_refills = Counter::default();
        registry.register("lag_refills", "Feeds that fell behind", lag_refills.clone());
        let connections = Gauge::default();
        registry.register("connections", "Open connections", connections.clone());
        let held_answers = Gauge::default();
        registry.register("held_answers", "Answers that are held back", held_answers.clone());
        let in_flight_bytes = Gauge::default();
        registry.register_with_unit(
            "in_flight",
            "Requests that are being received",
            Unit::Bytes,
            in_flight_bytes.clone(),
        );
        let upload_bytes = Gauge::default();
        registry.register_with_unit(
            "upload",
            "Bodies stored ahead of their requests",
            Unit::Bytes,
            upload_bytes.clone(),
        );
        let response_bytes = Gauge::default();
        registry.register_with_unit(
            "response",
            "Responses that are not written yet",
            Unit::Bytes,
            response_bytes.clone(),
        );
        let wal_bytes = Gauge::default();
        registry.register_with_unit("wal", "The write-ahead log", Unit::Bytes, wal_bytes.clone());
        let database_bytes = Gauge::default();
        registry.register_with_unit(
            "database",
            "The database without its free pages",
            Unit::Bytes,
            database_bytes.clone(),
        );
        let dropped = Family::<Reason, Counter>::default();
        registry.register("dropped_requests", "Dropped by retention", dropped.clone());
        Self {
            captured,
            refused,
            captured_bytes,
            commit_seconds,
            batch_changes,
            failed_commits,
            queued_changes,
            open_feeds,
            lag_refills,
            connections,
            held_answers,
            in_flight_bytes,
            upload_bytes,
            response_bytes,
            wal_bytes,
            database_bytes,
            dropped,
            registry,
        }
    }
}

impl MetricSet {
    /// Encodes all metrics in the `OpenMetrics` text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_in_the_text() {
        let metrics = Metrics::default();
        metrics.captured.inc();
        metrics.refused.get_or_create(&Reason { reason: "max-body" }).inc_by(3);
        metrics.commit_seconds.observe(0.001);
        let text = metrics.text();
        assert!(text.contains("hookglass_captured_requests_total 1\n"), "{text}");
        assert!(
            text.contains("hookglass_refused_requests_total{reason=\"max-body\"} 3\n"),
            "{text}"
        );
        assert!(text.contains("hookglass_commit_seconds_count 1\n"), "{text}");
    }
}
