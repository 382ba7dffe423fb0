//! The tokens of JSON, each as it stands in the text (RFC 8259 §2–§7).

use super::Error;

/// What a stretch of JSON is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The name of a member, with its quotes.
    Key,
    /// A string, with its quotes.
    String,
    /// A number, digit for digit.
    Number,
    /// `true`, `false` or `null`.
    Literal,
    /// Brackets, commas, colons, and the space around them.
    Punctuation,
}

/// One token.
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

/// A text from which tokens are taken one by one.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// Where the next byte is; always at the boundary of a character.
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // A byte order mark may be ignored (RFC 8259 §8.1).
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at }
    }

    /// Takes a scalar, or the bracket that opens an array or object.
    pub(super) fn value(&mut self) -> Result<Token<'a>, Error> {
        self.skip_space();
        let (kind, end) = match self.peek(self.at) {
            Some(b'{' | b'[') => (Kind::Punctuation, self.at + 1),
            Some(b'"') => (Kind::String, self.string_end()?),
            Some(b'-' | b'0'..=b'9') => (Kind::Number, self.number_end()?),
            Some(b't') => (Kind::Literal, self.word_end("true")?),
            Some(b'f') => (Kind::Literal, self.word_end("false")?),
            Some(b'n') => (Kind::Literal, self.word_end("null")?),
            _ => return Err(self.error(self.at, "a value")),
        };
        let text = &self.text[self.at..end];
        self.at = end;
        Ok(Token { kind, text })
    }

    /// Takes the name of a member.
    pub(super) fn key(&mut self) -> Result<&'a str, Error> {
        self.skip_space();
        if self.peek(self.at) != Some(b'"') {
            return Err(self.error(self.at, "a name in quotes"));
        }
        let end = self.string_end()?;
        let text = &self.text[self.at..end];
        self.at = end;
        Ok(text)
    }

    /// Takes `mark` if it is next.
    pub(super) fn take(&mut self, mark: &str) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(mark);
        if found {
            self.at += mark.len();
        }
        found
    }

    /// Takes `mark`, which must be next.
    pub(super) fn expect(&mut self, mark: &str, expected: &'static str) -> Result<(), Error> {
        if self.take(mark) { Ok(()) } else { Err(self.error(self.at, expected)) }
    }

    /// Takes the end of the text.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error(self.at, "the end")) }
    }

    fn peek(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek(self.at) {
            self.at += 1;
        }
    }

    fn word_end(&self, word: &'static str) -> Result<usize, Error> {
        if self.text[self.at..].starts_with(word) {
            Ok(self.at + word.len())
        } else {
            Err(self.error(self.at, "a value"))
        }
    }

    /// RFC 8259 §7; what the string says is not looked at, lone surrogates pass as they are.
    fn string_end(&self) -> Result<usize, Error> {
        let mut at = self.at + 1;
        loop {
            match self.peek(at) {
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => at = self.escape_end(at)?,
                Some(0..=0x1f) => return Err(self.error(at, "an escape for a control character")),
                Some(_) => at += 1,
                None => return Err(self.error(at, "a closing quote")),
            }
        }
    }

    fn escape_end(&self, backslash: usize) -> Result<usize, Error> {
        match self.peek(backslash + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(backslash + 2),
            Some(b'u') => {
                let end = backslash + 6;
                let digits = self.text.as_bytes().get(backslash + 2..end);
                if digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    Ok(end)
                } else {
                    Err(self.error(backslash, "four hex digits after \\u"))
                }
            }
            _ => Err(self.error(backslash, "a known escape")),
        }
    }

    /// RFC 8259 §6: no leading zeros, a digit on both sides of the point.
    fn number_end(&self) -> Result<usize, Error> {
        let mut at = self.at;
        if self.peek(at) == Some(b'-') {
            at += 1;
        }
        at = match self.peek(at) {
            Some(b'0') => at + 1,
            _ => self.digits_end(at)?,
        };
        if self.peek(at) == Some(b'.') {
            at = self.digits_end(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.peek(at) {
            at += 1;
            if let Some(b'+' | b'-') = self.peek(at) {
                at += 1;
            }
            at = self.digits_end(at)?;
        }
        if let Some(b'0'..=b'9') = self.peek(at) {
            return Err(self.error(self.at, "a number without leading zeros"));
        }
        Ok(at)
    }

    fn digits_end(&self, start: usize) -> Result<usize, Error> {
        let mut at = start;
        while let Some(b'0'..=b'9') = self.peek(at) {
            at += 1;
        }
        if at == start { Err(self.error(at, "a digit")) } else { Ok(at) }
    }

    fn error(&self, at: usize, expected: &'static str) -> Error {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Error::Invalid {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            expected,
        }
    }
}
