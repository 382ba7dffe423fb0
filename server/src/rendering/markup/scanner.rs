//! The tokens of XML and HTML, for colours only: it builds no tree and refuses nothing.

use std::ops::Range;

/// What a stretch of markup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// The bracket and name that begin a tag, declaration or instruction, or what ends one.
    Tag,
    /// The name of an attribute.
    Attribute,
    /// The value of one, with its quotes.
    Value,
    /// Text, and the space in tags.
    Text,
    Comment,
    /// A character reference.
    Entity,
}

/// Where in the grammar a place is: what a scanner needs to go on from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    #[default]
    Text,
    Comment,
    Cdata,
    /// In a tag, perhaps of an element whose content is no markup.
    Tag(Raw),
    /// Behind an equals sign in one.
    Equals(Raw),
    /// In a value in double or single quotes.
    Double(Raw),
    Single(Raw),
    Raw(Raw),
}

/// Elements of HTML whose content is no markup (WHATWG HTML §13.2.5).
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

/// Takes tokens one by one.
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    is_html: bool,
    pub(crate) state: State,
    /// The state inside of the token that was taken last.
    pub(crate) inside: State,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8], is_html: bool) -> Self {
        Self::resume(bytes, 0, State::Text, is_html)
    }

    /// Goes on at a place whose state is known.
    pub(crate) fn resume(bytes: &'a [u8], at: usize, state: State, is_html: bool) -> Self {
        Self { bytes, at, is_html, state, inside: state }
    }

    /// The next token and where it is; tokens together are all of the bytes.
    pub(crate) fn next_token(&mut self) -> Option<(Token, Range<usize>)> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        self.inside = self.state;
        let (token, length) = match self.state {
            State::Text => self.text(rest),
            State::Comment => {
                let (length, ended) = through(rest, b"-->");
                self.leave(ended, State::Text);
                (Token::Comment, length)
            }
            State::Cdata => {
                if rest.starts_with(b"]]>") {
                    self.state = State::Text;
                    (Token::Tag, 3)
                } else {
                    (Token::Text, memchr::memmem::find(rest, b"]]>").unwrap_or(rest.len()))
                }
            }
            State::Tag(raw) | State::Equals(raw) => self.tag(rest, raw),
            State::Double(raw) => self.quoted(rest, b'"', raw),
            State::Single(raw) => self.quoted(rest, b'\'', raw),
            State::Raw(raw) => {
                let end = raw_end(rest, raw.name());
                if end == 0 {
                    self.state = State::Text;
                    self.inside = State::Text;
                    self.text(rest)
                } else {
                    (Token::Text, end)
                }
            }
        };
        let range = self.at..self.at + length.max(1);
        self.at = range.end;
        Some((token, range))
    }

    fn text(&mut self, rest: &[u8]) -> (Token, usize) {
        if rest.starts_with(b"<!--") {
            self.inside = State::Comment;
            let (length, ended) = through(&rest[4..], b"-->");
            self.state = if ended { State::Text } else { State::Comment };
            return (Token::Comment, 4 + length);
        }
        if rest.starts_with(b"<![CDATA[") {
            self.state = State::Cdata;
            self.inside = State::Tag(Raw::None);
            return (Token::Tag, 9);
        }
        match rest {
            [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | b'/' | b'!' | b'?' | 0x80.., ..] => {
                let mark = usize::from(matches!(rest[1], b'/' | b'!' | b'?'));
                let name = &rest[1 + mark..];
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/>?\"'=<".contains(byte);
                let length = name.iter().position(is_end).unwrap_or(name.len());
                let opens = self.is_html && mark == 0;
                let raw = if opens { Raw::of(&name[..length]) } else { Raw::None };
                self.state = State::Tag(raw);
                self.inside = self.state;
                (Token::Tag, 1 + mark + length)
            }
            [b'<', ..] => (Token::Text, 1),
            [b'&', ..] => {
                let name = rest[1..].iter().take(32);
                let length =
                    name.take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#').count();
                if length > 0 && rest.get(1 + length) == Some(&b';') {
                    (Token::Entity, length + 2)
                } else {
                    (Token::Text, 1)
                }
            }
            _ => (Token::Text, memchr::memchr2(b'<', b'&', rest).unwrap_or(rest.len())),
        }
    }

    fn tag(&mut self, rest: &[u8], raw: Raw) -> (Token, usize) {
        let is_value = matches!(self.state, State::Equals(_));
        self.inside = State::Tag(raw);
        match rest {
            [b'>', ..] => {
                self.state = if raw == Raw::None { State::Text } else { State::Raw(raw) };
                (Token::Tag, 1)
            }
            [b'/' | b'?', b'>', ..] => {
                self.state = State::Text;
                (Token::Tag, 2)
            }
            // A tag that never ended.
            [b'<', ..] => {
                self.state = State::Text;
                self.text(rest)
            }
            [b'=', ..] => {
                self.state = State::Equals(raw);
                (Token::Text, 1)
            }
            [quote @ (b'"' | b'\''), ..] => {
                let inside = if *quote == b'"' { State::Double(raw) } else { State::Single(raw) };
                let (length, ended) = through(&rest[1..], &[*quote]);
                self.inside = inside;
                self.state = if ended { State::Tag(raw) } else { inside };
                (Token::Value, 1 + length)
            }
            [first, ..] if first.is_ascii_whitespace() => {
                let length = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                (Token::Text, length)
            }
            [b'/' | b'?', ..] if !is_value => (Token::Text, 1),
            _ => {
                let is_end = |byte: &u8| {
                    byte.is_ascii_whitespace()
                        || *byte == b'>'
                        || !is_value && b"=/?<\"'".contains(byte)
                };
                let length = rest.iter().position(is_end).unwrap_or(rest.len());
                self.state = State::Tag(raw);
                (if is_value { Token::Value } else { Token::Attribute }, length)
            }
        }
    }

    fn quoted(&mut self, rest: &[u8], quote: u8, raw: Raw) -> (Token, usize) {
        let (length, ended) = through(rest, &[quote]);
        self.leave(ended, State::Tag(raw));
        (Token::Value, length)
    }

    fn leave(&mut self, ended: bool, state: State) {
        if ended {
            self.state = state;
        }
    }
}

/// The length through the end of `mark`, and whether it is there.
fn through(bytes: &[u8], mark: &[u8]) -> (usize, bool) {
    match memchr::memmem::find(bytes, mark) {
        Some(at) => (at + mark.len(), true),
        None => (bytes.len(), false),
    }
}

/// Where `</name` stands.
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

    fn tokens(text: &str, is_html: bool) -> Vec<(Token, &str)> {
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
            (Token::Tag, "<?xml"),
            (Token::Text, " "),
            (Token::Attribute, "version"),
            (Token::Text, "="),
            (Token::Value, "'1.0'"),
            (Token::Tag, "?>"),
            (Token::Tag, "<a:b"),
            (Token::Text, " "),
            (Token::Attribute, "c"),
            (Token::Text, "="),
            (Token::Value, "\"d>e\""),
            (Token::Tag, ">"),
            (Token::Text, "f "),
            (Token::Entity, "&amp;"),
            (Token::Text, " "),
            (Token::Tag, "<g"),
            (Token::Tag, "/>"),
            (Token::Tag, "<![CDATA["),
            (Token::Text, "<x>"),
            (Token::Tag, "]]>"),
            (Token::Tag, "</a:b"),
            (Token::Tag, ">"),
            (Token::Comment, "<!-- > -->"),
        ];
        assert_eq!(tokens(xml, false), expected);
    }

    #[test]
    fn the_content_of_scripts_is_no_markup() {
        let html = "<SCRIPT async src=/a.js>if (a<b) '</p>'</script><p>1 < 2";
        let expected = [
            (Token::Tag, "<SCRIPT"),
            (Token::Text, " "),
            (Token::Attribute, "async"),
            (Token::Text, " "),
            (Token::Attribute, "src"),
            (Token::Text, "="),
            (Token::Value, "/a.js"),
            (Token::Tag, ">"),
            (Token::Text, "if (a<b) '</p>'"),
            (Token::Tag, "</script"),
            (Token::Tag, ">"),
            (Token::Tag, "<p"),
            (Token::Tag, ">"),
            (Token::Text, "1 "),
            (Token::Text, "<"),
            (Token::Text, " 2"),
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
