//! The origin under which a caller uses this server.

use hyper::{HeaderMap, Uri, header::HOST};

use crate::config::{
    PublicUrl,
    host::{host, name_of},
};

/// The origin of a request, and the configured one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The `Host` header in lower case, without a default port.
    host: String,
    https: bool,
    public: Option<PublicUrl>,
}

impl Origin {
    /// Returns the origin of a request; `None` if `Host` is missing or invalid. `forwarded_https`
    /// comes from a trusted proxy.
    pub(crate) fn of(
        uri: &Uri,
        headers: &HeaderMap,
        forwarded_https: Option<bool>,
        public: Option<&PublicUrl>,
    ) -> Option<Self> {
        let sent = match uri.authority() {
            Some(authority) => authority.as_str(),
            None => headers.get(HOST)?.to_str().ok()?,
        };
        let host = host(sent)?;
        let https = forwarded_https.unwrap_or_else(|| public.is_some_and(PublicUrl::is_https));
        let default_port = if https { ":443" } else { ":80" };
        let host = host.strip_suffix(default_port).unwrap_or(&host).to_owned();
        Some(Self { host, https, public: public.cloned() })
    }

    /// The base URL of this server, without a trailing slash: the configured one, otherwise that of
    /// this request.
    pub(crate) fn url(&self) -> String {
        match &self.public {
            Some(public) => public.origin().to_owned(),
            None => self.seen(),
        }
    }

    /// Whether cookies can be bound to HTTPS.
    pub(crate) const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether browsers treat it as a secure context (W3C Secure Contexts §3.1).
    pub(crate) fn is_trustworthy(&self) -> bool {
        self.https || self.is_loopback()
    }

    /// Whether its host is the configured one, at any port, or loopback.
    pub(crate) fn is_expected(&self) -> bool {
        let public = self.public.as_ref();
        public.is_none_or(|public| name_of(&self.host) == public.name()) || self.is_loopback()
    }

    /// Whether its host is a loopback name, which nobody else can have.
    fn is_loopback(&self) -> bool {
        let name = name_of(&self.host);
        let is_loopback = name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        is_loopback || name == "localhost" || name.ends_with(".localhost")
    }

    /// Whether an `Origin` header names this server.
    pub(crate) fn is(&self, sent: &str) -> bool {
        sent == self.seen() || self.public.as_ref().is_some_and(|public| sent == public.origin())
    }

    /// The hosts of the origin as sources of a content security policy, each followed by `path`.
    /// Without a scheme they inherit the page's.
    pub(crate) fn csp_sources(&self, path: &str) -> String {
        // A policy cannot express an IPv6 address: allow any host at this port.
        let own = match self.host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((_, port)) => format!("*{port}{path}"),
            None => format!("{}{path}", self.host),
        };
        match &self.public {
            Some(public) if public.origin() != self.seen() => {
                format!("{own} {}{path}", public.origin())
            }
            _ => own,
        }
    }

    fn seen(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str, https: Option<bool>, public: Option<&str>) -> Option<Origin> {
        let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
        let public = public.map(|url| url.parse().unwrap());
        Origin::of(&Uri::from_static("/x"), &headers, https, public.as_ref())
    }

    #[test]
    fn the_url_is_the_operators_or_the_one_in_use() {
        assert_eq!(origin("A.test:3000", None, None).unwrap().url(), "http://a.test:3000");
        assert_eq!(origin("a.test:443", Some(true), None).unwrap().url(), "https://a.test");
        let public = Some("https://hooks.test");
        assert_eq!(origin("10.0.0.1:3000", None, public).unwrap().url(), "https://hooks.test");
    }

    #[test]
    fn loopback_and_https_are_trustworthy() {
        for host in ["localhost", "localhost:3000", "a.localhost", "127.0.0.1:3000", "[::1]:3000"] {
            assert!(origin(host, None, None).unwrap().is_trustworthy(), "{host}");
        }
        for host in ["hooks.test", "192.168.1.2:3000", "localhost.test", "[fd00::1]"] {
            assert!(!origin(host, None, None).unwrap().is_trustworthy(), "{host}");
            assert!(origin(host, Some(true), None).unwrap().is_trustworthy(), "{host}");
        }
    }

    #[test]
    fn only_our_own_origins_are_ours() {
        let origin = origin("a.test:3000", None, Some("http://hooks.test")).unwrap();
        assert!(origin.is("http://a.test:3000") && origin.is("http://hooks.test"));
        for foreign in ["http://a.test", "https://a.test:3000", "null", "http://b.test:3000", ""] {
            assert!(!origin.is(foreign), "{foreign}");
        }
    }

    #[test]
    fn only_the_public_name_and_loopback_are_expected() {
        let is_expected = |host: &str, public| origin(host, None, public).unwrap().is_expected();
        let public = Some("https://hooks.test");
        for host in
            ["hooks.test", "HOOKS.test:8443", "localhost:1", "a.localhost", "127.0.0.2", "[::1]:1"]
        {
            assert!(is_expected(host, public), "{host}");
        }
        for host in [
            "evil.test",
            "hooks.test.evil.test",
            "a.hooks.test",
            "hooks.test.",
            "0.0.0.0",
            "10.0.0.1",
            "[::]",
            "localhost.evil.test",
        ] {
            assert!(!is_expected(host, public), "{host}");
            assert!(is_expected(host, None), "{host}");
        }
        assert!(is_expected("[fd00::1]:1", Some("http://[fd00::1]:8080")));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in
            ["", "a b", "a/b", "a;b", "a:b", "a:", "[::1", "[x]", "[::1]x", "a:99999", "u@a", "a,b"]
        {
            assert_eq!(host(bad), None, "{bad}");
        }
        for good in ["a", "a-b.test", "a_b:80", "[::1]", "[fe80::1]:3000", "127.0.0.1:3000"] {
            assert_eq!(host(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn a_policy_names_hosts_with_paths() {
        assert_eq!(
            origin("a.test:3000", None, None).unwrap().csp_sources("/api/"),
            "a.test:3000/api/"
        );
        assert_eq!(origin("[::1]:3000", None, None).unwrap().csp_sources("/api/"), "*:3000/api/");
        assert_eq!(
            origin("a.test", None, Some("https://h.test")).unwrap().csp_sources("/api/"),
            "a.test/api/ https://h.test/api/"
        );
    }
}
