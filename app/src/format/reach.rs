//! Who can reach a URL, judging by its host alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Suffixes that are never in the public DNS (RFC 6762, RFC 8375, RFC 6761, ICANN's `.internal`,
/// and those that routers assign).
const LOCAL_ENDINGS: [&str; 7] =
    [".local", ".home.arpa", ".internal", ".lan", ".home", ".localdomain", ".test"];

/// Where an address can be reached from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only from programs on the same machine.
    ThisMachine,
    /// From machines in the same network.
    LocalNetwork,
    /// From anywhere, as far as the host's name tells.
    Internet,
}

impl Reach {
    /// Returns the reach of the host of `url`; `None` if it has none.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#', '\\']).next()?;
        let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host_and_port.strip_prefix('[') {
            Some(literal) => literal.split_once(']')?.0,
            None => host_and_port.split(':').next()?,
        };
        (!host.is_empty()).then(|| Self::of_host(host))
    }

    /// Returns the reach of a host: a name, an IPv4 address, or an IPv6 address without brackets.
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        let address = host.split('%').next().unwrap_or(host);
        match address.parse() {
            Ok(IpAddr::V4(address)) => Self::of_ipv4(address),
            Ok(IpAddr::V6(address)) => Self::of_ipv6(address),
            Err(_) => Self::of_name(host),
        }
    }

    /// Returns a sentence that tells the reader who can reach it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ThisMachine => {
                "Only programs on this machine can reach this URL: services on the internet cannot."
            }
            Self::LocalNetwork => {
                "Only machines in this network can reach this URL: services on the internet cannot."
            }
            Self::Internet => "Anyone who knows this URL can send to it.",
        }
    }

    fn of_ipv4(address: Ipv4Addr) -> Self {
        // 100.64.0.0/10 is shared address space (RFC 6598), which overlay networks use.
        let shared = address.octets()[0] == 100 && address.octets()[1] & 0b1100_0000 == 64;
        if address.is_loopback() || address.is_unspecified() {
            Self::ThisMachine
        } else if address.is_private() || address.is_link_local() || shared {
            Self::LocalNetwork
        } else {
            Self::Internet
        }
    }

    fn of_ipv6(address: Ipv6Addr) -> Self {
        if let Some(mapped) = address.to_ipv4_mapped() {
            Self::of_ipv4(mapped)
        } else if address.is_loopback() || address.is_unspecified() {
            Self::ThisMachine
        } else if address.is_unique_local() || address.is_unicast_link_local() {
            Self::LocalNetwork
        } else {
            Self::Internet
        }
    }

    fn of_name(name: &str) -> Self {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            Self::ThisMachine
        } else if !name.contains('.') || LOCAL_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            Self::LocalNetwork
        } else {
            Self::Internet
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn loopback_reaches_this_machine_only() {
        for url in [
            "http://127.0.0.1:3000/a",
            "http://127.9.9.9",
            "http://0.0.0.0:3000",
            "http://[::1]:3000/a",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost:3000/a?b@c",
            "http://LOCALHOST./",
            "http://hooks.localhost",
        ] {
            assert_eq!(Reach::of_url(url), Some(Reach::ThisMachine), "{url}");
        }
    }

    #[test]
    fn private_addresses_and_local_names_reach_this_network_only() {
        for url in [
            "http://10.1.2.3",
            "http://172.16.0.1:3000",
            "http://172.31.255.255",
            "http://192.168.1.20:3000/a",
            "http://169.254.1.1",
            "http://100.100.1.1",
            "http://[fd12:3456::1]:3000",
            "http://[fe80::1%25eth0]:3000",
            "http://laptop:3000",
            "http://laptop.local",
            "http://laptop.home.arpa",
        ] {
            assert_eq!(Reach::of_url(url), Some(Reach::LocalNetwork), "{url}");
        }
    }

    #[test]
    fn everything_else_is_taken_for_public() {
        for url in [
            "https://hooks.example.com/a",
            "https://user:pass@hooks.example.com:8443",
            "http://172.32.0.1",
            "http://100.128.0.1",
            "http://[2001:4860::1]",
            "https://local.example.com",
            "https://127.0.0.1.example.com",
        ] {
            assert_eq!(Reach::of_url(url), Some(Reach::Internet), "{url}");
        }
    }

    #[test]
    fn what_has_no_host_has_no_reach() {
        for url in ["", "/inspect/a", "http://", "http://[::1", "http:///a"] {
            assert_eq!(Reach::of_url(url), None, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_url_is_too_strange(url: String, authority: String) {
            let _ = Reach::of_url(&url);
            let _ = Reach::of_url(&format!("http://{authority}"));
        }
    }
}
