//! Redacts heads: overwrites Hookglass keys, and the cookies that the operator named. The only
//! exception to exact storage.

use memchr::{memchr, memchr_iter, memmem::find_iter};

use hookglass_store::key::{find_cut_key, find_keys};

/// Overwrites every key in `head`, and the values of `cookies` in its `Cookie` headers, with `*` of
/// equal length. Returns whether there were any. Also works on trailers.
pub(crate) fn redact(head: &mut [u8], cookies: &[String]) -> bool {
    let mut redacted = redact_keys(head);
    if cookies.is_empty() {
        return redacted;
    }
    let mut rest = head;
    while !rest.is_empty() {
        let end = field_end(rest);
        let (field, behind) = std::mem::take(&mut rest).split_at_mut(end);
        if let Some(value) = cookie_value(field) {
            redacted |= redact_pairs(value, cookies, Boundary::Cookie);
        }
        rest = behind;
    }
    redacted
}

/// The same for a malformed head, possibly incomplete: header boundaries are unknown, so it
/// searches for cookies everywhere, and redacts half a key at the end.
pub(crate) fn redact_unread(head: &mut [u8], cookies: &[String]) -> bool {
    let mut redacted = redact_keys(head);
    if let Some(cut) = find_cut_key(head) {
        head[cut].fill(b'*');
        redacted = true;
    }
    redacted | redact_pairs(head, cookies, Boundary::Any)
}

/// Overwrites every key in `bytes`. Returns whether there was one.
pub(crate) fn redact_keys(bytes: &mut [u8]) -> bool {
    let found = find_keys(bytes);
    for range in &found {
        bytes[range.clone()].fill(b'*');
    }
    !found.is_empty()
}

/// The end of the first header, including its continuation lines, which start with white space (RFC
/// 9112 §5.2).
fn field_end(bytes: &[u8]) -> usize {
    let goes_on = |&end: &usize| !matches!(bytes.get(end), Some(b' ' | b'\t'));
    memchr_iter(b'\n', bytes).map(|at| at + 1).find(goes_on).unwrap_or(bytes.len())
}

/// Returns the value of a header named `Cookie`, despite odd characters around the name.
fn cookie_value(field: &mut [u8]) -> Option<&mut [u8]> {
    let colon = memchr(b':', field)?;
    let is_odd = |byte: &u8| !byte.is_ascii_alphanumeric();
    let name = &field[..colon];
    let start = name.iter().position(|byte| !is_odd(byte))?;
    let end = name.iter().rposition(|byte| !is_odd(byte))? + 1;
    let is_cookie = name[start..end].eq_ignore_ascii_case(b"cookie");
    if is_cookie { field.get_mut(colon + 1..) } else { None }
}

/// The bytes that may precede the name of a cookie.
#[derive(Clone, Copy)]
enum Boundary {
    /// Those in the value of a `Cookie` header.
    Cookie,
    /// The same, and those around a header name.
    Any,
}

impl Boundary {
    fn is(self, byte: u8) -> bool {
        match byte {
            b';' | b',' | b'"' | ..=b' ' | 0x7f => true,
            b':' | 0x80.. => matches!(self, Self::Any),
            _ => false,
        }
    }
}

/// Overwrites the values of `cookies`, each up to the next semicolon or the end of its line and its
/// continuation lines. Returns whether there was one.
fn redact_pairs(bytes: &mut [u8], cookies: &[String], boundary: Boundary) -> bool {
    let mut values = Vec::new();
    for cookie in cookies.iter().filter(|cookie| !cookie.is_empty()) {
        for start in find_iter(bytes, cookie) {
            let is_whole = start == 0 || boundary.is(bytes[start - 1]);
            let behind = start + cookie.len();
            let equals = bytes[behind..].iter().position(|byte| !byte.is_ascii_whitespace());
            let equals = equals.map(|spaces| behind + spaces);
            if let Some(equals) = equals.filter(|&at| is_whole && bytes[at] == b'=') {
                values.push(equals + 1);
            }
        }
    }
    let mut redacted = false;
    for start in values {
        let mut at = start;
        // Some parsers take a quoted semicolon for a part of the value.
        let (mut is_quoted, mut is_escaped) = (false, false);
        while let Some(&byte) = bytes.get(at) {
            let is_quote = byte == b'"' && !is_escaped;
            is_quoted ^= is_quote && (is_quoted || bytes[start..at].trim_ascii().is_empty());
            is_escaped = byte == b'\\' && is_quoted && !is_escaped;
            match byte {
                b';' if !is_quoted => break,
                b'\r' | b'\n' => {
                    let next = at + 1 + usize::from(bytes[at..].starts_with(b"\r\n"));
                    if !matches!(bytes.get(next), Some(b' ' | b'\t')) {
                        break;
                    }
                    at = next + 1;
                }
                _ => {
                    bytes[at] = b'*';
                    redacted = true;
                    at += 1;
                }
            }
        }
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;
    use hookglass_store::key::Key;

    #[test]
    fn a_key_is_overwritten_wherever_it_stands_in_the_head() {
        let key = Key::random().unwrap();
        let key = key.reveal();
        let mut head = format!(
            "GET /x?k={key} HTTP/1.1\r\nCookie: a=1; hookglass={key}; b=2\r\n{key}: {key}\r\n\r\n"
        )
        .into_bytes();
        let length = head.len();
        assert!(redact(&mut head, &[]));
        assert_eq!(head.len(), length);
        let head = String::from_utf8(head).unwrap();
        assert!(!head.contains("hgk_"));
        assert!(head.contains(&format!("Cookie: a=1; hookglass={}; b=2\r\n", "*".repeat(47))));
    }

    #[test]
    fn only_named_cookies_are_overwritten() {
        let mut head = b"GET / HTTP/1.1\r\ncookie: sid=se=cret; sid2=x\r\nX-A: sid=1\r\nCOOKIE: y=1;sid=q\r\n\t; sid=folded\r\n\r\n".to_vec();
        assert!(redact(&mut head, &["sid".to_owned()]));
        assert_eq!(
            String::from_utf8(head).unwrap(),
            "GET / HTTP/1.1\r\ncookie: sid=*******; sid2=x\r\nX-A: sid=1\r\nCOOKIE: y=1;sid=*\r\n\t; sid=******\r\n\r\n"
        );
    }

    /// Returns `head` with the cookies `sid` and `a.b` redacted.
    fn hidden(head: &str, by: fn(&mut [u8], &[String]) -> bool) -> String {
        let mut bytes = head.as_bytes().to_vec();
        let redacted = by(&mut bytes, &["sid".to_owned(), "a.b".to_owned()]);
        let hidden = String::from_utf8(bytes).unwrap();
        assert_eq!(redacted, hidden != head, "{head:?}");
        hidden
    }

    #[test]
    fn a_value_is_overwritten_in_all_its_lines() {
        for (field, expected) in [
            ("Cookie: sid=one\r\n two; b=1\r\n", "Cookie: sid=***\r\n ***; b=1\r\n"),
            ("Cookie: sid=\r\n\tone\r\n \r\n  two\r\n", "Cookie: sid=\r\n\t***\r\n \r\n ****\r\n"),
            ("Cookie: sid=\"a;b\"; c=1\r\n", "Cookie: sid=*****; c=1\r\n"),
            ("Cookie: sid=\"a\\\";b\";c=\"1\"\r\n", "Cookie: sid=*******;c=\"1\"\r\n"),
            ("Cookie: sid=a\"b;c=1\r\n", "Cookie: sid=***;c=1\r\n"),
            ("Cookie:\r\n sid=one\r\n", "Cookie:\r\n sid=***\r\n"),
            ("Cookie: sid\r\n =one\r\n", "Cookie: sid\r\n =***\r\n"),
            ("Cookie: sid =\r\n one;\r\n sid=x\r\n", "Cookie: sid =\r\n ***;\r\n sid=*\r\n"),
            ("Cookie: b=1, sid=one; a.b=two;c", "Cookie: b=1, sid=***; a.b=***;c"),
            ("cookie\u{a0}: sid=one\r\nX: sid=two\r\n", "cookie\u{a0}: sid=***\r\nX: sid=two\r\n"),
            (
                "Cookie: xsid=1; sid2=2; SID=3; b=sid=4\r\n",
                "Cookie: xsid=1; sid2=2; SID=3; b=sid=4\r\n",
            ),
            ("Cookies: sid=1\r\nX: Cookie: sid=2\r\n", "Cookies: sid=1\r\nX: Cookie: sid=2\r\n"),
        ] {
            assert_eq!(hidden(field, redact), expected, "as trailers: {field:?}");
            let head = |fields| format!("GET /?Cookie:sid=1 HTTP/1.1\r\n{fields}\r\n\r\n");
            assert_eq!(hidden(&head(field), redact), head(expected), "{field:?}");
        }
    }

    #[test]
    fn cookies_of_a_head_that_cannot_be_read_are_overwritten_wherever_they_stand() {
        for (head, expected) in [
            (
                "GET /?sid=1 HTTP/1.1\nCookie: sid=one; b=1\n\n",
                "GET /?sid=1 HTTP/1.1\nCookie: sid=***; b=1\n\n",
            ),
            ("GET / HTTP/1.1\rCookie: sid=one\r\n", "GET / HTTP/1.1\rCookie: sid=***\r\n"),
            ("GET / HTTP/1.1\r\nCookie : sid=one\r\n", "GET / HTTP/1.1\r\nCookie : sid=***\r\n"),
            ("GET / HTTP/1.1\r\n Cookie:sid=one", "GET / HTTP/1.1\r\n Cookie:sid=***"),
            ("GET / HTTP/1.1\r\nCookie sid=one\r\n", "GET / HTTP/1.1\r\nCookie sid=***\r\n"),
            (
                "GET / HTTP/1.1\r\nCookie: sid=o\r\n ne\r\nX: y",
                "GET / HTTP/1.1\r\nCookie: sid=*\r\n **\r\nX: y",
            ),
        ] {
            assert_eq!(hidden(head, redact_unread), expected, "{head:?}");
        }
    }

    #[test]
    fn half_a_key_at_the_end_of_a_head_that_was_cut_is_overwritten() {
        let key = Key::random().unwrap();
        for length in 5..key.reveal().len() {
            let head =
                format!("GET / HTTP/1.1\r\nAuthorization: Bearer {}", &key.reveal()[..length]);
            let hidden = hidden(&head, redact_unread);
            assert!(hidden.ends_with(&format!("Bearer {}", "*".repeat(length))), "{hidden}");
        }
        let whole = "GET / HTTP/1.1\r\nX: hgk_short\r\nY: hgk_";
        assert_eq!(hidden(whole, redact_unread), whole);
    }

    #[test]
    fn nothing_to_hide_leaves_the_head_alone() {
        let mut head = b"GET /hgk_short HTTP/1.1\r\nCookie: a=b\r\n\r\n".to_vec();
        let before = head.clone();
        assert!(!redact(&mut head, &["sid".to_owned()]));
        assert_eq!(head, before);
    }
}
