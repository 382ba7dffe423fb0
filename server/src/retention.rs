//! Periodic maintenance: deletes expired endpoints, and returns unused space of the file. Eviction
//! to make room for requests is part of the store's transactions.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use hookglass_store::{Store, StoreError};

/// The interval of maintenance.
const EVERY: Duration = Duration::from_secs(1);
/// The pause between two steps, so that senders never wait behind many of them in the queue.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs until shutdown.
pub(crate) async fn keep(store: Arc<dyn Store>, shutdown: CancellationToken) {
    let work = async {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Err(error) = look_after(&*store).await {
                match error {
                    // Expected, or already logged.
                    StoreError::Aborted | StoreError::Busy | StoreError::Closed => {}
                    other => tracing::warn!(
                        error = &other as &dyn std::error::Error,
                        "store maintenance failed"
                    ),
                }
            }
        }
    };
    shutdown.run_until_cancelled(work).await;
}

async fn look_after(store: &dyn Store) -> Result<(), StoreError> {
    while store.expire().await? > 0 {
        sleep(PAUSE).await;
    }
    while store.shrink().await? {
        sleep(PAUSE).await;
    }
    Ok(())
}
