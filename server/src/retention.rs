//! Looks after what ends by itself: endpoints that nobody uses any more, and space in the file
//! that nothing needs. What goes to make room for requests is the store's own business, in the
//! transactions that need the room.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use hookglass_store::{Store, StoreError};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// Between two steps, so that what senders wait for is never far back in the queue.
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
                    // Known, and logged where it happened.
                    StoreError::Aborted | StoreError::Busy | StoreError::Closed => {}
                    other => tracing::warn!(
                        error = &other as &dyn std::error::Error,
                        "cannot look after the store"
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
