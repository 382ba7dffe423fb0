//! The tokens of JSON as written (RFC 8259 §2–§7). Values are never decoded.

/// Where and why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenError {
    /// The first invalid byte.
    pub at: usize,
    /// What is valid there.
    pub expected: &'static str,
}

/// The kinds of scalars, by the names that spans have.
pub(crate) const STRING: &str = "string";
/// A number.
pub const NUMBER: &str = "number";
pub(crate) const LITERAL: &str = "literal";

/// Returns the end of the white space at `at`.
pub fn space_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Returns the kind and end of the scalar at `at`.
pub fn scalar_end(bytes: &[u8], at: usize) -> Result<(&'static str, usize), TokenError> {
    match bytes.get(at) {
        Some(b'"') => Ok((STRING, string_end(bytes, at)?)),
        Some(b'-' | b'0'..=b'9') => Ok((NUMBER, number_end(bytes, at)?)),
        Some(b't') => Ok((LITERAL, word_end(bytes, at, b"true")?)),
        Some(b'f') => Ok((LITERAL, word_end(bytes, at, b"false")?)),
        Some(b'n') => Ok((LITERAL, word_end(bytes, at, b"null")?)),
        _ => Err(TokenError { at, expected: "a value" }),
    }
}

fn word_end(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, TokenError> {
    let end = at + word.len();
    if bytes.get(at..end) == Some(word) {
        Ok(end)
    } else {
        Err(TokenError { at, expected: "a value" })
    }
}

/// RFC 8259 §7; the content is not checked: lone surrogates pass.
pub fn string_end(bytes: &[u8], start: usize) -> Result<usize, TokenError> {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape_end(bytes, at)?,
            Some(0..=0x1f) => {
                return Err(TokenError { at, expected: "an escape for a control character" });
            }
            Some(_) => at += 1,
            None => return Err(TokenError { at, expected: "a closing quote" }),
        }
    }
}

fn escape_end(bytes: &[u8], backslash: usize) -> Result<usize, TokenError> {
    match bytes.get(backslash + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(backslash + 2),
        Some(b'u') => {
            let end = backslash + 6;
            let digits = bytes.get(backslash + 2..end);
            if digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                Ok(end)
            } else {
                Err(TokenError { at: backslash, expected: "four hex digits after \\u" })
            }
        }
        _ => Err(TokenError { at: backslash, expected: "a known escape" }),
    }
}

/// RFC 8259 §6: no leading zeros, a digit on both sides of the point.
fn number_end(bytes: &[u8], start: usize) -> Result<usize, TokenError> {
    let mut at = start;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        _ => digits_end(bytes, at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits_end(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits_end(bytes, at)?;
    }
    if let Some(b'0'..=b'9') = bytes.get(at) {
        return Err(TokenError { at: start, expected: "a number without leading zeros" });
    }
    Ok(at)
}

fn digits_end(bytes: &[u8], start: usize) -> Result<usize, TokenError> {
    let mut at = start;
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    if at == start { Err(TokenError { at, expected: "a digit" }) } else { Ok(at) }
}
