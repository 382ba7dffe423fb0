//! Limits on delayed responses, in all and per endpoint: each keeps a connection and a task.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::metrics::gauge::Gauge;

use hookglass_store::EndpointId;

/// The most delayed responses of one endpoint. Beyond that, responses are not delayed.
const MOST_OF_ONE: u32 = 100;
/// The most delayed responses of all endpoints.
const MOST: u32 = 1000;

/// Counts delayed responses. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Holds {
    /// Never held across an await: locked for one look-up and two sums.
    held: Arc<Mutex<Held>>,
    gauge: Gauge,
}

#[derive(Debug, Default)]
struct Held {
    all: u32,
    /// Only endpoints with delayed responses.
    by_endpoint: HashMap<EndpointId, u32>,
}

/// The slot of one response; dropping it releases it.
#[derive(Debug)]
pub(super) struct Hold {
    holds: Holds,
    endpoint: EndpointId,
}

impl Holds {
    pub(super) fn new(gauge: Gauge) -> Self {
        Self { held: Arc::default(), gauge }
    }

    /// Takes a slot, if one is free.
    pub(super) fn take(&self, endpoint: EndpointId) -> Option<Hold> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = held.by_endpoint.get(&endpoint).copied().unwrap_or(0);
        if held.all >= MOST || of_one >= MOST_OF_ONE {
            return None;
        }
        held.all += 1;
        held.by_endpoint.insert(endpoint, of_one + 1);
        self.gauge.inc();
        Some(Hold { holds: self.clone(), endpoint })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.holds.gauge.dec();
        let mut held = self.holds.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all -= 1;
        let of_one = held.by_endpoint.get(&self.endpoint).copied().unwrap_or(0);
        if of_one <= 1 {
            held.by_endpoint.remove(&self.endpoint);
        } else {
            held.by_endpoint.insert(self.endpoint, of_one - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_holds_a_hundred_and_all_a_thousand() {
        let holds = Holds::default();
        let held: Vec<Vec<Hold>> = (0..10)
            .map(|endpoint| {
                let endpoint = EndpointId(endpoint);
                let held = (0..100).map(|_| holds.take(endpoint).unwrap()).collect();
                assert!(holds.take(endpoint).is_none(), "one hundred and one");
                held
            })
            .collect();
        assert!(holds.take(EndpointId(10)).is_none(), "one thousand and one");
        assert_eq!(holds.gauge.get(), 1000);
        drop(held);
        assert!(holds.take(EndpointId(10)).is_some());
        assert!(holds.held.lock().unwrap().by_endpoint.is_empty());
        assert_eq!(holds.gauge.get(), 0);
    }
}
