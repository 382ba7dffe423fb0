//! The client's address behind proxies.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hookglass_limits::address::{Address, is_private};
use hyper::{
    HeaderMap,
    header::{FORWARDED, HeaderName},
};
use ipnet::IpNet;

use crate::forwarded::{forwarded, x_forwarded_for};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Parses the addresses of a header.
type ForwardedReader = fn(&str) -> Vec<Option<IpAddr>>;

/// Finds the client's address; believes only the proxies that the operator trusts. A cheap-clone
/// handle.
#[derive(Debug, Clone)]
pub struct ClientAddress {
    trusted: Arc<[IpNet]>,
    /// Whether an undeclared proxy was seen and logged.
    told: Arc<AtomicBool>,
}

impl ClientAddress {
    /// Trusts the forwarding headers of proxies with these addresses.
    pub fn new(trusted: &[IpNet]) -> Self {
        Self { trusted: trusted.into(), told: Arc::default() }
    }

    /// Returns the right-most address that is not a trusted proxy's: first the peer, then
    /// `X-Forwarded-For` from its end, or `Forwarded` if that is absent.
    pub fn of(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.ip().to_canonical();
        if !self.trusts(client) {
            self.tell_of_undeclared_proxy(client, headers);
            return client;
        }
        let (name, read): (_, ForwardedReader) = if headers.contains_key(FORWARDED_FOR) {
            (FORWARDED_FOR, x_forwarded_for)
        } else {
            (FORWARDED, forwarded)
        };
        let fields: Vec<Option<IpAddr>> = headers
            .get_all(name)
            .iter()
            // Bytes that are not text, which a proxy's client can send, spoil only their own entry.
            .flat_map(|value| read(&String::from_utf8_lossy(value.as_bytes())))
            .collect();
        for entry in fields.into_iter().rev() {
            let Some(address) = entry else { return client };
            client = address;
            if !self.trusts(client) {
                return client;
            }
        }
        client
    }

    /// Returns the client's address if it stands for one client. A trusted proxy's does not, since
    /// its clients cannot be told apart, nor does a private one, which may be an undeclared proxy.
    pub fn counted(&self, peer: SocketAddr, headers: &HeaderMap) -> Option<Address> {
        let client = self.of(peer, headers);
        let peer = peer.ip().to_canonical();
        let through_proxy = self.trusts(peer) && client != peer;
        (through_proxy || self.is_counted(client)).then(|| Address::of(client))
    }

    /// Whether connections from this peer count towards the limits by address.
    pub fn is_counted(&self, peer: IpAddr) -> bool {
        !is_private(peer) && !self.trusts(peer)
    }

    /// Whether the client uses https, if the peer is a trusted proxy and says so.
    pub fn https(&self, peer: SocketAddr, headers: &HeaderMap) -> Option<bool> {
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

    /// Logs once which flag is missing if a private peer forwards for a client.
    fn tell_of_undeclared_proxy(&self, peer: IpAddr, headers: &HeaderMap) {
        let forwards = headers.contains_key(FORWARDED_FOR) || headers.contains_key(FORWARDED);
        if forwards && is_private(peer) && !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "the server seems to be behind a proxy; it takes all clients for that proxy until \
                 started with --trusted-proxy {peer}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn clients() -> ClientAddress {
        ClientAddress::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    }

    fn fields(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    fn client(peer: &str, forwarded: &[&str]) -> String {
        clients().of(peer.parse().unwrap(), &fields(&FORWARDED_FOR, forwarded)).to_string()
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

    #[test]
    fn what_a_client_made_up_does_not_hide_what_its_proxy_added() {
        let hidden = |name: &HeaderName, value: &[u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            let headers = HeaderMap::from_iter([(name.clone(), value)]);
            clients().of("10.0.0.1:9".parse().unwrap(), &headers).to_string()
        };
        assert_eq!(hidden(&FORWARDED_FOR, b"\xe9, 203.0.113.5"), "203.0.113.5");
        assert_eq!(hidden(&FORWARDED, b"for=\", for=203.0.113.5"), "203.0.113.5");
        assert_eq!(hidden(&FORWARDED, b"\xff=\"\\, for=\"[2001:db8::5]\""), "2001:db8::5");
    }

    #[test]
    fn forwarded_counts_where_x_forwarded_for_is_absent() {
        let peer = "10.0.0.1:9".parse().unwrap();
        let sent = "for=1.1.1.1, for=\"[2001:db8::5]:80\";proto=https, for=10.0.0.2";
        let mut headers = fields(&FORWARDED, &[sent]);
        assert_eq!(clients().of(peer, &headers).to_string(), "2001:db8::5");
        headers.insert(FORWARDED_FOR, "203.0.113.5".parse().unwrap());
        assert_eq!(clients().of(peer, &headers).to_string(), "203.0.113.5");
    }

    #[test]
    fn proxies_and_private_peers_do_not_count_as_one_client() {
        let counted = |peer: &str, forwarded: &[&str]| {
            clients().counted(peer.parse().unwrap(), &fields(&FORWARDED_FOR, forwarded)).is_some()
        };
        assert!(counted("198.51.100.7:9", &[]));
        assert!(counted("10.0.0.1:9", &["203.0.113.5"]));
        assert!(!counted("10.0.0.1:9", &[]));
        assert!(!counted("127.0.0.1:9", &["203.0.113.5"]));
        assert!(clients().is_counted("198.51.100.7".parse().unwrap()));
        assert!(!clients().is_counted("10.0.0.1".parse().unwrap()));
    }
}
