//! Limits open connections, in total and per address.

use std::net::IpAddr;

use hookglass_limits::{
    address::Address,
    keyed_limit::{KeyedLimit, Permit, Reached},
};
use hookglass_metrics::{Metrics, Reason};

/// Counts open connections. A cheap-clone handle.
#[derive(Debug, Clone)]
pub struct ConnectionLimiter {
    most: usize,
    /// The limit per address; 0 for no limit.
    most_from_one: usize,
    open: KeyedLimit<Address>,
    metrics: Metrics,
}

/// The limit that a connection ran into: its name and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LimitReached(pub(super) &'static str, pub(super) usize);

impl ConnectionLimiter {
    /// Allows `most` connections, `most_from_one` of them from one address.
    pub fn new(most: usize, most_from_one: usize, metrics: Metrics) -> Self {
        let open = KeyedLimit::new(most, most_from_one, metrics.connections.clone());
        Self { most, most_from_one, open, metrics }
    }

    /// Lets a connection in. `counted` is its address where that stands for one client.
    pub(super) fn acquire(&self, counted: Option<IpAddr>) -> Result<Permit<Address>, LimitReached> {
        let address = counted.map(Address::of).filter(|_| self.most_from_one > 0);
        self.open.acquire(address).map_err(|reached| {
            let reached = match reached {
                Reached::All => LimitReached("max-connections", self.most),
                Reached::One => LimitReached("max-connections-per-address", self.most_from_one),
            };
            self.metrics.refused.get_or_create(&Reason { reason: reached.0 }).inc();
            reached
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_in_all_and_by_address() {
        let limiter = ConnectionLimiter::new(3, 1, Metrics::default());
        let one = Some("192.0.2.1".parse().unwrap());
        let first = limiter.acquire(one).unwrap();
        assert_eq!(
            limiter.acquire(one).unwrap_err(),
            LimitReached("max-connections-per-address", 1)
        );
        let _proxied = [limiter.acquire(None).unwrap(), limiter.acquire(None).unwrap()];
        let other = Some("192.0.2.2".parse().unwrap());
        assert_eq!(limiter.acquire(other).unwrap_err(), LimitReached("max-connections", 3));
        drop(first);
        assert!(limiter.acquire(one).is_ok());
    }

    #[test]
    fn each_connection_of_an_address_counts_until_it_ends() {
        let limiter = ConnectionLimiter::new(10, 2, Metrics::default());
        let network = |host: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]));
        let first = limiter.acquire(network(1)).unwrap();
        let _second = limiter.acquire(network(2)).unwrap();
        let closed = LimitReached("max-connections-per-address", 2);
        assert_eq!(limiter.acquire(network(3)).unwrap_err(), closed);
        drop(first);
        let _third = limiter.acquire(network(3)).unwrap();
        assert_eq!(limiter.acquire(network(4)).unwrap_err(), closed, "one ended, one came");
        assert_eq!(limiter.metrics.connections.get(), 2);
    }

    #[test]
    fn zero_is_no_limit_for_an_address() {
        let limiter = ConnectionLimiter::new(3, 0, Metrics::default());
        let one = Some("192.0.2.1".parse().unwrap());
        let _open = [(); 3].map(|()| limiter.acquire(one).unwrap());
        assert_eq!(limiter.acquire(one).unwrap_err(), LimitReached("max-connections", 3));
    }
}
