//! The endpoints of a workspace as the home page holds them, and how each feed event changes them:
//! pure.

use crate::wire::{Endpoint, Endpoints, FeedEvent};

/// Endpoints, newest first, with their counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    endpoints: Vec<Endpoint>,
}

impl Listing {
    /// Returns the state after a list is loaded.
    pub(crate) fn new(list: Endpoints) -> Self {
        Self { endpoints: list.endpoints }
    }

    /// Newest first.
    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Returns the endpoint with that id.
    pub(crate) fn find(&self, id: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }

    /// Applies one event. Returns true if the event lacks information that the list needs
    /// (deletions carry no counts), so that the list must be read again.
    pub(crate) fn apply(&mut self, event: &FeedEvent) -> bool {
        match event {
            FeedEvent::Captured(summary) => {
                let Some(endpoint) = self.find_mut(&summary.endpoint) else { return true };
                // Events may be repeated: only a number above all others is new.
                if summary.seq > endpoint.last_seq {
                    endpoint.last_seq = summary.seq;
                    endpoint.requests += 1;
                }
                false
            }
            FeedEvent::Endpoint(changed) => {
                match self.find_mut(&changed.id) {
                    Some(endpoint) => *endpoint = changed.clone(),
                    None => {
                        let newer = |known: &Endpoint| known.created_at > changed.created_at;
                        let at = self.endpoints.partition_point(newer);
                        self.endpoints.insert(at, changed.clone());
                    }
                }
                false
            }
            FeedEvent::Gone { endpoint, .. } => {
                self.endpoints.retain(|known| known.id != *endpoint);
                false
            }
            FeedEvent::Deleted { .. }
            | FeedEvent::Dropped { .. }
            | FeedEvent::Cleared { .. }
            | FeedEvent::Gap { .. } => true,
            FeedEvent::Updated(_) | FeedEvent::Alive { .. } => false,
        }
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{GoneReason, OnLimit, Summary, Timestamp};

    fn endpoint(id: &str, created_at: i64) -> Endpoint {
        Endpoint {
            id: id.to_owned(),
            url: format!("http://localhost/{id}"),
            inspect_url: format!("http://localhost/inspect/{id}"),
            name: None,
            created_at: Timestamp::from_micros(created_at),
            expires_at: None,
            requests: 0,
            last_seq: 0,
            max_requests: 10_000,
            on_limit: OnLimit::DropOldest,
            dropped_through: 0,
            answers: None,
            key: None,
        }
    }

    fn captured(endpoint: &str, seq: i64) -> FeedEvent {
        FeedEvent::Captured(Summary {
            endpoint: endpoint.to_owned(),
            seq,
            received_at: Timestamp::from_micros(0),
            method: "POST".to_owned(),
            target: "/".into(),
            remote_addr: "127.0.0.1".to_owned(),
            content_type: None,
            body_bytes: 0,
            complete: true,
            refused: None,
            label: None,
            ..Summary::default()
        })
    }

    fn listing(endpoints: Vec<Endpoint>) -> Listing {
        Listing::new(Endpoints { endpoints, change: 0 })
    }

    #[test]
    fn an_arrival_counts_once_even_if_it_is_heard_twice() {
        let mut listing = listing(vec![endpoint("orders", 1)]);
        for seq in [1, 2, 2, 1] {
            assert!(!listing.apply(&captured("orders", seq)));
        }
        assert_eq!(listing.find("orders").map(|known| known.requests), Some(2));
    }

    #[test]
    fn an_arrival_at_an_unknown_endpoint_asks_for_the_list() {
        let mut listing = listing(vec![endpoint("orders", 1)]);
        assert!(listing.apply(&captured("billing", 1)));
    }

    #[test]
    fn a_new_endpoint_comes_first_and_a_changed_one_keeps_its_place() {
        let mut listing = listing(vec![endpoint("orders", 2), endpoint("billing", 1)]);
        listing.apply(&FeedEvent::Endpoint(endpoint("github", 3)));
        let renamed = Endpoint { name: Some("Billing".to_owned()), ..endpoint("billing", 1) };
        listing.apply(&FeedEvent::Endpoint(renamed));
        let ids: Vec<_> = listing.endpoints().iter().map(|known| known.id.as_str()).collect();
        assert_eq!(ids, ["github", "orders", "billing"]);
        assert_eq!(
            listing.find("billing").and_then(|known| known.name.as_deref()),
            Some("Billing")
        );
    }

    #[test]
    fn a_gone_endpoint_leaves_the_list() {
        let mut listing = listing(vec![endpoint("orders", 2), endpoint("billing", 1)]);
        let gone = FeedEvent::Gone { endpoint: "orders".to_owned(), reason: GoneReason::Deleted };
        assert!(!listing.apply(&gone));
        assert!(!listing.apply(&gone));
        assert_eq!(listing.endpoints().len(), 1);
    }

    #[test]
    fn a_deletion_asks_for_the_counts() {
        let mut listing = listing(vec![endpoint("orders", 1)]);
        let deleted = FeedEvent::Deleted { endpoint: "orders".to_owned(), seqs: vec![1] };
        assert!(listing.apply(&deleted));
    }
}
