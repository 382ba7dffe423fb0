//! A request as a signature sees it.

use std::borrow::Cow;

use hookglass_app::wire::Text;

use crate::{head, reading::media::Media};

/// The longest body that is read as a form, in bytes.
const MAX_FORM_BYTES: usize = 1024 * 1024;

/// What was sent, to be held against its signature. Cheap to make variants of.
#[derive(Debug, Clone)]
pub(crate) struct Message<'a> {
    pub(crate) method: &'a str,
    /// Names in lower case with their values, in wire order; only those that are UTF-8.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Cow<'a, [u8]>,
    /// The whole URL that it was sent to, the likeliest spelling first; never empty.
    pub(crate) urls: Vec<String>,
    /// Microseconds since the epoch.
    pub(crate) received_at: i64,
}

impl<'a> Message<'a> {
    /// Out of what is kept of a request. `origin` is what the operator says that senders use;
    /// without it the request's own `Host` and a proxy's word tell.
    pub(crate) fn new(
        method: &'a str,
        target: &[u8],
        head: &[u8],
        body: impl Into<Cow<'a, [u8]>>,
        received_at: i64,
        origin: Option<&str>,
    ) -> Self {
        let fields: Vec<(String, String)> = head::fields(head)
            .into_iter()
            .filter_map(|(name, value)| match (name, value) {
                (Text::Utf8(name), Text::Utf8(value)) => Some((name.to_ascii_lowercase(), value)),
                _ => None,
            })
            .collect();
        let target = String::from_utf8_lossy(target);
        let urls = urls(&fields, &target, origin);
        Self { method, fields, body: body.into(), urls, received_at }
    }

    /// The same request with another URL and body.
    pub(super) fn with<'b>(&'b self, urls: Vec<String>, body: Cow<'b, [u8]>) -> Message<'b> {
        let Self { method, received_at, .. } = *self;
        Message { method, fields: self.fields.clone(), body, urls, received_at }
    }

    /// The first value of a field, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// All values of a field, in wire order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether the type of the body says that it is a form.
    pub(super) fn is_form(&self) -> bool {
        self.field("content-type").is_some_and(|kind| Media::of(kind.as_bytes()).is_form())
    }

    /// Whether it is a form that is too long to be read.
    pub(super) fn is_long_form(&self) -> bool {
        self.body.len() > MAX_FORM_BYTES && self.is_form()
    }

    /// The body as a form's pairs, in order, if its type says that it is one. One that is too long
    /// is not read: pairs take many times what they stand in.
    pub(super) fn form(&self) -> Option<Vec<(String, String)>> {
        if self.body.len() > MAX_FORM_BYTES || !self.is_form() {
            return None;
        }
        serde_urlencoded::from_bytes(&self.body).ok()
    }
}

/// The URLs that a request may have been sent to, each with its port spelled out and without.
fn urls(fields: &[(String, String)], target: &str, origin: Option<&str>) -> Vec<String> {
    let origins = origin.map_or_else(|| origins(fields), |origin| vec![origin.to_owned()]);
    let path = if target.starts_with('/') {
        target
    } else {
        // The absolute form, as proxies send it.
        target
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
            .unwrap_or("/")
    };
    let mut urls = Vec::new();
    for origin in origins {
        urls.push(format!("{origin}{path}"));
        urls.extend(other_port(&origin).map(|other| format!("{other}{path}")));
    }
    urls
}

/// The origins that a request names itself: by the scheme that the nearest proxy says, then by
/// what one before it says. Senders write a host in lower case, whatever case they call it by.
fn origins(fields: &[(String, String)]) -> Vec<String> {
    let values = |wanted: &'static str| {
        fields.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let said = values("x-forwarded-proto").rev().flat_map(|value| value.rsplit(','));
    let mut schemes: Vec<&str> = said
        .map(|scheme| if scheme.trim().eq_ignore_ascii_case("https") { "https" } else { "http" })
        .collect();
    if schemes.is_empty() {
        schemes.push("http");
    }
    let host = values("host").next().unwrap_or_default();
    let mut origins: Vec<String> = Vec::new();
    for scheme in ["https", "http"].into_iter().filter(|scheme| schemes.contains(scheme)) {
        for host in [host.to_owned(), host.to_ascii_lowercase()] {
            let origin = format!("{scheme}://{host}");
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
    }
    let nearest = schemes.first().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    origins.sort_by_key(|origin| !origin.starts_with(&nearest));
    origins
}

/// The origin with its scheme's own port, or without it.
fn other_port(origin: &str) -> Option<String> {
    let port = if origin.starts_with("https:") { ":443" } else { ":80" };
    match origin.strip_suffix(port) {
        Some(without) => Some(without.to_owned()),
        None => {
            let (_, host) = origin.split_once("://")?;
            let has_port = host.rsplit_once(':').is_some_and(|(_, port)| {
                !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
            });
            (!has_port).then(|| format!("{origin}{port}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls_of(head: &str, target: &str, origin: Option<&str>) -> Vec<String> {
        Message::new("POST", target.as_bytes(), head.as_bytes(), &b""[..], 0, origin).urls
    }

    #[test]
    fn a_url_is_the_operators_or_else_what_the_request_says() {
        let head = "POST /a?b HTTP/1.1\r\nHost: h.test\r\n\r\n";
        assert_eq!(urls_of(head, "/a?b", None), ["http://h.test/a?b", "http://h.test:80/a?b"]);
        assert_eq!(
            urls_of(head, "/a?b", Some("https://hooks.test")),
            ["https://hooks.test/a?b", "https://hooks.test:443/a?b"]
        );
        let proxied = "POST /a HTTP/1.1\r\nHost: h.test:8443\r\nX-Forwarded-Proto: https\r\n\r\n";
        assert_eq!(urls_of(proxied, "/a", None), ["https://h.test:8443/a"]);
        assert_eq!(urls_of(head, "http://h.test/a", None)[0], "http://h.test/a");
    }

    #[test]
    fn the_nearest_proxy_tells_the_scheme_and_a_host_has_no_case() {
        let said = |fields: &str| {
            urls_of(&format!("POST /a HTTP/1.1\r\nHost: H.test:1\r\n{fields}\r\n"), "/a", None)
        };
        assert_eq!(said(""), ["http://H.test:1/a", "http://h.test:1/a"]);
        for fields in [
            "X-Forwarded-Proto: http\r\nX-Forwarded-Proto: https\r\n",
            "X-Forwarded-Proto: http, https\r\n",
        ] {
            let urls = said(fields);
            assert_eq!(urls[..2], ["https://H.test:1/a", "https://h.test:1/a"]);
            assert_eq!(urls[2..], ["http://H.test:1/a", "http://h.test:1/a"]);
        }
    }
}
