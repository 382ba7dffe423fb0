//! The fields of forms and queries as rows, with remarks on unusual ones.

use hookglass_message::form::{MAX_PAIRS, decode, hex, pairs};
use hookglass_wire::{Field, Note};

use super::{fields::field, headers, note};

/// Returns the fields of a form or query in order. They are built lazily.
pub(crate) fn fields(bytes: &[u8]) -> (impl Iterator<Item = Field>, Vec<Note>) {
    let mut notes = Vec::new();
    if pairs(bytes).nth(MAX_PAIRS).is_some() {
        notes.push(note("warn", "It is shown in part: there are more than 100,000 fields."));
    }
    let sent = || pairs(bytes).take(MAX_PAIRS);
    let mut names: Vec<Vec<u8>> = sent().map(|(name, _)| decode(name)).collect();
    names.sort_unstable();
    let mut repeated: Vec<&[u8]> =
        names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].as_slice()).collect();
    repeated.dedup();
    repeated.truncate(5);
    if !repeated.is_empty() {
        let shown: Vec<String> = repeated.into_iter().map(shown_name).collect();
        notes.push(note("info", &format!("Sent more than once: {}.", shown.join(", "))));
    }
    (sent().map(|(name, value)| read(name, value)), notes)
}

/// Builds a field from a pair.
fn read(name: &[u8], value: Option<&[u8]>) -> Field {
    let (decoded_name, decoded) = (decode(name), decode(value.unwrap_or_default()));
    let secrecy = secrecy_of_decoded(&decoded_name);
    let kind = if value.is_none() { "missing" } else { secrecy };
    Field {
        secret: value.is_some() && !secrecy.is_empty(),
        readable: remark(name, value, &decoded_name, &decoded),
        ..field(&decoded_name, &decoded, kind)
    }
}

/// How the value of a field is marked, by its raw name; empty for most.
pub(crate) fn secrecy(name: &str) -> &'static str {
    secrecy_of_decoded(&decode(name.as_bytes()))
}

fn secrecy_of_decoded(name: &[u8]) -> &'static str {
    headers::secrecy(&String::from_utf8_lossy(name))
}

fn shown_name(name: &[u8]) -> String {
    field(name, b"", "").name.into_iter().map(|piece| piece.0).collect()
}

/// What is unusual about a pair.
fn remark(
    name: &[u8],
    value: Option<&[u8]>,
    decoded_name: &[u8],
    decoded: &[u8],
) -> Option<String> {
    let Some(value) = value else { return Some("no value: it has no equals sign".to_owned()) };
    let is_broken = |sent: &[u8]| {
        let mut rest = sent;
        while let Some(at) = memchr::memchr(b'%', rest) {
            match rest.get(at + 1..at + 3) {
                Some([high, low]) if hex(*high).is_some() && hex(*low).is_some() => {}
                _ => return true,
            }
            rest = &rest[at + 3..];
        }
        false
    };
    if is_broken(name) || is_broken(value) {
        Some("a percent sign in it begins no code".to_owned())
    } else if std::str::from_utf8(decoded_name).is_err() || std::str::from_utf8(decoded).is_err() {
        Some("it decodes to bytes that are not UTF-8".to_owned())
    } else if value.is_empty() {
        Some("empty".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(bytes: &[u8]) -> Vec<(String, String, Option<String>)> {
        let text = |pieces: &[hookglass_wire::Piece]| {
            pieces.iter().map(|piece| piece.0.as_str()).collect::<String>()
        };
        let (fields, _) = fields(bytes);
        fields.map(|field| (text(&field.name), text(&field.value), field.readable)).collect()
    }

    #[test]
    fn pairs_are_decoded_and_what_is_odd_is_said() {
        let rows = shown(b"a=1+2%2B3&&b=%e4&c=%zz&d&e=&%F0%9F%98%80=x=y\r\n");
        let expected = [
            ("a", "1 2+3", None),
            ("b", "\\xe4", Some("it decodes to bytes that are not UTF-8")),
            ("c", "%zz", Some("a percent sign in it begins no code")),
            ("d", "", Some("no value: it has no equals sign")),
            ("e", "", Some("empty")),
            ("\u{1f600}", "x=y", None),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, value, remark)| {
                ((*name).to_owned(), (*value).to_owned(), remark.map(str::to_owned))
            })
            .collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn what_is_sent_twice_is_said() {
        let (_, notes) = fields(b"a=1&b=2&a=3&b=4&a=5&c=1");
        assert_eq!(notes[0].text, "Sent more than once: a, b.");
    }

    proptest! {
        #[test]
        fn no_form_is_too_strange(bytes: Vec<u8>, text in "[a%=&+0]{0,30}") {
            fields(&bytes).0.for_each(drop);
            fields(text.as_bytes()).0.for_each(drop);
        }
    }
}
