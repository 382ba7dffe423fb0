//! Parses tokens into a tree: `NOT` and `-` bind tighter than `AND`, which may be omitted, and
//! `AND` tighter than `OR`.

use std::{iter::Peekable, vec};

use super::{
    Condition, MAX_BYTES, MAX_DEPTH, MAX_TERMS, SyntaxError,
    fields::{self, Term},
    lexer::{self, Token, TokenKind},
};

/// Parses a query; `None` for an empty one.
pub(super) fn parse(text: &str, now_us: i64) -> Result<Option<Condition>, SyntaxError> {
    if text.len() > MAX_BYTES {
        let start = text.floor_char_boundary(MAX_BYTES);
        let message = format!("A search takes at most {MAX_BYTES} bytes; leave something out.");
        return Err(SyntaxError::new(start..text.len(), message));
    }
    let tokens = lexer::tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser =
        Parser { text, now_us, tokens: tokens.into_iter().peekable(), terms: 0, depth: 0 };
    let root = parser.any()?;
    match parser.tokens.next() {
        None => Ok(Some(root)),
        Some(token) => {
            let message = "This parenthesis does not close anything: remove it, or quote it.";
            Err(SyntaxError::new(token.range, message))
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    now_us: i64,
    tokens: Peekable<vec::IntoIter<Token>>,
    terms: usize,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Condition, SyntaxError> {
        let mut nodes = vec![self.all()?];
        while self.tokens.next_if(|token| token.kind == TokenKind::Or).is_some() {
            nodes.push(self.all()?);
        }
        Ok(one_or(nodes, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, SyntaxError> {
        let mut nodes = vec![self.one()?];
        loop {
            let and = self.tokens.next_if(|token| token.kind == TokenKind::And).is_some();
            match self.tokens.peek().map(|token| &token.kind) {
                None | Some(TokenKind::Close | TokenKind::Or) if !and => break,
                _ => nodes.push(self.one()?),
            }
        }
        // Cheap terms come first: the rest may not be needed.
        nodes.sort_by_key(Condition::needs);
        Ok(one_or(nodes, Condition::All))
    }

    fn one(&mut self) -> Result<Condition, SyntaxError> {
        let Some(Token { kind, range }) = self.tokens.next() else {
            let end = self.text.len();
            return Err(SyntaxError::new(end..end, "Something is missing at the end: add a term."));
        };
        match kind {
            TokenKind::Not => {
                let node = self.deeper(range, Self::one)?;
                Ok(Condition::Not(Box::new(node)))
            }
            TokenKind::Open => {
                let node = self.deeper(range.clone(), Self::any)?;
                if self.tokens.next_if(|token| token.kind == TokenKind::Close).is_none() {
                    let message = "This parenthesis is never closed: put a ) where it ends.";
                    return Err(SyntaxError::new(range, message));
                }
                Ok(node)
            }
            TokenKind::Close => {
                let message = "A term is missing before this: add one, or quote it.";
                Err(SyntaxError::new(range, message))
            }
            TokenKind::And | TokenKind::Or => {
                let name = &self.text[range.clone()];
                let message = format!(
                    "{name} goes between two terms; to search for the word, write \"{name}\"."
                );
                Err(SyntaxError::new(range, message))
            }
            TokenKind::Word(value) => self.count(Term::word(value)?, range),
            TokenKind::Field { name, value } => {
                let term = fields::term(self.text, name, &value, self.now_us)?;
                self.count(term, range)
            }
        }
    }

    fn count(
        &mut self,
        term: Term,
        range: std::ops::Range<usize>,
    ) -> Result<Condition, SyntaxError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let message = format!("A search takes at most {MAX_TERMS} terms; leave some out.");
            return Err(SyntaxError::new(range, message));
        }
        Ok(Condition::Term(term))
    }

    fn deeper(
        &mut self,
        range: std::ops::Range<usize>,
        read: impl FnOnce(&mut Self) -> Result<Condition, SyntaxError>,
    ) -> Result<Condition, SyntaxError> {
        if self.depth == MAX_DEPTH {
            let message = format!("This is over {MAX_DEPTH} levels deep; write it flatter.");
            return Err(SyntaxError::new(range, message));
        }
        self.depth += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }
}

fn one_or(mut nodes: Vec<Condition>, many: impl FnOnce(Vec<Condition>) -> Condition) -> Condition {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            many(nodes)
        }
        None => many(nodes),
    }
}
