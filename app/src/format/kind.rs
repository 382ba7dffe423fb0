//! What a body is: text, JSON or neither, by its bytes first and its content type second.

/// How a body is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// No bytes came.
    Empty,
    /// Text that is or claims to be JSON; whether it is, the printer tells.
    Json,
    /// Text of any other kind, markup too: it is only ever shown as text.
    Text,
    /// Bytes that are not text.
    Binary,
}

/// The kind of a body. `bytes` may be only its start: a character that is cut off at the end does
/// not make it binary.
#[must_use]
pub fn detect(content_type: Option<&str>, bytes: &[u8]) -> BodyKind {
    if bytes.is_empty() {
        return BodyKind::Empty;
    }
    let Some(text) = readable(bytes) else { return BodyKind::Binary };
    if text.chars().any(is_binary) {
        return BodyKind::Binary;
    }
    match content_type.map(media_type) {
        Some(media_type) if is_json(media_type) => BodyKind::Json,
        // Senders forget the type or leave curl's default of a form: then what it looks like
        // decides. A type that says something else is believed.
        None => sniff(text),
        Some(media_type) if is_vague(media_type) => sniff(text),
        Some(_) => BodyKind::Text,
    }
}

/// The UTF-8 text that `bytes` begin with, if nothing but a cut-off character follows it.
fn readable(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}

/// Control characters that no text uses; escape is left to logs with colours.
const fn is_binary(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{e}'..='\u{1a}' | '\u{1c}'..='\u{1f}')
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn is_json(media_type: &str) -> bool {
    let ends_with = |ending: &str| {
        let start = media_type.len().checked_sub(ending.len());
        start
            .and_then(|start| media_type.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    ends_with("/json") || ends_with("+json")
}

fn is_vague(media_type: &str) -> bool {
    ["", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"]
        .iter()
        .any(|vague| media_type.eq_ignore_ascii_case(vague))
}

fn sniff(text: &str) -> BodyKind {
    match text.trim_start().bytes().next() {
        Some(b'{' | b'[') => BodyKind::Json,
        _ => BodyKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_is_known_by_its_type() {
        for content_type in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/cloudevents+json",
            "text/json",
        ] {
            assert_eq!(detect(Some(content_type), b"1"), BodyKind::Json, "{content_type}");
        }
        assert_eq!(detect(Some("application/jsonish"), b"{}"), BodyKind::Text);
    }

    #[test]
    fn json_is_known_by_its_looks_where_the_type_says_nothing() {
        assert_eq!(detect(None, b" {\"a\":1}"), BodyKind::Json);
        assert_eq!(detect(Some("application/x-www-form-urlencoded"), b"[1]"), BodyKind::Json);
        assert_eq!(detect(Some("application/x-www-form-urlencoded"), b"a=1"), BodyKind::Text);
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(detect(Some("image/svg+xml"), b"<svg onload='x'/>"), BodyKind::Text);
        assert_eq!(detect(Some("text/html"), b"<script>"), BodyKind::Text);
    }

    #[test]
    fn what_is_not_utf8_or_has_controls_is_binary() {
        assert_eq!(detect(Some("application/json"), b"{\"a\":\"\xff\"}"), BodyKind::Binary);
        assert_eq!(detect(None, b"\x89PNG\r\n\x1a\n"), BodyKind::Binary);
        assert_eq!(detect(Some("text/plain"), b"a\0b"), BodyKind::Binary);
        assert_eq!(detect(Some("text/plain"), b"\x1b[31mred\t\r\n"), BodyKind::Text);
    }

    #[test]
    fn a_character_cut_off_at_the_end_is_still_text() {
        assert_eq!(detect(None, "größer".as_bytes().split_at(3).0), BodyKind::Text);
        assert_eq!(detect(None, b"\xc3"), BodyKind::Binary);
        assert_eq!(detect(Some("a/b"), b""), BodyKind::Empty);
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange(content_type: Option<String>, bytes: Vec<u8>) {
            let _ = detect(content_type.as_deref(), &bytes);
        }
    }
}
