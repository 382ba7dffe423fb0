//! Request heads as bytes: renders one from hyper's view, and parses the headers of a stored one.
//! Knows nothing of the store.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hookglass_wire::{Header, Text};
use hyper::{
    HeaderMap, Method, Request, Uri, Version,
    header::{HOST, HeaderName, HeaderValue},
    http::request::Parts,
};

/// Returns the raw request target: origin form as sent, or the absolute form a proxy's client
/// sends.
pub fn target(parts: &Parts) -> String {
    let uri = &parts.uri;
    match (uri.scheme(), uri.path_and_query()) {
        // HTTP/2 has no target: scheme and authority are separate pseudo-headers.
        (Some(_), Some(path)) if parts.version == Version::HTTP_2 => path.as_str().to_owned(),
        (None, Some(path)) if uri.authority().is_none() => path.as_str().to_owned(),
        _ => uri.to_string(),
    }
}

/// Returns the approximate length of a rendered head.
pub fn bytes(parts: &Parts) -> usize {
    let fields: usize = parts.headers.iter().map(|(n, v)| n.as_str().len() + v.len() + 4).sum();
    fields + parts.uri.path().len() + parts.uri.query().map_or(0, str::len) + 32
}

/// Renders a head in HTTP/1.1 form from what hyper parsed: names in lower case, repeats side by
/// side.
pub fn render(parts: &Parts, target: &str) -> Vec<u8> {
    let mut head = Vec::with_capacity(bytes(parts));
    head.extend_from_slice(parts.method.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(target.as_bytes());
    head.push(b' ');
    head.extend_from_slice(version_name(version_number(parts.version)).as_bytes());
    head.extend_from_slice(b"\r\n");
    // HTTP/2 has `:authority` instead (RFC 9113 §8.3.1).
    if let Some(authority) = parts.uri.authority()
        && !parts.headers.contains_key(HOST)
    {
        head.extend_from_slice(b"host: ");
        head.extend_from_slice(authority.as_str().as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(&render_fields(&parts.headers));
    head.extend_from_slice(b"\r\n");
    head
}

/// Renders headers with their line ends, as for trailers.
pub fn render_fields(fields: &HeaderMap) -> Vec<u8> {
    let mut rendered = Vec::new();
    for (name, value) in fields {
        rendered.extend_from_slice(name.as_str().as_bytes());
        rendered.extend_from_slice(b": ");
        rendered.extend_from_slice(value.as_bytes());
        rendered.extend_from_slice(b"\r\n");
    }
    rendered
}

/// Returns the headers of a stored head, in wire order, values without surrounding white space (RFC
/// 9112 §5.1).
pub fn fields(head: &[u8]) -> Vec<Header> {
    trailer_fields(&head[request_line_end(head)..])
}

/// Returns stored trailers, in wire order. A folded line is joined to its header by one space (RFC
/// 9112 §5.2).
pub fn trailer_fields(bytes: &[u8]) -> Vec<Header> {
    raw_fields(bytes).into_iter().map(|(name, value)| (text(name), text(&value))).collect()
}

/// Returns the headers of a stored head as bytes.
pub fn raw_head_fields(head: &[u8]) -> Vec<(&[u8], Vec<u8>)> {
    raw_fields(&head[request_line_end(head)..])
}

/// Returns stored trailers as bytes.
pub fn raw_fields(bytes: &[u8]) -> Vec<(&[u8], Vec<u8>)> {
    let mut fields: Vec<(&[u8], Vec<u8>)> = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(b' ');
                value.extend_from_slice(trimmed(line));
            }
        } else if let Some(colon) = line.iter().position(|&byte| byte == b':') {
            fields.push((&line[..colon], trimmed(&line[colon + 1..]).to_vec()));
        }
    }
    fields
}

/// Returns the raw target of a stored head: the text between the first and the last space of its
/// first line.
pub fn target_of(head: &[u8]) -> &[u8] {
    let line = head.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default();
    let start = line.iter().position(|&byte| byte == b' ').map_or(line.len(), |at| at + 1);
    let end = line.iter().rposition(|&byte| byte == b' ').unwrap_or(line.len());
    line.get(start..end).unwrap_or_default()
}

/// Returns a target from its path on, without the scheme and authority of the absolute form (RFC
/// 9112 §3.2); `/` if there is no path.
pub fn origin_form(target: &[u8]) -> &[u8] {
    if target.first() == Some(&b'/') {
        return target;
    }
    let authority = target.windows(3).position(|part| part == b"://").map_or(0, |at| at + 3);
    let rest = &target[authority..];
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    end.map(|at| &rest[at..]).filter(|rest| rest.starts_with(b"/")).unwrap_or(b"/")
}

/// Returns the path of a target.
pub fn path(target: &[u8]) -> &[u8] {
    origin_form(target).split(|&byte| byte == b'?').next().unwrap_or_default()
}

/// Returns the text after the first `?` of a target, if there is one.
pub fn query(target: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b'?', target).map(|at| &target[at + 1..])
}

/// Parses a stored head as far as `http`'s types can hold it: omits headers and targets that they
/// cannot.
pub fn request_parts(head: &[u8]) -> Parts {
    let mut headers = HeaderMap::new();
    for (name, value) in raw_head_fields(head) {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(&value))
        {
            headers.append(name, value);
        }
    }
    let mut request = Request::new(());
    let method = head.split(|&byte| byte == b' ').next().unwrap_or_default();
    *request.method_mut() = Method::from_bytes(method).unwrap_or_default();
    *request.uri_mut() = Uri::try_from(target_of(head)).unwrap_or_default();
    *request.headers_mut() = headers;
    request.into_parts().0
}

/// Returns the value of the first header with a name.
pub fn value(head: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut fields = raw_head_fields(head).into_iter();
    fields.find(|(sent, _)| sent.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
}

fn request_line_end(head: &[u8]) -> usize {
    head.iter().position(|&byte| byte == b'\n').map_or(head.len(), |end| end + 1)
}

/// Returns the values of one header of a stored head, in wire order; `name` in any case.
pub fn values(head: &[u8], name: &str) -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = Vec::new();
    let mut is_wanted = false;
    for line in head.split(|&byte| byte == b'\n').skip(1) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            if let (true, Some(value)) = (is_wanted, values.last_mut()) {
                value.push(b' ');
                value.extend_from_slice(trimmed(line));
            }
            continue;
        }
        is_wanted = line.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
            && line.get(name.len()) == Some(&b':');
        if is_wanted {
            values.push(trimmed(&line[name.len() + 1..]).to_vec());
        }
    }
    values
}

/// Whether a stored head declares a chunked body.
pub fn is_chunked(head: &[u8]) -> bool {
    fields(head).iter().any(|(name, _)| {
        matches!(name, Text::Utf8(name) if name.eq_ignore_ascii_case("transfer-encoding"))
    })
}

/// Trims spaces and tabs; other white space is part of a value.
fn trimmed(value: &[u8]) -> &[u8] {
    let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let before = value.iter().take_while(is_space).count();
    let after = value[before..].iter().rev().take_while(is_space).count();
    &value[before..value.len() - after]
}

/// Encodes bytes from outside for the API.
pub fn text(bytes: &[u8]) -> Text {
    match std::str::from_utf8(bytes) {
        Ok(text) => Text::Utf8(text.to_owned()),
        Err(_) => Text::Base64(STANDARD.encode(bytes)),
    }
}

/// Returns the bytes that [`text`] encoded.
pub fn bytes_of(text: &Text) -> Cow<'_, [u8]> {
    match text {
        Text::Utf8(text) => Cow::Borrowed(text.as_bytes()),
        Text::Base64(encoded) => Cow::Owned(unencoded(encoded)),
    }
}

/// Decodes the bytes that [`text`] had to encode as base64.
pub fn unencoded(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap_or_default()
}

/// Returns the stored form of a version: 11 for HTTP/1.1.
pub const fn version_number(version: Version) -> i64 {
    match version {
        Version::HTTP_09 => 9,
        Version::HTTP_10 => 10,
        Version::HTTP_2 => 20,
        Version::HTTP_3 => 30,
        _ => 11,
    }
}

/// Returns the API's name of a version.
pub const fn version_name(number: i64) -> &'static str {
    match number {
        9 => "HTTP/0.9",
        10 => "HTTP/1.0",
        20 => "HTTP/2.0",
        30 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(target: &str, fields: &[(String, Vec<u8>)]) -> Parts {
        let mut request = hyper::Request::builder().method("REPORT").uri(target);
        for (name, value) in fields {
            request = request.header(name, value.as_slice());
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn targets_stay_as_sent() {
        for sent in ["/a//b", "/a%2Fb", "/a?", "/a/", "/", "/?", "/a?b=%zz&&", "http://x.test/a?b"]
        {
            assert_eq!(target(&parts(sent, &[])), sent);
        }
    }

    #[test]
    fn paths_are_read_from_every_form_of_a_target() {
        for (target, from_path_on, only_path) in [
            ("/a/b?c=/d", "/a/b?c=/d", "/a/b"),
            ("http://x.test/a/b?c", "/a/b?c", "/a/b"),
            ("/a?u=http://x.test/y", "/a?u=http://x.test/y", "/a"),
            ("http://x.test?c=/d", "/", "/"),
            ("http://x.test", "/", "/"),
            ("*", "/", "/"),
            ("", "/", "/"),
        ] {
            assert_eq!(origin_form(target.as_bytes()), from_path_on.as_bytes(), "{target}");
            assert_eq!(path(target.as_bytes()), only_path.as_bytes(), "{target}");
        }
    }

    #[test]
    fn a_query_is_what_follows_the_first_question_mark() {
        for (target, expected) in [
            ("/a?b=<c>&d?e", Some("b=<c>&d?e")),
            ("http://x.test?c=/d", Some("c=/d")),
            ("/a?", Some("")),
            ("/a", None),
        ] {
            assert_eq!(query(target.as_bytes()), expected.map(str::as_bytes), "{target}");
        }
    }

    #[test]
    fn an_authority_without_a_host_field_becomes_one() {
        let parts = parts("http://hooks.test:81/a?b", &[("x-a".to_owned(), b"1".to_vec())]);
        let host = (Text::from("host"), Text::from("hooks.test:81"));
        assert_eq!(fields(&render(&parts, "/a?b"))[0], host);
    }

    proptest! {
        #[test]
        fn fields_read_back_as_rendered(
            sent in proptest::collection::vec(("[a-z][a-z0-9-]{0,12}", "[!-~\u{80}-\u{ff}]{0,30}"), 0..8),
        ) {
            let mut names = std::collections::HashSet::new();
            let sent: Vec<(String, Vec<u8>)> = sent
                .into_iter()
                .filter(|(name, _)| names.insert(name.clone()))
                // One byte per character, so that values are not UTF-8.
                .map(|(name, value)| (name, value.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()))
                .collect();
            let parts = parts("/x", &sent);
            let read = fields(&render(&parts, "/x"));
            let expected: Vec<Header> =
                sent.iter().map(|(name, value)| (Text::from(name.as_str()), text(value))).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn reading_fields_never_panics(bytes: Vec<u8>) {
            fields(&bytes);
            trailer_fields(&bytes);
        }
    }
}
