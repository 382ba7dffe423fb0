//! String literals of programming languages for arbitrary bytes, written in plain characters only.

/// How a language escapes characters that are not plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    /// `\x1b`, byte by byte: Go, PHP, and byte strings of Python and Rust.
    Bytes,
    /// `\x1b`, `\u{202e}`: JavaScript and Rust.
    Braces,
    /// `\x1b`, `\u202e`, `\U0001f600`: Python.
    Digits,
}

/// A kind of literal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Literal {
    /// The delimiter.
    pub(crate) quote: char,
    /// The characters that need a backslash, besides the quote and the backslash.
    pub(crate) backslashed: &'static str,
    /// Whether non-ASCII characters may stand unescaped.
    pub(crate) unicode: bool,
    pub(crate) odd: Odd,
}

impl Literal {
    /// Writes the literal of `bytes`. Bytes that are not UTF-8 are escaped one by one, which only
    /// byte literals allow.
    pub(crate) fn of(self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len() + 2);
        text.push(self.quote);
        for chunk in bytes.utf8_chunks() {
            for char in chunk.valid().chars() {
                self.push(&mut text, char);
            }
            for &byte in chunk.invalid() {
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        text.push(self.quote);
        text
    }

    fn push(self, text: &mut String, char: char) {
        match char {
            '\n' => text.push_str(r"\n"),
            '\r' => text.push_str(r"\r"),
            '\t' => text.push_str(r"\t"),
            char if char == '\\' || char == self.quote || self.backslashed.contains(char) => {
                text.push('\\');
                text.push(char);
            }
            char if is_plain(char) && (self.unicode || char.is_ascii()) => text.push(char),
            char => self.push_odd(text, char),
        }
    }

    fn push_odd(self, text: &mut String, char: char) {
        let code = u32::from(char);
        match self.odd {
            Odd::Bytes => {
                for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                    text.push_str(&format!("\\x{byte:02x}"));
                }
            }
            Odd::Braces | Odd::Digits if code < 0x80 => text.push_str(&format!("\\x{code:02x}")),
            Odd::Braces => text.push_str(&format!("\\u{{{code:x}}}")),
            Odd::Digits if code < 0x1_0000 => text.push_str(&format!("\\u{code:04x}")),
            Odd::Digits => text.push_str(&format!("\\U{code:08x}")),
        }
    }
}

/// Whether a character is visible as itself: no control character, no bidi mark, no space except
/// the plain one.
pub(crate) fn is_plain(char: char) -> bool {
    match char {
        ' '..='~' => true,
        char => !char.is_ascii() && char.escape_debug().len() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_or_hides_is_not_plain() {
        for char in ['a', '~', '\u{e4}', '\u{65e5}', '\u{1f600}'] {
            assert!(is_plain(char), "{char:?}");
        }
        for char in [
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{a0}',
            '\u{200b}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert!(!is_plain(char), "{char:?}");
        }
    }

    #[test]
    fn each_language_gets_its_own_escapes() {
        let text = "a'\"\\$\n\u{1}\u{e4}\u{202e}\u{e0041}".as_bytes();
        let literal = |quote, backslashed, unicode, odd| {
            Literal { quote, backslashed, unicode, odd }.of(text)
        };
        assert_eq!(
            literal('"', "$", true, Odd::Bytes),
            "\"a'\\\"\\\\\\$\\n\\x01\u{e4}\\xe2\\x80\\xae\\xf3\\xa0\\x81\\x81\""
        );
        assert_eq!(
            literal('\'', "", false, Odd::Digits),
            "'a\\'\"\\\\$\\n\\x01\\u00e4\\u202e\\U000e0041'"
        );
        assert_eq!(
            literal('\'', "", true, Odd::Braces),
            "'a\\'\"\\\\$\\n\\x01\u{e4}\\u{202e}\\u{e0041}'"
        );
    }
}
