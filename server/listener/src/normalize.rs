//! Normalizes heads that hyper would refuse, and checks that hyper read the same as was received.
//! Hookglass always stores the head as received.

use std::collections::HashSet;

use bytes::{BufMut as _, Bytes, BytesMut};
use hyper::{
    HeaderMap, Uri,
    header::{HeaderName, HeaderValue},
    http::request::Parts,
};
use memchr::{memchr3, memmem};

use super::framing::{ACTED_ON, HeadRanges, Version, is_token};

/// hyper has room for a hundred headers; of a head with more only a part is passed on.
const HANDED_FIELDS: usize = 90;
/// The longest target that is percent-encoded; hyper accepts at most 65,534 bytes.
const MAX_TARGET_BYTES: usize = 60_000;
/// Replaces an invalid byte of a longer target: no name of an endpoint or route contains it.
const STAND_IN: u8 = b'!';
/// A target without a path.
const NO_PATH: &[u8] = b"*";
/// hyper would turn the connection into a tunnel after its response.
const CONNECT: &[u8] = b"CONNECT";
/// The replacement for it.
const TAME_CONNECT: &[u8] = b"POST";

/// Returns a head for hyper, or `None` if hyper accepts this one as it is.
pub(super) fn normalized(bytes: &[u8], head: &HeadRanges) -> Option<Bytes> {
    let method = &bytes[head.method.clone()];
    let target = &bytes[head.target.clone()];
    let is_tame = head.fields.len() <= HANDED_FIELDS
        && method != CONNECT
        && is_tame_target(target)
        && head.fields.iter().all(|field| {
            !field.folded
                && bytes[field.name.clone()].iter().all(|&byte| is_token(byte))
                && bytes[field.value.clone()].iter().all(|&byte| is_tame_in_value(byte))
        });
    if is_tame {
        return None;
    }
    let mut tame = BytesMut::with_capacity(bytes.len() + 64);
    tame.put_slice(if method == CONNECT { TAME_CONNECT } else { method });
    tame.put_u8(b' ');
    tame.put_slice(&tame_target(target));
    tame.put_slice(match head.version {
        Version::Http10 => b" HTTP/1.0\r\n",
        Version::Http11 => b" HTTP/1.1\r\n",
    });
    let mut output: HashSet<&[u8]> = HashSet::new();
    for (index, field) in head.fields.iter().enumerate() {
        let name = &bytes[field.name.clone()];
        if !name.iter().all(|&byte| is_token(byte)) {
            continue;
        }
        // hyper acts on these headers: the first of each is passed on at any position.
        let acted_on = ACTED_ON.iter().find(|acted_on| name.eq_ignore_ascii_case(acted_on));
        if index >= HANDED_FIELDS && acted_on.is_none_or(|name| output.contains(*name)) {
            continue;
        }
        output.extend(acted_on);
        tame.put_slice(name);
        tame.put_slice(b": ");
        for &byte in &bytes[field.value.clone()] {
            tame.put_u8(if is_tame_in_value(byte) { byte } else { b' ' });
        }
        tame.put_slice(b"\r\n");
    }
    tame.put_slice(b"\r\n");
    Some(tame.freeze())
}

/// Returns a head in place of one that cannot be parsed, so that its response is sent in order,
/// after the responses before it. Its target is the sender's, if one was found.
pub(super) fn placeholder(target: Option<&[u8]>) -> Bytes {
    let mut head = BytesMut::with_capacity(256);
    head.put_slice(b"POST ");
    match target.filter(|target| target.starts_with(b"/")) {
        Some(target) => head.put_slice(&tame_target(target)),
        None => head.put_u8(b'/'),
    }
    head.put_slice(b" HTTP/1.1\r\nhost: unknown\r\nconnection: close\r\n\r\n");
    head.freeze()
}

/// Converts the headers of a head to a map for handlers, without names that a map cannot hold, and
/// with spaces for the bytes of values that it cannot hold: what a client made up must not hide
/// what its proxy appended to the same header.
pub(super) fn header_map(bytes: &[u8], head: &HeadRanges) -> HeaderMap {
    let tame = |&byte: &u8| if is_tame_in_value(byte) { byte } else { b' ' };
    let field = |field: &super::framing::FieldRange| {
        let name = HeaderName::from_bytes(&bytes[field.name.clone()]).ok()?;
        let value: Vec<u8> = bytes[field.value.clone()].iter().map(tame).collect();
        let value = HeaderValue::from_maybe_shared(Bytes::from(value)).ok()?;
        Some((name, value))
    };
    head.fields.iter().filter_map(field).collect()
}

/// Whether hyper read what `output` contains: version, method, target before `#`, and the names and
/// values of all headers.
pub(crate) fn matches_wire(output: &[u8], head: &HeadRanges, parts: &Parts) -> bool {
    let version = match head.version {
        Version::Http10 => hyper::Version::HTTP_10,
        Version::Http11 => hyper::Version::HTTP_11,
    };
    let target = &output[head.target.clone()];
    let before_fragment = target.split(|&byte| byte == b'#').next().unwrap_or_default();
    let same_target = match parts.uri.path_and_query() {
        Some(origin_form) if parts.uri.scheme().is_none() && parts.uri.authority().is_none() => {
            origin_form.as_str().as_bytes() == before_fragment
        }
        _ => Uri::try_from(target).is_ok_and(|uri| uri == parts.uri),
    };
    parts.version == version
        && parts.method.as_str().as_bytes() == &output[head.method.clone()]
        && same_target
        && same_fields(output, head, &parts.headers)
}

fn same_fields(output: &[u8], head: &HeadRanges, headers: &HeaderMap) -> bool {
    if headers.len() != head.fields.len() {
        return false;
    }
    let name =
        |field: &super::framing::FieldRange| std::str::from_utf8(&output[field.name.clone()]);
    if headers.keys_len() == headers.len() {
        return head.fields.iter().all(|field| {
            name(field)
                .ok()
                .and_then(|name| headers.get(name))
                .is_some_and(|value| value.as_bytes() == &output[field.value.clone()])
        });
    }
    let mut ours: Vec<(Vec<u8>, &[u8])> = head
        .fields
        .iter()
        .map(|field| {
            (output[field.name.clone()].to_ascii_lowercase(), &output[field.value.clone()])
        })
        .collect();
    let mut theirs: Vec<(Vec<u8>, &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes()))
        .collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    ours == theirs
}

/// Whether hyper accepts a target as it is.
fn is_tame_target(target: &[u8]) -> bool {
    target.iter().all(|&byte| is_tame_in_target(byte))
        && (target.starts_with(b"/") || Uri::try_from(target).is_ok())
}

/// Returns a target in a form that hyper accepts: invalid bytes are percent-encoded (RFC 3986
/// §2.1), and an invalid target is reduced to its path.
fn tame_target(target: &[u8]) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let odd = target.iter().filter(|&&byte| !is_tame_in_target(byte)).count();
    let fits = target.len() + 2 * odd <= MAX_TARGET_BYTES;
    let mut tame = Vec::with_capacity(target.len() + if fits { 2 * odd } else { 0 });
    for &byte in target {
        if is_tame_in_target(byte) {
            tame.push(byte);
        } else if fits {
            tame.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            tame.push(STAND_IN);
        }
    }
    if is_tame_target(&tame) { tame } else { path_of(&tame).unwrap_or(NO_PATH).to_vec() }
}

/// Returns the path, query and fragment of an absolute URL whose authority cannot be parsed.
fn path_of(url: &[u8]) -> Option<&[u8]> {
    let after_scheme = memmem::find(url, b"://")? + 3;
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let path = after_scheme + memchr3(b'/', b'?', b'#', &url[after_scheme..])?;
    let is_absolute = after_scheme > 3 && url[..after_scheme - 3].iter().all(is_scheme);
    (is_absolute && url[path] == b'/').then(|| &url[path..])
}

const fn is_tame_in_target(byte: u8) -> bool {
    byte > b' '
        && byte < 0x7f
        && !matches!(byte, b'<' | b'>' | b'"' | b'`' | b'\\' | b'^' | b'{' | b'}')
}

const fn is_tame_in_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hyper_takes_every_byte_that_counts_as_tame() {
        for byte in (0..=u8::MAX).filter(|&byte| is_tame_in_target(byte)) {
            let target = [b"/", &[byte][..], b"?", &[byte]].concat();
            assert!(Uri::try_from(&target[..]).is_ok(), "{}", target.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_target_is_handed_on_as_its_path() {
        for (target, tame) in [
            ("http://ho<s>t/a<?b", "/a%3C?b"),
            ("http:///a", "/a"),
            ("http://a:b:c/d#e", "/d#e"),
            ("http://a:b:c", "*"),
            ("http://a:b:c?d", "*"),
            ("a/b", "*"),
            ("<>", "*"),
            ("http://h/<", "http://h/%3C"),
        ] {
            assert_eq!(tame_target(target.as_bytes()).escape_ascii().to_string(), tame, "{target}");
        }
    }

    proptest! {
        #[test]
        fn hyper_takes_every_tame_target(target in proptest::collection::vec(0x21_u8.., 1..60)) {
            prop_assert!(Uri::try_from(&tame_target(&target)[..]).is_ok());
            if is_tame_target(&target) {
                prop_assert_eq!(tame_target(&target), target);
            }
        }

        #[test]
        fn hyper_takes_every_tame_url(rest in "[ -~]{0,20}", path in "[/?#a%:@]{0,9}") {
            let target = format!("http://{rest}{path}");
            prop_assert!(Uri::try_from(&tame_target(target.as_bytes())[..]).is_ok());
        }
    }
}
