//! Splits HTML into tags and text, as browsers do (WHATWG HTML §13.2.5). Drops comments,
//! declarations and unterminated tags. Knows nothing of the meaning of elements.

/// The most attributes that are read from one tag.
const MAX_ATTRIBUTES: usize = 256;

/// A token of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HtmlToken<'a> {
    /// Text as sent, with its character references.
    Text(&'a str),
    Start(Tag<'a>),
    /// An end tag: its name in lower case.
    End(String),
}

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// In lower case.
    pub(super) name: String,
    /// Names and values as sent, without quotes; at most [`MAX_ATTRIBUTES`].
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    /// Whether it ends in `/>`.
    pub(super) closes_itself: bool,
}

/// Splits a document into tokens.
pub(super) struct Tokenizer<'a> {
    text: &'a str,
    at: usize,
    /// Whether the tokenizer is inside SVG, where `<![CDATA[` starts text.
    pub(super) is_foreign: bool,
}

impl<'a> Tokenizer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, is_foreign: false }
    }

    /// Returns the next token; `None` at the end.
    pub(super) fn next_token(&mut self) -> Option<HtmlToken<'a>> {
        loop {
            let rest = self.rest();
            let mut bytes = rest.bytes();
            match (bytes.next()?, bytes.next(), bytes.next()) {
                (b'<', Some(b'a'..=b'z' | b'A'..=b'Z'), _) => {
                    return self.tag(1).map(HtmlToken::Start);
                }
                (b'<', Some(b'/'), Some(b'a'..=b'z' | b'A'..=b'Z')) => {
                    return self.tag(2).map(|tag| HtmlToken::End(tag.name));
                }
                (b'<', Some(b'!'), _) if rest.starts_with("<!--") => self.comment(),
                (b'<', Some(b'!'), _) if self.is_foreign && rest.starts_with("<![CDATA[") => {
                    self.at += "<![CDATA[".len();
                    return Some(HtmlToken::Text(self.through("]]>")));
                }
                (b'<', Some(b'!' | b'?'), _) | (b'<', Some(b'/'), Some(_)) => {
                    self.through(">");
                }
                (_, _, _) => {
                    let end = memchr::memchr(b'<', &rest.as_bytes()[1..]);
                    return Some(HtmlToken::Text(self.take(end.map_or(rest.len(), |end| end + 1))));
                }
            }
        }
    }

    /// Returns the content of a raw text element, and consumes its end tag.
    pub(super) fn content(&mut self, name: &str) -> &'a str {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let is_end = |at: usize| {
            let after = at + 2 + name.len();
            bytes.get(at + 2..after).is_some_and(|sent| sent.eq_ignore_ascii_case(name.as_bytes()))
                && bytes.get(after).is_none_or(|byte| is_space(*byte) || b"/>".contains(byte))
        };
        let end = memchr::memmem::find_iter(bytes, b"</").find(|&at| is_end(at));
        let content = self.take(end.unwrap_or(rest.len()));
        if end.is_some() {
            self.through(">");
        }
        content
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Consumes the next `bytes` bytes.
    fn take(&mut self, bytes: usize) -> &'a str {
        let taken = self.rest().get(..bytes).unwrap_or_default();
        self.at += bytes;
        taken
    }

    /// Consumes everything up to and including `mark` and returns the part before it; without a
    /// mark, the rest.
    fn through(&mut self, mark: &str) -> &'a str {
        let rest = self.rest();
        let Some((before, _)) = rest.split_once(mark) else { return self.take(rest.len()) };
        self.at += before.len() + mark.len();
        before
    }

    fn comment(&mut self) {
        self.at += "<!--".len();
        let rest = self.rest();
        // `<!-->` and `<!--->` are complete comments.
        let end = match ["->", ">"].into_iter().find(|end| rest.starts_with(end)) {
            Some(end) => Some(end.len()),
            None => memchr::memchr_iter(b'>', rest.as_bytes()).map(|at| at + 1).find(|&end| {
                let comment = &rest[..end];
                comment.ends_with("-->") || comment.ends_with("--!>")
            }),
        };
        self.at += end.unwrap_or(rest.len());
    }

    /// Parses a tag whose name starts at `name`; `None` if the document ends inside it.
    fn tag(&mut self, name: usize) -> Option<Tag<'a>> {
        self.at += name;
        let name = self.until(|byte| is_space(byte) || b"/>".contains(&byte)).to_ascii_lowercase();
        let mut tag = Tag { name, attributes: Vec::new(), closes_itself: false };
        loop {
            let space = self.until(|byte| !is_space(byte) && byte != b'/');
            if self.rest().as_bytes().first()? == &b'>' {
                self.at += 1;
                tag.closes_itself = space.ends_with('/');
                return Some(tag);
            }
            let attribute = self.attribute()?;
            if tag.attributes.len() < MAX_ATTRIBUTES {
                tag.attributes.push(attribute);
            }
        }
    }

    /// Parses a name, and a value if there is one; `None` if the document ends inside it.
    fn attribute(&mut self) -> Option<(&'a str, &'a str)> {
        let start = self.at;
        // A name may start with an equals sign.
        self.at += usize::from(self.rest().starts_with('='));
        self.until(|byte| is_space(byte) || b"/>=".contains(&byte));
        let name = self.text.get(start..self.at)?;
        self.until(|byte| !is_space(byte));
        if !self.rest().starts_with('=') {
            return Some((name, ""));
        }
        self.at += 1;
        self.until(|byte| !is_space(byte));
        let value = match self.rest().as_bytes().first()? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let value = self.until(|byte| byte == *quote);
                if self.rest().is_empty() {
                    return None;
                }
                self.at += 1;
                value
            }
            _ => self.until(|byte| is_space(byte) || byte == b'>'),
        };
        Some((name, value))
    }

    /// Consumes everything up to the first end byte, or the rest. End bytes are ASCII, so no
    /// character is cut.
    fn until(&mut self, is_end: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().position(is_end);
        self.take(end.unwrap_or(rest.len()))
    }
}

/// ASCII whitespace (WHATWG Infra §4.6).
const fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tokens in short form: `<name a=b/>`, `</name>`, text.
    fn tokens(html: &str) -> Vec<String> {
        let mut tokenizer = Tokenizer::new(html);
        let mut tokens = Vec::new();
        while let Some(token) = tokenizer.next_token() {
            tokens.push(match token {
                HtmlToken::Text(text) => text.to_owned(),
                HtmlToken::End(name) => format!("</{name}>"),
                HtmlToken::Start(tag) => {
                    let attributes =
                        tag.attributes.iter().map(|(name, value)| format!(" [{name}]=[{value}]"));
                    let end = if tag.closes_itself { "/>" } else { ">" };
                    format!("<{}{}{end}", tag.name, attributes.collect::<String>())
                }
            });
        }
        tokens
    }

    #[test]
    fn documents_are_taken_apart_as_browsers_do() {
        for (html, expected) in [
            ("a<B>c</B x=y>d", &["a", "<b>", "c", "</b>", "d"] as &[&str]),
            ("<a\tb\n=\r'c>'\x0cd=e/f g=\"h\"/>", &["<a [b]=[c>] [d]=[e/f] [g]=[h]/>"]),
            ("<a/b/c=d / >", &["<a [b]=[] [c]=[d]>"]),
            ("<a =b==c d=>e", &["<a [=b]=[=c] [d]=[]>", "e"]),
            ("<a <b>c", &["<a [<b]=[]>", "c"]),
            ("1 < 2 <", &["1 ", "< 2 ", "<"]),
            ("</>a</ b>c</", &["a", "c", "</"]),
            ("<!doctype html><?xml x?><![if y]>a", &["a"]),
            ("a<!-->b<!--->c<!-- > -- --!>d<!---->e<!--a--->f", &["a", "b", "c", "d", "e", "f"]),
            ("a<!-- <b>", &["a"]),
            ("a<b c='d", &["a"]),
            ("a<b c", &["a"]),
            ("a<b", &["a"]),
        ] {
            assert_eq!(tokens(html), expected, "{html}");
        }
    }

    #[test]
    fn content_that_is_no_markup_goes_to_its_own_end_tag() {
        let mut tokenizer = Tokenizer::new("<style>a</styles></b></STYLE\n x>c");
        tokenizer.next_token();
        assert_eq!(tokenizer.content("style"), "a</styles></b>");
        assert_eq!(tokenizer.next_token(), Some(HtmlToken::Text("c")));
        let mut tokenizer = Tokenizer::new("<style>a</b>");
        tokenizer.next_token();
        assert_eq!((tokenizer.content("style"), tokenizer.next_token()), ("a</b>", None));
    }

    #[test]
    fn a_tag_has_a_bounded_number_of_attributes() {
        let html = format!("<a {}>", "b ".repeat(MAX_ATTRIBUTES + 1));
        let Some(HtmlToken::Start(tag)) = Tokenizer::new(&html).next_token() else { panic!() };
        assert_eq!(tag.attributes.len(), MAX_ATTRIBUTES);
    }

    proptest! {
        #[test]
        fn no_document_is_too_strange(html: String, soup in "(<|>|/|a|ä|!|--|->|=|\"|'| |\\[CDATA\\[|]]>|\\?){0,40}") {
            tokens(&html);
            tokens(&soup);
        }
    }
}
