//! Splits a query into tokens with their positions.

use std::ops::Range;

use super::SyntaxError;

/// A token and its position, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) range: Range<usize>,
}

/// The kind of a token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    And,
    Or,
    /// `NOT`, or a `-` before a term.
    Not,
    /// A word or phrase.
    Word(TermValue),
    /// A field with its value.
    Field {
        name: Range<usize>,
        value: TermValue,
    },
}

/// A value behind a colon, or alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TermValue {
    /// Without quotes and comparison.
    pub(super) text: String,
    /// Whether it was in quotes: then `*` is literal.
    pub(super) quoted: bool,
    pub(super) comparison: Option<Comparator>,
    /// Its position, including comparison and quotes.
    pub(super) range: Range<usize>,
}

/// A numeric comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparator {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// Reads tokens until the text ends.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// Returns the ranges of tokens in a text that may be invalid: an unclosed quote extends to the
/// end.
pub(super) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut lexer = Lexer { text, at: 0 };
    let mut spans = Vec::new();
    loop {
        lexer.skip_space();
        let start = lexer.at;
        match lexer.next() {
            Ok(Some(token)) => spans.push(token.range),
            Ok(None) => return spans,
            Err(_) => {
                spans.push(start..text.len());
                return spans;
            }
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
    }

    fn next(&mut self) -> Result<Option<Token>, SyntaxError> {
        self.skip_space();
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let kind = match first {
            '(' => self.sign(TokenKind::Open),
            ')' => self.sign(TokenKind::Close),
            '-' if self.text[start + 1..].starts_with(|c: char| !c.is_whitespace()) => {
                self.sign(TokenKind::Not)
            }
            '"' => TokenKind::Word(self.value()?),
            _ => self.word_or_field()?,
        };
        Ok(Some(Token { kind, range: start..self.at }))
    }

    fn sign(&mut self, kind: TokenKind) -> TokenKind {
        self.bump();
        kind
    }

    fn word_or_field(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        if let Some(name) = self.field_name()? {
            let value = self.value()?;
            return Ok(TokenKind::Field { name, value });
        }
        self.at = start;
        let text = self.bare();
        Ok(match text {
            "AND" => TokenKind::And,
            "OR" => TokenKind::Or,
            "NOT" => TokenKind::Not,
            word => TokenKind::Word(TermValue {
                text: word.to_owned(),
                quoted: false,
                comparison: None,
                range: start..self.at,
            }),
        })
    }

    /// Reads the text before a colon, and the colon; parts of it may be quoted.
    fn field_name(&mut self) -> Result<Option<Range<usize>>, SyntaxError> {
        let start = self.at;
        while let Some(next) = self.peek() {
            match next {
                ':' if self.at > start => {
                    let name = start..self.at;
                    self.bump();
                    return Ok(Some(name));
                }
                '"' if self.text[..self.at].ends_with('.') => {
                    self.quoted()?;
                }
                c if c.is_whitespace() || matches!(c, '(' | ')' | '"' | ':') => return Ok(None),
                _ => {
                    self.bump();
                }
            }
        }
        Ok(None)
    }

    fn value(&mut self) -> Result<TermValue, SyntaxError> {
        let start = self.at;
        let comparison = self.comparison();
        let (text, quoted) = if self.peek() == Some('"') {
            (self.quoted()?, true)
        } else {
            (self.bare().to_owned(), false)
        };
        Ok(TermValue { text, quoted, comparison, range: start..self.at })
    }

    fn comparison(&mut self) -> Option<Comparator> {
        let rest = &self.text[self.at..];
        let (sign, comparison) = [
            (">=", Comparator::AtLeast),
            ("<=", Comparator::AtMost),
            (">", Comparator::Above),
            ("<", Comparator::Below),
        ]
        .into_iter()
        .find(|(sign, _)| rest.starts_with(sign))?;
        self.at += sign.len();
        Some(comparison)
    }

    /// Reads up to white space or an unmatched closing parenthesis.
    fn bare(&mut self) -> &str {
        let start = self.at;
        let mut open = 0;
        while let Some(next) = self.peek() {
            match next {
                '(' => open += 1,
                ')' if open == 0 => break,
                ')' => open -= 1,
                c if c.is_whitespace() => break,
                _ => {}
            }
            self.bump();
        }
        &self.text[start..self.at]
    }

    /// Reads the text between two quotes; `\` makes the next character literal.
    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                Some('"') => return Ok(text),
                Some('\\') => text.extend(self.bump()),
                Some(other) => text.push(other),
                None => {
                    let message = "This quote is never closed: put another \" where it ends.";
                    return Err(SyntaxError::new(start..self.text.len(), message));
                }
            }
        }
    }
}
