//! Rate limits by key: per endpoint and per address.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};

use hookglass_limits::address::Address;
use hookglass_store::EndpointId;

/// The most rows of rejected requests per endpoint and minute; further ones are only counted.
const REFUSED_ROWS_A_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// The operator's rate limits; zero disables one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateLimits {
    /// Requests per second at one endpoint.
    pub(crate) per_endpoint: u32,
    /// Requests per second from one address.
    pub(crate) per_address: u32,
    /// Endpoints that one address creates per hour.
    pub(crate) creations_per_address: u32,
}

/// Counts against the operator's rate limits.
pub(crate) struct Rates {
    limits: RateLimits,
    endpoint: Rate<EndpointId>,
    address: Rate<Address>,
    creation: Rate<Address>,
    refused_rows: Rate<EndpointId>,
}

/// A rate limit per key; none if it is disabled.
struct Rate<K: Clone + Hash + Eq> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
}

/// An exceeded rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    /// The limit's name and value in its own unit.
    pub(crate) limit: &'static str,
    pub(crate) value: u64,
    /// How long until there is room again.
    pub(crate) wait: Duration,
}

impl Exceeded {
    /// Whole seconds after which there is certainly room.
    pub(crate) const fn retry_after(&self) -> u64 {
        self.wait.as_secs() + 1
    }
}

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        let an_hour = |count: u32| {
            let period = Duration::from_secs(3600) / count.max(1);
            Quota::with_period(period).zip(NonZeroU32::new(count)).map(|(q, n)| q.allow_burst(n))
        };
        Self {
            limits,
            endpoint: Rate::new(NonZeroU32::new(limits.per_endpoint).map(Quota::per_second)),
            address: Rate::new(NonZeroU32::new(limits.per_address).map(Quota::per_second)),
            creation: Rate::new(an_hour(limits.creations_per_address)),
            refused_rows: Rate::new(Some(Quota::per_minute(REFUSED_ROWS_A_MINUTE))),
        }
    }

    /// Counts a request to an endpoint; `client` is its address, if it stands for one client.
    pub(crate) fn request(
        &self,
        endpoint: EndpointId,
        client: Option<Address>,
    ) -> Result<(), Exceeded> {
        if let Some(client) = client {
            let value = u64::from(self.limits.per_address);
            self.address.check(&client).map_err(|wait| Exceeded {
                limit: "max-rate-per-address",
                value,
                wait,
            })?;
        }
        let value = u64::from(self.limits.per_endpoint);
        self.endpoint.check(&endpoint).map_err(|wait| Exceeded {
            limit: "max-rate-per-endpoint",
            value,
            wait,
        })
    }

    /// Counts the creation of an endpoint.
    pub(crate) fn creation(&self, client: Address) -> Result<(), Exceeded> {
        let value = u64::from(self.limits.creations_per_address);
        self.creation.check(&client).map_err(|wait| Exceeded {
            limit: "max-creations-per-address",
            value,
            wait,
        })
    }

    /// Whether one more rejected request may become a row of the endpoint.
    pub(crate) fn refused_row(&self, endpoint: EndpointId) -> bool {
        self.refused_rows.check(&endpoint).is_ok()
    }

    /// Drops keys whose quota is full again. Call periodically.
    pub(crate) fn forget_idle(&self) {
        self.endpoint.forget_idle();
        self.address.forget_idle();
        self.creation.forget_idle();
        self.refused_rows.forget_idle();
    }
}

impl<K: Clone + Hash + Eq> Rate<K> {
    fn new(quota: Option<Quota>) -> Self {
        Self { limiter: quota.map(RateLimiter::keyed) }
    }

    fn check(&self, key: &K) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    fn forget_idle(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: RateLimits =
        RateLimits { per_endpoint: 1_000, per_address: 100_000, creations_per_address: 100 };

    #[test]
    fn a_rate_holds_for_each_key_alone_and_zero_turns_it_off() {
        let rates = Rates::new(RateLimits { per_endpoint: 2, per_address: 0, ..LIMITS });
        let client = Some(Address::of("192.0.2.1".parse().unwrap()));
        let (one, other) = (EndpointId(1), EndpointId(2));
        assert_eq!(rates.request(one, client), Ok(()));
        assert_eq!(rates.request(one, client), Ok(()));
        let exceeded = rates.request(one, client).unwrap_err();
        assert_eq!((exceeded.limit, exceeded.value), ("max-rate-per-endpoint", 2));
        assert!(exceeded.wait > Duration::ZERO && exceeded.wait < Duration::from_secs(1));
        assert_eq!(rates.request(other, client), Ok(()));
    }

    #[test]
    fn an_address_makes_so_many_endpoints_in_an_hour() {
        let rates = Rates::new(RateLimits { creations_per_address: 3, ..LIMITS });
        let of = |text: &str| Address::of(text.parse().unwrap());
        for host in ["2001:db8::1", "2001:db8::2", "2001:db8::3"] {
            assert_eq!(rates.creation(of(host)), Ok(()));
        }
        let exceeded = rates.creation(of("2001:db8::4")).unwrap_err();
        assert_eq!((exceeded.limit, exceeded.value), ("max-creations-per-address", 3));
        // A third of an hour.
        assert!((1100..=1201).contains(&exceeded.retry_after()), "{}", exceeded.retry_after());
        assert_eq!(rates.creation(of("2001:db8:0:1::1")), Ok(()));

        let rates = Rates::new(RateLimits { creations_per_address: 0, ..LIMITS });
        assert!((0..1000).all(|_| rates.creation(of("2001:db8::1")).is_ok()));
    }

    #[test]
    fn only_keys_that_are_as_good_as_new_are_forgotten() {
        let rates = Rates::new(RateLimits { creations_per_address: 1, ..LIMITS });
        let client = Address::of("192.0.2.1".parse().unwrap());
        rates.creation(client).unwrap();
        rates.request(EndpointId(1), Some(client)).unwrap();
        let known = |rates: &Rates| {
            let lengths = (rates.endpoint.limiter.as_ref(), rates.address.limiter.as_ref());
            lengths.0.unwrap().len() + lengths.1.unwrap().len()
        };
        assert_eq!(known(&rates), 2);
        let started = std::time::Instant::now();
        // Quotas of 100,000 and of 1,000 a second are soon full again.
        while known(&rates) > 0 {
            rates.forget_idle();
            assert!(started.elapsed() < Duration::from_secs(20), "they are never forgotten");
        }
        assert!(rates.creation(client).is_err(), "an hour has not passed");
    }

    #[test]
    fn ten_refused_requests_become_rows() {
        let rates = Rates::new(LIMITS);
        let rows = (0..30).filter(|_| rates.refused_row(EndpointId(1))).count();
        assert_eq!(rows, 10);
    }
}
