//! Limits open connections, in total and per address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use hookglass_limits::address::Address;
use hookglass_metrics::{Metrics, Reason};

/// Counts open connections. A cheap-clone handle.
#[derive(Debug, Clone)]
pub struct ConnectionLimiter {
    inner: Arc<LimiterState>,
}

#[derive(Debug)]
struct LimiterState {
    most: usize,
    /// The limit per address; 0 for no limit.
    most_from_one: usize,
    open: AtomicUsize,
    /// Only addresses with an open connection. Never held across an await.
    by_address: Mutex<HashMap<Address, usize>>,
    metrics: Metrics,
}

/// An open connection; counts until it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    inner: Arc<LimiterState>,
    address: Option<Address>,
}

/// The limit that a connection exceeded: its name and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LimitReached(pub(super) &'static str, pub(super) usize);

impl ConnectionLimiter {
    /// Allows `most` connections, `most_from_one` of them from one address.
    pub fn new(most: usize, most_from_one: usize, metrics: Metrics) -> Self {
        let (open, by_address) = (AtomicUsize::new(0), Mutex::default());
        Self { inner: Arc::new(LimiterState { most, most_from_one, open, by_address, metrics }) }
    }

    /// Admits a connection. `counted` is its address if that stands for one client.
    pub(super) fn acquire(
        &self,
        counted: Option<IpAddr>,
    ) -> Result<ConnectionPermit, LimitReached> {
        let inner = &self.inner;
        let address = counted.map(Address::of).filter(|_| inner.most_from_one > 0);
        if inner.open.fetch_add(1, Ordering::AcqRel) >= inner.most {
            inner.open.fetch_sub(1, Ordering::AcqRel);
            return Err(self.closed("max-connections", inner.most));
        }
        if let Some(address) = address {
            let mut by_address = inner.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let open = by_address.entry(address).or_default();
            if *open >= inner.most_from_one {
                inner.open.fetch_sub(1, Ordering::AcqRel);
                return Err(self.closed("max-connections-per-address", inner.most_from_one));
            }
            *open += 1;
        }
        inner.metrics.connections.inc();
        Ok(ConnectionPermit { inner: inner.clone(), address })
    }

    fn closed(&self, limit: &'static str, value: usize) -> LimitReached {
        self.inner.metrics.refused.get_or_create(&Reason { reason: limit }).inc();
        LimitReached(limit, value)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.inner.metrics.connections.dec();
        self.inner.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(address) = self.address {
            let mut by_address =
                self.inner.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(open) = by_address.get_mut(&address) {
                *open -= 1;
                if *open == 0 {
                    by_address.remove(&address);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_in_all_and_by_address() {
        let doors = ConnectionLimiter::new(3, 1, Metrics::default());
        let one = Some("192.0.2.1".parse().unwrap());
        let first = doors.acquire(one).unwrap();
        assert_eq!(doors.acquire(one).unwrap_err(), LimitReached("max-connections-per-address", 1));
        let _proxied = [doors.acquire(None).unwrap(), doors.acquire(None).unwrap()];
        let other = Some("192.0.2.2".parse().unwrap());
        assert_eq!(doors.acquire(other).unwrap_err(), LimitReached("max-connections", 3));
        drop(first);
        assert!(doors.inner.by_address.lock().unwrap().is_empty());
        assert!(doors.acquire(one).is_ok());
    }

    #[test]
    fn each_connection_of_an_address_counts_until_it_ends() {
        let doors = ConnectionLimiter::new(10, 2, Metrics::default());
        let network = |host: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]));
        let first = doors.acquire(network(1)).unwrap();
        let _second = doors.acquire(network(2)).unwrap();
        let closed = LimitReached("max-connections-per-address", 2);
        assert_eq!(doors.acquire(network(3)).unwrap_err(), closed);
        drop(first);
        let _third = doors.acquire(network(3)).unwrap();
        assert_eq!(doors.acquire(network(4)).unwrap_err(), closed, "one ended, one was admitted");
        assert_eq!(doors.inner.open.load(Ordering::Acquire), 2);
        assert_eq!(doors.inner.metrics.connections.get(), 2);
    }

    #[test]
    fn zero_is_no_limit_for_an_address() {
        let doors = ConnectionLimiter::new(3, 0, Metrics::default());
        let one = Some("192.0.2.1".parse().unwrap());
        let _open = [(); 3].map(|()| doors.acquire(one).unwrap());
        assert_eq!(doors.acquire(one).unwrap_err(), LimitReached("max-connections", 3));
    }
}
