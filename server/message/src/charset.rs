//! Decodes bytes as text, by `Content-Type` and by their content.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::media_type::MediaType;

/// How many bytes are checked for control characters.
const LOOKED_AT_BYTES: usize = 64 * 1024;

/// Decoded text.
#[derive(Debug, PartialEq, Eq)]
pub struct DecodedText {
    /// The text in UTF-8; `None` if the bytes are already UTF-8.
    pub converted: Option<Vec<u8>>,
    /// How the bytes were decoded, if that is worth knowing.
    pub note: Option<String>,
}

/// Decodes bytes as text, if they are text.
pub fn text(media: &MediaType, bytes: &[u8]) -> Option<DecodedText> {
    let declared = media.parameter("charset");
    let known = declared.as_deref().and_then(|name| Encoding::for_label(name.as_bytes()));
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked.or(known).unwrap_or(UTF_8);
    if encoding == UTF_8 {
        if is_utf8(bytes) {
            let says_text = media.is_text();
            return (says_text || !has_controls(bytes))
                .then_some(DecodedText { converted: None, note: None });
        }
        if has_controls(bytes) && !media.is_text() {
            return None;
        }
        let note = "It is not UTF-8 and is shown as Windows-1252 (Latin-1).".to_owned();
        let (converted, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
        return Some(DecodedText {
            converted: Some(converted.into_owned().into_bytes()),
            note: Some(note),
        });
    }
    let (converted, had_errors) = encoding.decode_with_bom_removal(bytes);
    let unread = if had_errors { ", with bytes that it cannot decode" } else { "" };
    let note = format!("It is shown as {}{unread}.", encoding.name());
    Some(DecodedText { converted: Some(converted.into_owned().into_bytes()), note: Some(note) })
}

/// Whether bytes are UTF-8, apart from a truncated character at the end.
fn is_utf8(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    }
}

/// Whether the start contains control characters that text does not use; escape is allowed, for
/// logs with colours.
pub fn has_controls(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(LOOKED_AT_BYTES)];
    start.iter().any(|byte| matches!(byte, 0..=0x08 | 0x0e..=0x1a | 0x1c..=0x1f))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(content_type: &str, bytes: &[u8]) -> Option<(String, bool)> {
        let text = text(&MediaType::of(content_type.as_bytes()), bytes)?;
        let noted = text.note.is_some();
        let bytes = text.converted.unwrap_or_else(|| bytes.to_vec());
        Some((String::from_utf8_lossy(&bytes).into_owned(), noted))
    }

    #[test]
    fn utf8_is_text_as_it_is() {
        assert_eq!(read("", "größer\t\x1b[0m".as_bytes()), Some(("größer\t\x1b[0m".into(), false)));
        assert_eq!(read("", b"a\0b"), None);
        assert_eq!(read("text/plain", b"a\0b"), Some(("a\0b".into(), false)));
        assert!(read("", "größer".as_bytes().split_at(3).0).is_some(), "cut within a character");
    }

    #[test]
    fn other_charsets_are_read_where_they_are_named_or_marked() {
        assert_eq!(
            read("text/plain; charset=Shift_JIS", b"\x83e\x83X"),
            Some(("テス".into(), true))
        );
        assert_eq!(
            read("text/xml;charset=\"windows-1251\"", b"\xcf\xf0"),
            Some(("Пр".into(), true))
        );
        assert_eq!(read("", b"\xff\xfeh\0i\0"), Some(("hi".into(), true)));
        assert_eq!(read("text/plain; charset=nonsense", b"hi"), Some(("hi".into(), false)));
    }

    #[test]
    fn what_is_neither_is_latin_or_no_text() {
        assert_eq!(read("", b"gr\xfc\xdfe"), Some(("grüße".into(), true)));
        assert_eq!(read("", b"\x89PNG\r\n\x1a\n\0"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(content_type in ".{0,20}|text/x; charset=[a-z0-9-]{1,12}", bytes: Vec<u8>) {
            if let Some(DecodedText { converted: Some(text), .. }) = text(&MediaType::of(content_type.as_bytes()), &bytes) {
                prop_assert!(std::str::from_utf8(&text).is_ok());
            }
        }
    }
}
