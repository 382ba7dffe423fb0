//! Live fan-out of committed changes, one channel per workspace. Knows neither the store nor axum.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::broadcast;

use hookglass_store::{Change, WorkspaceId};

/// How many changes a subscriber may fall behind. Beyond that it lags, and reads what it missed
/// from the store; nothing waits for it.
const BUFFERED_CHANGES: usize = 128;

/// Sends each published change to all subscribers of its workspace. Cheap to clone.
#[derive(Clone, Default)]
pub struct Feed {
    /// Only workspaces with subscribers. Never held across an await: sending to a broadcast channel
    /// does not wait.
    channels: Arc<Mutex<FxHashMap<WorkspaceId, broadcast::Sender<Arc<Change>>>>>,
}

/// The next item of a subscription.
#[derive(Debug)]
pub enum Received {
    /// The next change.
    Change(Arc<Change>),
    /// Changes were missed: read them from the store.
    Lagged,
}

/// A subscription to one workspace; dropping it unsubscribes.
pub struct Subscription {
    workspace: WorkspaceId,
    /// `None` only while it is being dropped.
    receiver: Option<broadcast::Receiver<Arc<Change>>>,
    feed: Feed,
}

impl Feed {
    /// Subscribes to all changes of a workspace that are published from now on.
    #[must_use]
    pub fn subscribe(&self, workspace: WorkspaceId) -> Subscription {
        let receiver = self
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(workspace)
            .or_insert_with(|| broadcast::channel(BUFFERED_CHANGES).0)
            .subscribe();
        Subscription { workspace, receiver: Some(receiver), feed: self.clone() }
    }

    /// Publishes a committed batch, in order. Only the store's writer calls this.
    pub fn publish(&self, changes: Vec<Change>) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            if let Some(channel) = channels.get(&change.workspace) {
                // Fails if the last subscriber just left.
                drop(channel.send(Arc::new(change)));
            }
        }
    }
}

impl Subscription {
    /// Waits for the next change. Cancel safe.
    pub async fn next(&mut self) -> Received {
        let Some(receiver) = &mut self.receiver else { return std::future::pending().await };
        match receiver.recv().await {
            Ok(change) => Received::Change(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Received::Lagged,
            // The channel lives as long as a subscription does.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut channels = self.feed.channels.lock().unwrap_or_else(PoisonError::into_inner);
        self.receiver = None;
        if channels.get(&self.workspace).is_some_and(|channel| channel.receiver_count() == 0) {
            channels.remove(&self.workspace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hookglass_store::{ChangeKind, slug::Slug};

    fn change(workspace: i64, number: i64) -> Change {
        Change {
            workspace: WorkspaceId(workspace),
            number,
            endpoint: Slug::random(),
            what: ChangeKind::Cleared(number),
        }
    }

    #[tokio::test]
    async fn a_subscriber_hears_its_own_workspace_in_order() {
        let feed = Feed::default();
        let mut subscription = feed.subscribe(WorkspaceId(1));
        feed.publish(vec![change(1, 1), change(2, 1), change(1, 2)]);
        for expected in [1, 2] {
            let Received::Change(change) = subscription.next().await else { panic!("lagged") };
            assert_eq!((change.workspace, change.number), (WorkspaceId(1), expected));
        }
    }

    #[tokio::test]
    async fn a_slow_subscriber_is_told_that_it_lags_and_then_goes_on() {
        let feed = Feed::default();
        let mut subscription = feed.subscribe(WorkspaceId(1));
        let many = i64::try_from(BUFFERED_CHANGES).unwrap() + 5;
        feed.publish((1..=many).map(|number| change(1, number)).collect());
        assert!(matches!(subscription.next().await, Received::Lagged));
        assert!(matches!(subscription.next().await, Received::Change(change) if change.number > 1));
    }

    #[test]
    fn a_workspace_that_nobody_listens_to_takes_no_memory() {
        let feed = Feed::default();
        let first = feed.subscribe(WorkspaceId(1));
        let second = feed.subscribe(WorkspaceId(1));
        drop(first);
        assert_eq!(feed.channels.lock().unwrap().len(), 1);
        drop(second);
        assert!(feed.channels.lock().unwrap().is_empty());
    }
}
