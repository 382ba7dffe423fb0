//! Parses the addresses that proxies record: `Forwarded` (RFC 7239) and `X-Forwarded-For`. Pure;
//! decides nothing about trust.

use std::net::{IpAddr, SocketAddr};

/// Parses an `X-Forwarded-For` header into addresses in wire order; `None` for other entries.
pub fn x_forwarded_for(value: &str) -> Vec<Option<IpAddr>> {
    value.split(',').map(|entry| address(entry.trim())).collect()
}

/// Parses the `for` addresses of a `Forwarded` header in wire order, one per element; `None` for
/// unknown and obfuscated ones and for elements without. An unclosed quote hides no separator:
/// otherwise a client could use one to hide what its proxy appends.
pub fn forwarded(value: &str) -> Vec<Option<IpAddr>> {
    split_outside_quotes(value, ',')
        .unwrap_or_else(|| value.split(',').collect())
        .into_iter()
        .map(|element| {
            let pairs = split_outside_quotes(element, ';');
            pairs.unwrap_or_else(|| element.split(';').collect()).into_iter().find_map(|pair| {
                let (name, node) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then(|| address(&unquoted(node.trim())))
            })?
        })
        .collect()
}

/// Parses an address as proxies write it: with or without port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
        .map(|address| address.to_canonical())
}

/// Splits a text outside quotes; `None` if a quote in it is never closed.
fn split_outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let split = |c| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c => return c == separator && !quoted,
        }
        false
    };
    let parts = text.split(split).collect();
    (!quoted).then_some(parts)
}

/// Returns the content of a quoted string (RFC 9110 §5.6.4), or the text as it is.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut escaped = false;
    inner
        .chars()
        .filter(|&c| {
            escaped = c == '\\' && !escaped;
            !escaped
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn x_forwarded_for_takes_addresses_with_and_without_port() {
        assert_eq!(
            x_forwarded_for("192.0.2.1, 198.51.100.2:80,[2001:db8::1]:443 , 2001:db8::2, [::1],?"),
            [
                ip("192.0.2.1"),
                ip("198.51.100.2"),
                ip("2001:db8::1"),
                ip("2001:db8::2"),
                ip("::1"),
                None
            ]
        );
        assert_eq!(x_forwarded_for("::ffff:192.0.2.1"), [ip("192.0.2.1")]);
    }

    #[test]
    fn forwarded_reads_the_examples_of_its_standard() {
        assert_eq!(forwarded("for=\"_gazonk\""), [None]);
        assert_eq!(forwarded("For=\"[2001:db8:cafe::17]:4711\""), [ip("2001:db8:cafe::17")]);
        assert_eq!(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43"), [ip("192.0.2.60")]);
        assert_eq!(
            forwarded("for=192.0.2.43, for=198.51.100.17"),
            [ip("192.0.2.43"), ip("198.51.100.17")]
        );
        assert_eq!(forwarded("for=unknown, proto=https"), [None, None]);
    }

    #[test]
    fn quotes_hide_separators_and_escapes_hide_quotes() {
        let value = "by=\"a,b;for=1.1.1.1\\\",\";for=\"192.0.2.\\1\", for=198.51.100.2";
        assert_eq!(forwarded(value), [ip("192.0.2.1"), ip("198.51.100.2")]);
    }

    proptest! {
        #[test]
        fn reading_never_panics(value: String) {
            forwarded(&value);
            x_forwarded_for(&value);
        }

        #[test]
        fn an_address_reads_back(octets: [u8; 16], port: u16) {
            let v6 = IpAddr::from(octets);
            let canonical = Some(v6.to_canonical());
            prop_assert_eq!(forwarded(&format!("for=\"[{v6}]:{port}\"")), [canonical]);
            prop_assert_eq!(x_forwarded_for(&v6.to_string()), [canonical]);
        }
    }
}
