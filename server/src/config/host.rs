//! Parses hosts in URLs and `Host` (RFC 3986 §3.2). Pure.

/// Returns the name or address, without port and brackets.
pub(crate) fn name_of(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Parses a host with an optional port, and converts it to lower case. Strict, because the result
/// goes into headers and pages.
pub(crate) fn host(text: &str) -> Option<String> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (
                &text[..address.len() + 2],
                rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("")),
            )
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, Some("")),
        },
    };
    let name_is_fine = name.starts_with('[')
        || (!name.is_empty()
            && name.len() <= 253
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')));
    let port = port?;
    let port_is_fine = text.len() == name.len() || port.parse::<u16>().is_ok();
    (name_is_fine && port_is_fine).then(|| text.to_ascii_lowercase())
}
