//! A request as a signature sees it.

use std::borrow::Cow;

use hookglass_app::wire::Text;

use crate::head;

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

    /// The body as a form's pairs, in order, if its type says that it is one. A longer one than any
    /// sender's is none: pairs take many times what they stand in.
    pub(super) fn form(&self) -> Option<Vec<(String, String)>> {
        if self.body.len() > MAX_FORM_BYTES {
            return None;
        }
        let kind = self.field("content-type")?;
        let is_form = kind.split(';').next().is_some_and(|kind| {
            kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        is_form.then(|| serde_urlencoded::from_bytes(&self.body).ok()).flatten()
    }
}

/// The URL that a request was sent to, with its port spelled out and without.
fn urls(fields: &[(String, String)], target: &str, origin: Option<&str>) -> Vec<String> {
    let value =
        |name: &str| fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let origin = origin.map_or_else(
        || {
            let proto = value("x-forwarded-proto").and_then(|value| value.split(',').next());
            let is_https = proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"));
            let scheme = if is_https { "https" } else { "http" };
            format!("{scheme}://{}", value("host").unwrap_or_default())
        },
        str::to_owned,
    );
    let path = if target.starts_with('/') {
        target
    } else {
        // The absolute form, as proxies send it.
        target
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
            .unwrap_or("/")
    };
    let mut urls = vec![format!("{origin}{path}")];
    if let Some(other) = other_port(&origin) {
        urls.push(format!("{other}{path}"));
    }
    urls
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
}
