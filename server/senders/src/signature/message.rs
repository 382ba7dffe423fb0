//! A request as signatures see it.

use std::borrow::Cow;

use hookglass_wire::Text;

use hookglass_message::{head, media_type::MediaType};

/// The longest body that is parsed as a form, in bytes.
const MAX_FORM_BYTES: usize = 1024 * 1024;

/// A sent request, to be verified. Variants are cheap to make.
#[derive(Debug, Clone)]
pub struct SignedMessage<'a> {
    /// The method.
    pub method: &'a str,
    /// Headers: names in lower case with their values, in wire order; only those in UTF-8.
    pub fields: Vec<(String, String)>,
    /// The names of headers with other values: a present header must not count as missing.
    pub(crate) unreadable: Vec<String>,
    /// The body as sent.
    pub body: Cow<'a, [u8]>,
    /// The whole URL of the request, the likeliest spelling first; never empty. It contains
    /// replacement characters if the target is not UTF-8.
    pub urls: Vec<String>,
    /// Whether the target is UTF-8.
    pub(crate) is_target_text: bool,
    /// Microseconds since the epoch.
    pub received_at: i64,
}

impl<'a> SignedMessage<'a> {
    /// Creates the message of a stored request. `origin` is the public origin that the operator
    /// configured; without it the request's `Host` and a proxy's headers decide.
    pub fn new(
        method: &'a str,
        target: &[u8],
        head: &[u8],
        body: impl Into<Cow<'a, [u8]>>,
        received_at: i64,
        origin: Option<&str>,
    ) -> Self {
        let (mut fields, mut unreadable) = (Vec::new(), Vec::new());
        for (name, value) in head::fields(head) {
            match (name, value) {
                (Text::Utf8(name), Text::Utf8(value)) => {
                    fields.push((name.to_ascii_lowercase(), value));
                }
                (Text::Utf8(name), Text::Base64(_)) => unreadable.push(name.to_ascii_lowercase()),
                (Text::Base64(_), _) => {}
            }
        }
        let target = String::from_utf8_lossy(target);
        let is_target_text = matches!(target, Cow::Borrowed(_));
        let urls = urls(&fields, &target, origin);
        Self { method, fields, unreadable, body: body.into(), urls, is_target_text, received_at }
    }

    /// Returns the same request with another URL and body.
    pub(super) fn with<'b>(&'b self, urls: Vec<String>, body: Cow<'b, [u8]>) -> SignedMessage<'b> {
        let Self { method, is_target_text, received_at, .. } = *self;
        let (fields, unreadable) = (self.fields.clone(), self.unreadable.clone());
        SignedMessage { method, fields, unreadable, body, urls, is_target_text, received_at }
    }

    /// Returns the first value of a header, by its name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Returns all values of a header, in wire order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether the body is declared as a form.
    pub(super) fn is_form(&self) -> bool {
        self.field("content-type").is_some_and(|kind| MediaType::of(kind.as_bytes()).is_form())
    }

    /// Whether it is a form that is too long to parse.
    pub(super) fn is_long_form(&self) -> bool {
        self.body.len() > MAX_FORM_BYTES && self.is_form()
    }

    /// Returns the body as a form's pairs, in order; none if it is not declared as a form. A long
    /// form is not parsed: pairs take many times its length. `None` if a part of it is not text,
    /// see [`decoded`].
    pub(super) fn form(&self) -> Option<Vec<(String, String)>> {
        if self.body.len() > MAX_FORM_BYTES || !self.is_form() {
            return Some(Vec::new());
        }
        pairs(&self.body).map(|(name, value)| Some((decoded(name)?, decoded(value)?))).collect()
    }
}

/// Returns the pairs of a form or query as sent.
pub(super) fn pairs(form: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(
        |pair| match memchr::memchr(b'=', pair) {
            Some(equals) => (&pair[..equals], &pair[equals + 1..]),
            None => (pair, &[][..]),
        },
    )
}

/// Decodes a name or value of a form. `None` if decoding would lose something, so that a signature
/// of one text would hold for another: bytes that are not UTF-8, and percent signs without a code.
pub(super) fn decoded(sent: &[u8]) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut decoded = Vec::with_capacity(sent.len());
    let mut rest = sent;
    loop {
        match rest {
            [] => return String::from_utf8(decoded).ok(),
            [b'%', high, low, after @ ..] => {
                decoded.push(digit(*high)? << 4 | digit(*low)?);
                rest = after;
            }
            [b'%', ..] => return None,
            [byte, after @ ..] => {
                decoded.push(if *byte == b'+' { b' ' } else { *byte });
                rest = after;
            }
        }
    }
}

/// Returns the possible URLs of a request, each with and without its port.
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

/// Returns the origins that a request names: with the scheme that the nearest proxy states, then
/// with those of earlier proxies. Senders write a host in lower case, whatever its case in the URL.
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

/// Toggles the default port of an origin.
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
        SignedMessage::new("POST", target.as_bytes(), head.as_bytes(), &b""[..], 0, origin).urls
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
