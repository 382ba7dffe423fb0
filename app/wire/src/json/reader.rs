//! The tokens of JSON, one by one. This module knows nothing of the types that consist of them.

use std::borrow::Cow;

use super::Unreadable;

/// The maximum nesting depth of values: far deeper than any wire type.
const DEEPEST: u32 = 128;

/// JSON text and the position of the reader in it.
#[derive(Debug, Clone)]
pub struct Reader<'t> {
    text: &'t str,
    /// The number of bytes read, always at the start of a character.
    at: usize,
    depth: u32,
}

// None of these methods is generic, so that each is compiled once.
impl<'t> Reader<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Fails if anything but white space is left.
    pub(super) fn end(&mut self) -> Result<(), Unreadable> {
        if self.peek().is_none() { Ok(()) } else { Err(Unreadable) }
    }

    /// Returns the next byte that is not white space, without consuming it.
    #[inline(never)]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.run(b" \t\n\r");
        self.text.as_bytes().get(self.at).copied()
    }

    /// Consumes the longest run of these bytes, all of them ASCII.
    #[inline(never)]
    fn run(&mut self, bytes: &[u8]) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.bytes().take_while(|byte| bytes.contains(byte)).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Consumes `byte` if it comes next.
    #[inline(never)]
    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    #[inline(never)]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Unreadable> {
        if self.eat(byte) { Ok(()) } else { Err(Unreadable) }
    }

    /// Consumes `word` if it comes next.
    #[inline(never)]
    fn eat_word(&mut self, word: &str) -> bool {
        self.peek();
        let is_next = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    #[inline(never)]
    pub(super) fn null(&mut self) -> bool {
        self.eat_word("null")
    }

    #[inline(never)]
    pub(super) fn boolean(&mut self) -> Result<bool, Unreadable> {
        if self.eat_word("true") {
            Ok(true)
        } else if self.eat_word("false") {
            Ok(false)
        } else {
            Err(Unreadable)
        }
    }

    /// Reads the digits of a whole number, with its sign.
    #[inline(never)]
    pub(super) fn digits(&mut self) -> Result<&'t str, Unreadable> {
        self.peek();
        let digits = self.run(b"-0123456789");
        // Wire types have no fractions or exponents.
        if self.run(b".eE").is_empty() { Ok(digits) } else { Err(Unreadable) }
    }

    #[inline(never)]
    pub(crate) fn string(&mut self) -> Result<Cow<'t, str>, Unreadable> {
        self.expect(b'"')?;
        let mut whole = String::new();
        loop {
            let rest = self.text.get(self.at..).ok_or(Unreadable)?;
            let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\'));
            let end = end.ok_or(Unreadable)?;
            let (plain, rest) = rest.split_at_checked(end).ok_or(Unreadable)?;
            self.at += end + 1;
            if rest.starts_with('"') {
                if whole.is_empty() {
                    return Ok(Cow::Borrowed(plain));
                }
                whole.push_str(plain);
                return Ok(Cow::Owned(whole));
            }
            whole.push_str(plain);
            whole.push(self.escape()?);
        }
    }

    /// Reads the rest of an escape sequence, after the backslash.
    #[inline(never)]
    fn escape(&mut self) -> Result<char, Unreadable> {
        let byte = self.text.as_bytes().get(self.at).ok_or(Unreadable)?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                // A high surrogate needs a low surrogate after it (RFC 8259 §7).
                let code = if first & 0xfc00 == 0xd800 {
                    if !self.eat_word("\\u") {
                        return Err(Unreadable);
                    }
                    let second = self.unit()?;
                    if second & 0xfc00 != 0xdc00 {
                        return Err(Unreadable);
                    }
                    0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff)
                } else {
                    first
                };
                char::from_u32(code).ok_or(Unreadable)?
            }
            _ => return Err(Unreadable),
        })
    }

    /// Reads four hex digits.
    #[inline(never)]
    fn unit(&mut self) -> Result<u32, Unreadable> {
        let mut unit = 0;
        for _ in 0..4 {
            let byte = *self.text.as_bytes().get(self.at).ok_or(Unreadable)?;
            unit = unit << 4 | char::from(byte).to_digit(16).ok_or(Unreadable)?;
            self.at += 1;
        }
        Ok(unit)
    }

    #[inline(never)]
    pub(super) fn enter(&mut self, open: u8) -> Result<(), Unreadable> {
        self.expect(open)?;
        self.depth += 1;
        if self.depth > DEEPEST { Err(Unreadable) } else { Ok(()) }
    }

    /// Returns whether another member follows; if not, consumes `close`.
    #[inline(never)]
    pub(super) fn another(&mut self, is_first: &mut bool, close: u8) -> Result<bool, Unreadable> {
        let was_first = std::mem::replace(is_first, false);
        if self.eat(close) {
            self.depth -= 1;
            return Ok(false);
        }
        if !was_first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    #[inline(never)]
    pub(super) fn leave(&mut self, close: u8) -> Result<(), Unreadable> {
        self.depth -= 1;
        self.expect(close)
    }

    /// Skips a value that the type does not use.
    #[inline(never)]
    pub(super) fn skip(&mut self) -> Result<(), Unreadable> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(open @ (b'{' | b'[')) => {
                let close = open + 2;
                let mut is_first = true;
                self.enter(open)?;
                while self.another(&mut is_first, close)? {
                    if open == b'{' {
                        self.string()?;
                        self.expect(b':')?;
                    }
                    self.skip()?;
                }
                Ok(())
            }
            Some(b't' | b'f') => self.boolean().map(drop),
            Some(b'n') if self.null() => Ok(()),
            // Newer servers may send kinds of numbers that this version does not use.
            _ if self.run(b"+-.0123456789Ee").is_empty() => Err(Unreadable),
            _ => Ok(()),
        }
    }
}
