//! Parses form fields and queries: names and values in the URL Standard's
//! `application/x-www-form-urlencoded`.

/// The most pairs that are parsed.
pub const MAX_PAIRS: usize = 100_000;

/// Returns the decoded value of the first field with a name.
pub fn value(bytes: &[u8], wanted: &str) -> Option<Vec<u8>> {
    let mut pairs = pairs(bytes).take(MAX_PAIRS);
    let (_, value) = pairs.find(|(name, _)| decode(name) == wanted.as_bytes())?;
    value.map(decode)
}

/// Returns decoded names and values in order; a missing value is empty.
pub fn decoded_pairs(bytes: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    pairs(bytes)
        .take(MAX_PAIRS)
        .map(|(name, value)| (decode(name), value.map(decode).unwrap_or_default()))
}

/// Whether bytes look like a form, regardless of the declared type.
pub fn looks_like_form(bytes: &[u8]) -> bool {
    let is_fine =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%+*[]=&!'()$,:@/;".contains(&byte);
    bytes.len() < 1024 * 1024
        && bytes.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && bytes.contains(&b'=')
        && bytes.iter().copied().all(is_fine)
}

/// Returns names and values in order as sent; `None` is a missing value.
pub fn pairs(bytes: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    // Line ends behind a form are not part of its last value.
    let bytes = bytes.trim_ascii_end();
    bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        match memchr::memchr(b'=', pair) {
            Some(equals) => (&pair[..equals], Some(&pair[equals + 1..])),
            None => (pair, None),
        }
    })
}

/// Decodes plus signs and percent codes; a percent sign without a code stays as it is.
pub fn decode(sent: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = sent.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    unpercent(&spaced)
}

/// Decodes percent codes.
pub(crate) fn unpercent(sent: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(sent.len());
    let mut rest = sent;
    loop {
        match rest {
            [] => return decoded,
            [b'%', high, low, after @ ..]
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) =>
            {
                decoded.push(high * 16 + low);
                rest = after;
            }
            [byte, after @ ..] => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
}

/// Returns the value of a hex digit.
pub fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_form_is_known_by_its_looks() {
        assert!(looks_like_form(b"token=abc&user_name=Bob%20X"));
        assert!(!looks_like_form(b"{\"a\":\"=\"}") && !looks_like_form(b"hello a=b"));
        assert_eq!(value(b"x=1&payload=%7B%7D", "payload").as_deref(), Some(b"{}".as_slice()));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_looked_at(bytes: Vec<u8>) {
            looks_like_form(&bytes);
            decoded_pairs(&bytes).for_each(drop);
        }
    }
}
