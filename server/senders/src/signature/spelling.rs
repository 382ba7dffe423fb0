//! The spellings of the called URL that a sender may have signed, as far as its own library accepts
//! them.

use std::{borrow::Cow, collections::HashMap};

use super::{
    message::{SignedMessage, decoded as decoded_text, pairs},
    scheme::{Scheme, UrlSpelling},
};

/// Twilio's library reads no more query pairs than this; a query with more has no other spelling.
const QUERY_PAIRS: usize = 1_000;
/// The characters that `hubspot` decodes before signing; codes have digits in either case.
const DECODED: &[u8] = b":/?@!$'()*,;";

/// Returns the possible values of `{url}`, the likeliest first; never empty.
pub(super) fn spellings<'m>(scheme: &Scheme, message: &'m SignedMessage<'_>) -> Vec<Cow<'m, str>> {
    if !scheme.signs_url() {
        return vec![Cow::Borrowed("")];
    }
    let mut spellings: Vec<Cow<'m, str>> =
        message.urls.iter().map(|url| Cow::Borrowed(url.as_str())).collect();
    let others = match scheme.spelling {
        UrlSpelling::Called => Vec::new(),
        UrlSpelling::HubSpot => message.urls.iter().map(|url| decoded(url)).collect(),
        UrlSpelling::Twilio => message.urls.iter().flat_map(|url| twilio(url)).collect(),
    };
    for other in others {
        if spellings.iter().all(|url| **url != other) {
            spellings.push(Cow::Owned(other));
        }
    }
    if spellings.is_empty() {
        spellings.push(Cow::Borrowed(""));
    }
    spellings
}

/// Decodes some percent codes of a URL.
fn decoded(url: &str) -> String {
    let mut decoded = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|byte| DECODED.contains(byte)) {
            Some(byte) => {
                decoded.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded + rest
}

/// Returns the URL without its port, as a browser would write it, and with its query rewritten.
fn twilio(url: &str) -> Vec<String> {
    let bare = without_port(url);
    let mut spellings = Vec::new();
    for url in [bare.as_str(), url] {
        let escaped = escaped(url);
        spellings.extend(rewritten(&escaped));
        spellings.push(escaped);
    }
    spellings.push(bare);
    spellings.reverse();
    spellings
}

fn without_port(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // A colon in brackets belongs to an IPv6 address.
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    };
    format!("{scheme}://{name}{path}")
}

/// Percent-encodes a URL where necessary (WHATWG URL §1.3, the path and the special query
/// percent-encode sets).
fn escaped(url: &str) -> String {
    let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let mut escaped = escape(path, |byte| !b"\"<>`{}^ ".contains(&byte));
    escaped.push_str(&escape(query, |byte| !b"\"<>' ".contains(&byte)));
    escaped
}

/// Percent-encodes all but the ASCII that stays.
fn escape(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && stays(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Parses the URL's query and writes it again, as Node's `querystring` does: values of one name
/// together. `None` if that would lose something.
fn rewritten(url: &str) -> Option<String> {
    let (before, query) = url.split_once('?')?;
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let own = |bytes: &[u8]| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
        decoded_text(bytes).map(|text| escape(&text, is_plain))
    };
    for (at, (name, value)) in pairs(query.as_bytes()).enumerate() {
        if at == QUERY_PAIRS {
            return None;
        }
        let (name, value) = (own(name)?, own(value)?);
        let pair = format!("{name}={value}");
        let place = *places.entry(name).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(pairs) => pairs.push(pair),
            None => groups.push(vec![pair]),
        }
    }
    let pairs = groups.concat();
    (!pairs.is_empty()).then(|| format!("{before}?{}", pairs.join("&")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hubspot_decodes_some_codes_and_leaves_others() {
        assert_eq!(
            decoded("https://h/a%3ab%2F?c=%40%21%24%27%28%29%2A%2C%3B"),
            "https://h/a:b/?c=@!$'()*,;"
        );
        for kept in ["%20", "%26", "%3D", "%", "%3", "%zz", "%ä", "%+3"] {
            assert_eq!(decoded(kept), kept);
        }
    }

    #[test]
    fn twilio_tries_what_its_library_tries() {
        for (called, signed) in [
            ("https://h.test:8443/x", "https://h.test/x"),
            ("https://[::1]:8443/x", "https://[::1]/x"),
            ("https://h/x?a='b'", "https://h/x?a=%27b%27"),
            ("https://h/x?a=b+c", "https://h/x?a=b%20c"),
            ("https://h/x?a[0]=b", "https://h/x?a%5B0%5D=b"),
            ("https://h/x?a=1&&b&a=2", "https://h/x?a=1&a=2&b="),
            ("https://h/x?d=\u{e9}", "https://h/x?d=%C3%A9"),
        ] {
            assert!(twilio(called).iter().any(|url| url == signed), "{:?}", twilio(called));
        }
        for (called, other) in [
            ("https://h/x", "https://h/y"),
            ("https://h:8443/x", "https://h:443/x"),
            ("https://h/x?a=b%20c", "https://h/x?a=b+c"),
            ("https://h/x?a=1&b=2", "https://h/x?b=2&a=1"),
            // These would also be valid for other URLs than the called one.
            ("https://h/x?c=%zz", "https://h/x?c=%25zz"),
            ("https://h/x?c=%", "https://h/x?c=%25"),
            ("https://h/x?c=%ff", "https://h/x?c=%EF%BF%BD"),
        ] {
            assert!(twilio(called).iter().all(|url| url != other), "{:?}", twilio(called));
        }
        assert_eq!(rewritten(&format!("https://h/x?{}", "a&".repeat(1_001))), None);
    }

    proptest! {
        #[test]
        fn no_url_is_too_strange(url in "(https://)?(\\[::1\\]|h|:|/|\\?|&|=|%|%2|%27|'|\\PC){0,20}") {
            prop_assert!(!twilio(&url).is_empty());
            decoded(&url);
        }
    }
}
