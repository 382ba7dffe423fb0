//! A tokenizer of XML and HTML for syntax colours: it builds no tree and rejects nothing.

use std::ops::Range;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkupToken {
    /// A bracket and name that start a tag, declaration or instruction, or the end of one.
    Tag,
    /// An attribute name.
    Attribute,
    /// An attribute value, with its quotes.
    Value,
    /// Text, and white space in tags.
    Text,
    Comment,
    /// A character reference.
    Entity,
}

/// The scanner's state at a position, from which it can resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ScannerState {
    #[default]
    Text,
    Comment,
    Cdata,
    /// In a tag, perhaps of a raw text element.
    Tag(Raw),
    /// After an equals sign in a tag.
    Equals(Raw),
    /// In a value in double or single quotes.
    Double(Raw),
    Single(Raw),
    Raw(Raw),
}

/// HTML elements with raw text content (WHATWG HTML §13.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Raw {
    #[default]
    None,
    Script,
    Style,
    Title,
    Textarea,
}

impl Raw {
    const ALL: [(Self, &'static [u8]); 4] = [
        (Self::Script, b"script"),
        (Self::Style, b"style"),
        (Self::Title, b"title"),
        (Self::Textarea, b"textarea"),
    ];

    fn of(name: &[u8]) -> Self {
        let found = Self::ALL.iter().find(|(_, known)| name.eq_ignore_ascii_case(known));
        found.map_or(Self::None, |(raw, _)| *raw)
    }

    fn name(self) -> &'static [u8] {
        Self::ALL.iter().find(|(raw, _)| *raw == self).map_or(b"", |(_, name)| name)
    }
}

/// Returns tokens one by one.
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    is_html: bool,
    pub(crate) state: ScannerState,
    /// The state inside the last token.
    pub(crate) inside: ScannerState,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8], is_html: bool) -> Self {
        Self::resume(bytes, 0, ScannerState::Text, is_html)
    }

    /// Resumes at a position with a known state.
    pub(crate) fn resume(bytes: &'a [u8], at: usize, state: ScannerState, is_html: bool) -> Self {
        Self { bytes, at, is_html, state, inside: state }
    }

    /// Returns the next token and its range; together, the tokens cover all bytes.
    pub(crate) fn next_token(&mut self) -> Option<(MarkupToken, Range<usize>)> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        self.inside = self.state;
        let (token, length) = match self.state {
            ScannerState::Text => self.text(rest),
            ScannerState::Comment => {
                let (length, ended) = through(rest, b"-->");
                self.leave(ended, ScannerState::Text);
                (MarkupToken::Comment, length)
            }
            ScannerState::Cdata => {
                if rest.starts_with(b"]]>") {
                    self.state = ScannerState::Text;
                    (MarkupToken::Tag, 3)
                } else {
                    (MarkupToken::Text, memchr::memmem::find(rest, b"]]>").unwrap_or(rest.len()))
                }
            }
            ScannerState::Tag(raw) | ScannerState::Equals(raw) => self.tag(rest, raw),
            ScannerState::Double(raw) => self.quoted(rest, b'"', raw),
            ScannerState::Single(raw) => self.quoted(rest, b'\'', raw),
            ScannerState::Raw(raw) => {
                let end = raw_end(rest, raw.name());
                if end == 0 {
                    self.state = ScannerState::Text;
                    self.inside = ScannerState::Text;
                    self.text(rest)
                } else {
                    (MarkupToken::Text, end)
                }
            }
        };
        let range = self.at..self.at + length.max(1);
        self.at = range.end;
        Some((token, range))
    }

    fn text(&mut self, rest: &[u8]) -> (MarkupToken, usize) {
        if rest.starts_with(b"<!--") {
            self.inside = ScannerState::Comment;
            let (length, ended) = through(&rest[4..], b"-->");
            self.state = if ended { ScannerState::Text } else { ScannerState::Comment };
            return (MarkupToken::Comment, 4 + length);
        }
        if rest.starts_with(b"<![CDATA[") {
            self.state = ScannerState::Cdata;
            self.inside = ScannerState::Tag(Raw::None);
            return (MarkupToken::Tag, 9);
        }
        match rest {
            [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | b'/' | b'!' | b'?' | 0x80.., ..] => {
                let mark = usize::from(matches!(rest[1], b'/' | b'!' | b'?'));
                let name = &rest[1 + mark..];
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/>?\"'=<".contains(byte);
                let length = name.iter().position(is_end).unwrap_or(name.len());
                let opens = self.is_html && mark == 0;
                let raw = if opens { Raw::of(&name[..length]) } else { Raw::None };
                self.state = ScannerState::Tag(raw);
                self.inside = self.state;
                (MarkupToken::Tag, 1 + mark + length)
            }
            [b'<', ..] => (MarkupToken::Text, 1),
            [b'&', ..] => {
                let name = rest[1..].iter().take(32);
                let length =
                    name.take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#').count();
                if length > 0 && rest.get(1 + length) == Some(&b';') {
                    (MarkupToken::Entity, length + 2)
                } else {
                    (MarkupToken::Text, 1)
                }
            }
            _ => (MarkupToken::Text, memchr::memchr2(b'<', b'&', rest).unwrap_or(rest.len())),
        }
    }

    fn tag(&mut self, rest: &[u8], raw: Raw) -> (MarkupToken, usize) {
        let is_value = matches!(self.state, ScannerState::Equals(_));
        self.inside = ScannerState::Tag(raw);
        match rest {
            [b'>', ..] => {
                self.state =
                    if raw == Raw::None { ScannerState::Text } else { ScannerState::Raw(raw) };
                (MarkupToken::Tag, 1)
            }
            [b'/' | b'?', b'>', ..] => {
                self.state = ScannerState::Text;
                (MarkupToken::Tag, 2)
            }
            // An unterminated tag.
            [b'<', ..] => {
                self.state = ScannerState::Text;
                self.text(rest)
            }
            [b'=', ..] => {
                self.state = ScannerState::Equals(raw);
                (MarkupToken::Text, 1)
            }
            [quote @ (b'"' | b'\''), ..] => {
                let inside = if *quote == b'"' {
                    ScannerState::Double(raw)
                } else {
                    ScannerState::Single(raw)
                };
                let (length, ended) = through(&rest[1..], &[*quote]);
                self.inside = inside;
                self.state = if ended { ScannerState::Tag(raw) } else { inside };
                (MarkupToken::Value, 1 + length)
            }
            [first, ..] if first.is_ascii_whitespace() => {
                let length = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                (MarkupToken::Text, length)
            }
            [b'/' | b'?', ..] if !is_value => (MarkupToken::Text, 1),
            _ => {
                let is_end = |byte: &u8| {
                    byte.is_ascii_whitespace()
                        || *byte == b'>'
                        || !is_value && b"=/?<\"'".contains(byte)
                };
                let length = rest.iter().position(is_end).unwrap_or(rest.len());
                self.state = ScannerState::Tag(raw);
                (if is_value { MarkupToken::Value } else { MarkupToken::Attribute }, length)
            }
        }
    }

    fn quoted(&mut self, rest: &[u8], quote: u8, raw: Raw) -> (MarkupToken, usize) {
        let (length, ended) = through(rest, &[quote]);
        self.leave(ended, ScannerState::Tag(raw));
        (MarkupToken::Value, length)
    }

    fn leave(&mut self, ended: bool, state: ScannerState) {
        if ended {
            self.state = state;
        }
    }
}

/// The length up to and including `mark`, and whether it was found.
fn through(bytes: &[u8], mark: &[u8]) -> (usize, bool) {
    match memchr::memmem::find(bytes, mark) {
        Some(at) => (at + mark.len(), true),
        None => (bytes.len(), false),
    }
}

/// The position of `</name`.
fn raw_end(bytes: &[u8], name: &[u8]) -> usize {
    let mut ends = memchr::memmem::find_iter(bytes, b"</");
    ends.find(|&at| {
        bytes.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
    .unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str, is_html: bool) -> Vec<(MarkupToken, &str)> {
        let mut scanner = Scanner::new(text.as_bytes(), is_html);
        let mut tokens = Vec::new();
        while let Some((token, range)) = scanner.next_token() {
            tokens.push((token, &text[range]));
        }
        tokens
    }

    #[test]
    fn xml_is_taken_apart() {
        let xml = "<?xml version='1.0'?><a:b c=\"d>e\">f &amp; <g/><![CDATA[<x>]]></a:b><!-- > -->";
        let expected = [
            (MarkupToken::Tag, "<?xml"),
            (MarkupToken::Text, " "),
            (MarkupToken::Attribute, "version"),
            (MarkupToken::Text, "="),
            (MarkupToken::Value, "'1.0'"),
            (MarkupToken::Tag, "?>"),
            (MarkupToken::Tag, "<a:b"),
            (MarkupToken::Text, " "),
            (MarkupToken::Attribute, "c"),
            (MarkupToken::Text, "="),
            (MarkupToken::Value, "\"d>e\""),
            (MarkupToken::Tag, ">"),
            (MarkupToken::Text, "f "),
            (MarkupToken::Entity, "&amp;"),
            (MarkupToken::Text, " "),
            (MarkupToken::Tag, "<g"),
            (MarkupToken::Tag, "/>"),
            (MarkupToken::Tag, "<![CDATA["),
            (MarkupToken::Text, "<x>"),
            (MarkupToken::Tag, "]]>"),
            (MarkupToken::Tag, "</a:b"),
            (MarkupToken::Tag, ">"),
            (MarkupToken::Comment, "<!-- > -->"),
        ];
        assert_eq!(tokens(xml, false), expected);
    }

    #[test]
    fn the_content_of_scripts_is_no_markup() {
        let html = "<SCRIPT async src=/a.js>if (a<b) '</p>'</script><p>1 < 2";
        let expected = [
            (MarkupToken::Tag, "<SCRIPT"),
            (MarkupToken::Text, " "),
            (MarkupToken::Attribute, "async"),
            (MarkupToken::Text, " "),
            (MarkupToken::Attribute, "src"),
            (MarkupToken::Text, "="),
            (MarkupToken::Value, "/a.js"),
            (MarkupToken::Tag, ">"),
            (MarkupToken::Text, "if (a<b) '</p>'"),
            (MarkupToken::Tag, "</script"),
            (MarkupToken::Tag, ">"),
            (MarkupToken::Tag, "<p"),
            (MarkupToken::Tag, ">"),
            (MarkupToken::Text, "1 "),
            (MarkupToken::Text, "<"),
            (MarkupToken::Text, " 2"),
        ];
        assert_eq!(tokens(html, true), expected);
    }

    proptest! {
        #[test]
        fn tokens_together_are_the_text(text in "(<|>|/|a|!--|-->|<!\\[CDATA\\[|]]>|=|\"|'| |&|;|script|\n|\\?){0,40}", is_html: bool) {
            let back: String = tokens(&text, is_html).into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(back, text);
        }

        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let mut scanner = Scanner::new(&bytes, true);
            let mut at = 0;
            while let Some((_, range)) = scanner.next_token() {
                prop_assert_eq!(range.start, at);
                at = range.end;
            }
            prop_assert_eq!(at, bytes.len());
        }
    }
}
