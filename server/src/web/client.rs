//! Who the client is when proxies stand in front.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use hyper::{HeaderMap, header::HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Finds the client's address, believing only the proxies that the operator trusts. A cheap-clone
/// handle.
#[derive(Debug, Clone)]
pub(crate) struct ClientAddress {
    trusted: Arc<[IpNet]>,
}

impl ClientAddress {
    pub(crate) fn new(trusted: &[IpNet]) -> Self {
        Self { trusted: trusted.into() }
    }

    /// The right-most address that is no trusted proxy's: first the peer, then
    /// `X-Forwarded-For` from its end.
    pub(crate) fn of(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.ip().to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let fields: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for entry in fields.into_iter().rev() {
            let Some(address) = address(entry.trim()) else { return client };
            client = address;
            if !self.trusts(client) {
                return client;
            }
        }
        client
    }

    /// Whether the client uses https, if the peer is a trusted proxy and says so.
    pub(crate) fn https(&self, peer: SocketAddr, headers: &HeaderMap) -> Option<bool> {
        if !self.trusts(peer.ip().to_canonical()) {
            return None;
        }
        let said = headers.get_all(FORWARDED_PROTO).iter().next_back()?.to_str().ok()?;
        let nearest = said.rsplit(',').next().unwrap_or(said).trim();
        Some(nearest.eq_ignore_ascii_case("https"))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it: with or without port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let headers = forwarded
            .iter()
            .map(|value| (FORWARDED_FOR, value.parse().unwrap()))
            .collect::<HeaderMap>();
        ClientAddress::new(&trusted).of(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_the_client_whatever_it_says() {
        assert_eq!(client("198.51.100.7:9", &["203.0.113.5"]), "198.51.100.7");
    }

    #[test]
    fn the_right_most_untrusted_entry_is_the_client() {
        assert_eq!(client("10.0.0.1:9", &["1.1.1.1, 203.0.113.5, 10.0.0.2"]), "203.0.113.5");
        assert_eq!(client("10.0.0.1:9", &["1.1.1.1", "203.0.113.5:4711"]), "203.0.113.5");
        assert_eq!(client("[fd00::1]:9", &["[2001:db8::5]:80"]), "2001:db8::5");
        assert_eq!(client("[::ffff:10.0.0.1]:9", &["2001:db8::5"]), "2001:db8::5");
    }

    #[test]
    fn what_is_no_address_ends_the_chain() {
        assert_eq!(client("10.0.0.1:9", &["203.0.113.5, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1:9", &[]), "10.0.0.1");
    }
}
