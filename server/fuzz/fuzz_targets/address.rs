//! Arbitrary `Forwarded` and `X-Forwarded-For` headers, checked against simple parsers. A peer that
//! is not a trusted proxy has no influence on the client's address.
#![no_main]

use std::net::{IpAddr, SocketAddr};

use hookglass_limits::address::Address;
use hookglass_listener::{
    client_address::ClientAddress,
    forwarded::{forwarded, x_forwarded_for},
};
use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (name, read): (_, fn(&str) -> Vec<Option<IpAddr>>) = match input.first() {
        Some(byte) if byte % 2 == 0 => ("forwarded", forwarded),
        Some(_) => ("x-forwarded-for", x_forwarded_for),
        None => return,
    };
    let values: Vec<&[u8]> = input[1..].split(|&byte| byte == b'\n').collect();
    let mut entries = Vec::new();
    for value in &values {
        if let Ok(text) = std::str::from_utf8(value) {
            let addresses = read(text);
            assert!(addresses.iter().flatten().all(|ip| *ip == ip.to_canonical()), "{text:?}");
            if name == "x-forwarded-for" {
                let plain: Vec<_> = text.split(',').map(|entry| plain(entry.trim())).collect();
                assert_eq!(addresses, plain, "{text:?}");
            } else {
                assert_eq!(addresses, elements(text), "{text:?}");
            }
        }
        // A header map cannot hold other values.
        if value.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f)) {
            entries.extend(read(&String::from_utf8_lossy(value)));
            // The client may send anything: what its proxy appends to the same header counts.
            let added: &[u8] =
                if name == "forwarded" { b", for=203.0.113.9" } else { b", 203.0.113.9" };
            let proxied = [*value, added].concat();
            let peer = "10.0.0.1:1".parse().unwrap();
            let expected: IpAddr = "203.0.113.9".parse().unwrap();
            assert_eq!(client(peer, name, &[&proxied]), (expected, true), "{proxied:?}");
        }
    }
    for peer in ["203.0.113.9:1", "[2001:db8::9]:1", "127.0.0.1:1"] {
        let peer: SocketAddr = peer.parse().unwrap();
        assert_eq!(client(peer, name, &values).0, peer.ip());
    }
    for peer in ["10.0.0.1:1", "[fd00::1]:1", "[::ffff:10.0.0.1]:1"] {
        let peer: SocketAddr = peer.parse().unwrap();
        let mut expected = peer.ip().to_canonical();
        for entry in entries.iter().rev() {
            let Some(address) = entry else { break };
            expected = *address;
            if !is_trusted(expected) {
                break;
            }
        }
        let (found, counted) = client(peer, name, &values);
        assert_eq!(found, expected);
        assert!(!counted || found != peer.ip().to_canonical());
    }
});

fn is_trusted(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets()[0] == 10,
        IpAddr::V6(ip) => ip.octets()[0] == 0xfd,
    }
}

/// Parses an address with or without a port, IPv6 with or without brackets.
fn plain(text: &str) -> Option<IpAddr> {
    let ip = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            if port.is_empty() && address.parse::<std::net::Ipv4Addr>().is_ok() {
                return address.parse().ok();
            }
            let is_port = |port: &str| {
                !port.is_empty()
                    && port.bytes().all(|digit| digit.is_ascii_digit())
                    && port.parse::<u16>().is_ok()
            };
            // The standard library also accepts a scope.
            let (address, scope) = address.split_once('%').unwrap_or((address, ""));
            let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
            let has_scope = address.len() < rest.find(']')?;
            if has_scope && !(is_number(scope) && scope.parse::<u32>().is_ok()) {
                return None;
            }
            if !(port.is_empty() && !has_scope || port.strip_prefix(':').is_some_and(is_port)) {
                return None;
            }
            IpAddr::V6(address.parse().ok()?)
        }
        None if text.matches(':').count() == 1 => {
            let (address, port) = text.split_once(':')?;
            let is_port = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
            (is_port && port.parse::<u16>().is_ok()).then_some(())?;
            IpAddr::V4(address.parse().ok()?)
        }
        None => text.parse().ok()?,
    };
    Some(ip.to_canonical())
}

/// Returns the `for` of each element, read character by character; an unclosed quote is no quote.
fn elements(text: &str) -> Vec<Option<IpAddr>> {
    parts(text, ',').iter().map(|element| node(&parts(element, ';'))).collect()
}

fn parts(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if c == separator && !quoted {
            parts.push(String::new());
            continue;
        }
        if escaped {
            escaped = false;
        } else if c == '"' {
            quoted = !quoted;
        } else if c == '\\' && quoted {
            escaped = true;
        }
        parts.last_mut().unwrap().push(c);
    }
    if quoted { text.split(separator).map(str::to_owned).collect() } else { parts }
}

fn node(pairs: &[String]) -> Option<IpAddr> {
    let (_, value) = pairs
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    let is_quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    if !is_quoted {
        return plain(value);
    }
    let mut text = String::new();
    let mut chars = value[1..value.len() - 1].chars();
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain(&text)
}

// The client's address for a server that trusts 10.0.0.0/8 and fd00::/8, and whether that address
// counts as one client.
fn client(peer: SocketAddr, name: &'static str, values: &[&[u8]]) -> (IpAddr, bool) {
    let trusted: Vec<_> = ["10.0.0.0/8", "fd00::/8"].iter().flat_map(|net| net.parse()).collect();
    let clients = ClientAddress::new(&trusted);
    let mut headers = HeaderMap::new();
    for value in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let client = clients.of(peer, &headers);
    let counted = clients.counted(peer, &headers);
    (client, counted == Some(Address::of(client)))
}
