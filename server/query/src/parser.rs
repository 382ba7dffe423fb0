//! Tokens as a tree: `NOT` and `-` before `AND`, which may be left out, before `OR`.

use std::{iter::Peekable, vec};

use super::{
    Fault, MAX_BYTES, MAX_DEPTH, MAX_TERMS, Node,
    fields::{self, Term},
    lexer::{self, Kind, Token},
};

/// Reads a search; `None` for one that says nothing.
pub(super) fn parse(text: &str, now_us: i64) -> Result<Option<Node>, Fault> {
    if text.len() > MAX_BYTES {
        let start = text.floor_char_boundary(MAX_BYTES);
        let message = format!("A search takes at most {MAX_BYTES} bytes; leave something out.");
        return Err(Fault::new(start..text.len(), message));
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
            let message = "Nothing was opened that this could close: take it out, or quote it.";
            Err(Fault::new(token.range, message))
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
    fn any(&mut self) -> Result<Node, Fault> {
        let mut nodes = vec![self.all()?];
        while self.tokens.next_if(|token| token.kind == Kind::Or).is_some() {
            nodes.push(self.all()?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self) -> Result<Node, Fault> {
        let mut nodes = vec![self.one()?];
        loop {
            let and = self.tokens.next_if(|token| token.kind == Kind::And).is_some();
            match self.tokens.peek().map(|token| &token.kind) {
                None | Some(Kind::Close | Kind::Or) if !and => break,
                _ => nodes.push(self.one()?),
            }
        }
        // What is known without reading much comes first: the rest may not be needed.
        nodes.sort_by_key(Node::needs);
        Ok(one_or(nodes, Node::All))
    }

    fn one(&mut self) -> Result<Node, Fault> {
        let Some(Token { kind, range }) = self.tokens.next() else {
            let end = self.text.len();
            return Err(Fault::new(end..end, "Something is missing at the end: add a term."));
        };
        match kind {
            Kind::Not => {
                let node = self.deeper(range, Self::one)?;
                Ok(Node::Not(Box::new(node)))
            }
            Kind::Open => {
                let node = self.deeper(range.clone(), Self::any)?;
                if self.tokens.next_if(|token| token.kind == Kind::Close).is_none() {
                    let message = "This parenthesis is never closed: put a ) where it ends.";
                    return Err(Fault::new(range, message));
                }
                Ok(node)
            }
            Kind::Close => {
                let message = "A term is missing before this: add one, or quote it.";
                Err(Fault::new(range, message))
            }
            Kind::And | Kind::Or => {
                let name = &self.text[range.clone()];
                let message = format!(
                    "{name} stands between two terms; to search for the word, write \"{name}\"."
                );
                Err(Fault::new(range, message))
            }
            Kind::Word(value) => self.count(Term::word(value)?, range),
            Kind::Field { name, value } => {
                let term = fields::term(self.text, name, &value, self.now_us)?;
                self.count(term, range)
            }
        }
    }

    fn count(&mut self, term: Term, range: std::ops::Range<usize>) -> Result<Node, Fault> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let message = format!("A search takes at most {MAX_TERMS} terms; leave some out.");
            return Err(Fault::new(range, message));
        }
        Ok(Node::Term(term))
    }

    fn deeper(
        &mut self,
        range: std::ops::Range<usize>,
        read: impl FnOnce(&mut Self) -> Result<Node, Fault>,
    ) -> Result<Node, Fault> {
        if self.depth == MAX_DEPTH {
            let message = format!("This is over {MAX_DEPTH} levels deep; write it flatter.");
            return Err(Fault::new(range, message));
        }
        self.depth += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }
}

fn one_or(mut nodes: Vec<Node>, many: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            many(nodes)
        }
        None => many(nodes),
    }
}
