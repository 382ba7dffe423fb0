//! The host that an HTTP/2 request names (RFC 9113 §8.3.1): its `:authority` and `Host` headers
//! must agree. Pure; knows no sockets.

use hyper::{
    HeaderMap, Uri,
    header::HOST,
    http::uri::{Authority, Scheme},
};

use super::malformed::Malformed;

/// Returns what is wrong with the host of a request, judged by its target and headers.
pub(super) fn fault(uri: &Uri, headers: &HeaderMap) -> Option<Malformed> {
    let mut hosts = headers.get_all(HOST).iter();
    // RFC 9113 §8.3.1 excludes userinfo, and readers take either side of the `@` for the host.
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Some(Malformed::HostTwice);
    }
    match (uri.authority(), hosts.next(), hosts.next()) {
        (None, None, _) => Some(Malformed::NoHost),
        (_, _, Some(_)) => Some(Malformed::HostTwice),
        (Some(authority), Some(host), None) => {
            (!names(host.as_bytes(), authority, uri.scheme())).then_some(Malformed::HostTwice)
        }
        (Some(_), None, None) | (None, Some(_), None) => None,
    }
}

/// Returns what was wrong with a refused request, by the number of `Host` headers stored with it.
pub const fn fault_of_kept(hosts: usize) -> Malformed {
    if hosts == 0 { Malformed::NoHost } else { Malformed::HostTwice }
}

/// Whether a `Host` header names the same host and port as an authority: case-insensitive, with or
/// without the scheme's default port (RFC 3986 §6.2.3).
fn names(host: &[u8], authority: &Authority, scheme: Option<&Scheme>) -> bool {
    let port: &[u8] = if scheme == Some(&Scheme::HTTPS) { b":443" } else { b":80" };
    let bare = |text: &'_ [u8]| -> Vec<u8> {
        let text = text.strip_suffix(port).or_else(|| text.strip_suffix(b":")).unwrap_or(text);
        text.to_ascii_lowercase()
    };
    bare(host) == bare(authority.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_named_once_or_in_the_same_words() {
        let twice = Some(Malformed::HostTwice);
        for (target, hosts, expected) in [
            ("http://a/x", &[][..], None),
            ("/x", &["a"], None),
            ("/x", &[], Some(Malformed::NoHost)),
            ("/x", &["a", "a"], twice),
            ("http://a/x", &["a"], None),
            ("http://a/x", &["A"], None),
            ("http://A/x", &["a:80"], None),
            ("http://a:80/x", &["a"], None),
            ("http://a/x", &["a:"], None),
            ("https://a/x", &["a:443"], None),
            ("https://a:443/x", &["a"], None),
            ("http://[::1]/x", &["[::1]:80"], None),
            ("http://a:8080/x", &["a:8080"], None),
            ("http://a/x", &["a", "a"], twice),
            ("http://a/x", &["b"], twice),
            ("http://a/x", &[""], twice),
            ("http://a/x", &["a."], twice),
            ("http://a/x", &["a:443"], twice),
            ("https://a/x", &["a:80"], twice),
            ("http://a:8080/x", &["a"], twice),
            ("http://a/x", &["a:8080"], twice),
            ("http://u@a/x", &["a"], twice),
            ("http://u@a/x", &[], twice),
            ("http://a/x", &["a,b"], twice),
            ("http://a/x", &["\u{e4}"], twice),
            ("http://[::1]/x", &["[::2]"], twice),
        ] {
            let uri = Uri::try_from(target).unwrap();
            let fields = hosts.iter().map(|host| (HOST, (*host).try_into().unwrap()));
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(name, value);
            }
            assert_eq!(fault(&uri, &headers), expected, "{target} {hosts:?}");
        }
    }
}
