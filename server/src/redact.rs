//! Overwrites what must not be kept of a head: Hookglass keys, and the cookies that the operator
//! named. The only exception to exactness.

use crate::key::find_keys;

/// Overwrites by `*` of equal length every key in `head`, and in its `Cookie` fields the values
/// of `cookies`. Says whether anything was.
pub(crate) fn redact(head: &mut [u8], cookies: &[String]) -> bool {
    let mut redacted = redact_keys(head);
    if !cookies.is_empty() {
        redacted |= redact_cookies(head, cookies);
    }
    redacted
}

/// Overwrites every key in `bytes`. Says whether there was one.
pub(crate) fn redact_keys(bytes: &mut [u8]) -> bool {
    let found = find_keys(bytes);
    for range in &found {
        bytes[range.clone()].fill(b'*');
    }
    !found.is_empty()
}

fn redact_cookies(head: &mut [u8], cookies: &[String]) -> bool {
    let mut redacted = false;
    let mut in_cookie_field = false;
    for line in head.split_mut(|&byte| byte == b'\n') {
        // A folded line goes on with the field above it (RFC 9112 §5.2).
        let pairs = if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            if !in_cookie_field {
                continue;
            }
            line
        } else {
            let Some(colon) = line.iter().position(|&byte| byte == b':') else {
                in_cookie_field = false;
                continue;
            };
            in_cookie_field = line[..colon].trim_ascii().eq_ignore_ascii_case(b"cookie");
            if !in_cookie_field {
                continue;
            }
            &mut line[colon + 1..]
        };
        for pair in pairs.split_mut(|&byte| byte == b';') {
            let Some(equals) = pair.iter().position(|&byte| byte == b'=') else { continue };
            let name = pair[..equals].trim_ascii();
            if cookies.iter().any(|cookie| cookie.as_bytes() == name) {
                let end = pair.len() - usize::from(pair.ends_with(b"\r"));
                redacted |= end > equals + 1;
                pair[equals + 1..end].fill(b'*');
            }
        }
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

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

    #[test]
    fn nothing_to_hide_leaves_the_head_alone() {
        let mut head = b"GET /hgk_short HTTP/1.1\r\nCookie: a=b\r\n\r\n".to_vec();
        let before = head.clone();
        assert!(!redact(&mut head, &["sid".to_owned()]));
        assert_eq!(head, before);
    }
}
