//! The query language: parses queries, matches requests, reports errors. Pure: knows neither the
//! store nor HTTP. `docs/API.md` has the language as a table.

mod bounds;
mod decimal;
mod fields;
mod lexer;
mod matching;
mod parser;
mod suggest;
mod text;
mod time;

use std::{borrow::Cow, ops::Range};

use hookglass_message::{coding, head};
use hookglass_wire::QueryError;

use self::fields::{Flag, Presence, Term, TextField};
pub use self::{
    bounds::Bounds,
    matching::{SearchedRequest, TermCache},
    suggest::{Completion, CompletionKind, fields as suggested_fields, presets, quoted, wanted},
};

/// The longest query, in bytes.
const MAX_BYTES: usize = 1024;
/// The most terms of a query.
const MAX_TERMS: usize = 32;
/// The deepest nesting of parentheses and negations.
const MAX_DEPTH: usize = 8;
/// How much of a decoded body is searched, in bytes.
pub const SEARCHED_BODY_BYTES: usize = 64 * 1024;

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    root: Condition,
}

/// How terms are combined.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Term(Term),
}

/// What is wrong with a query, and where, in bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    range: Range<usize>,
    message: String,
}

/// The parts of a request that a decision needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// The list entry.
    Columns,
    /// The head too.
    Head,
    /// The start of the body too.
    Body,
}

impl Query {
    /// Parses a query; `now_us` is the reference of `-1h`. `None` for an empty query, whose meaning
    /// depends on the caller.
    ///
    /// # Errors
    /// What is wrong, where, and how to fix it.
    pub fn parse(text: &str, now_us: i64) -> Result<Option<Self>, QueryError> {
        parser::parse(text, now_us)
            .map(|root| root.map(|root| Self { root }))
            .map_err(|fault| fault.within(text))
    }

    /// Whether it matches this request; `None` if that depends on parts that the subject lacks.
    #[must_use]
    pub fn finds(&self, subject: &SearchedRequest<'_>) -> Option<bool> {
        self.finds_with(subject, &TermCache::default())
    }

    /// The same if other queries are matched against this request too: parts that one of them
    /// parsed are not parsed again. A memo belongs to one subject.
    pub fn finds_with(&self, subject: &SearchedRequest<'_>, memo: &TermCache) -> Option<bool> {
        self.root.finds(subject, memo)
    }

    /// Returns the number of terms.
    pub fn terms(&self) -> usize {
        let mut terms = 0;
        self.root.each(&mut |_| terms += 1);
        terms
    }

    /// Returns bounds on the requests that it matches.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        bounds::of(&self.root)
    }

    /// Whether it uses fields that are only known once a request is stored: its number, its
    /// delivery and its attempt.
    pub fn asks_for_stored(&self) -> bool {
        let mut asks = false;
        self.root.each(&mut |term| {
            let is_one = matches!(
                term,
                Term::Seq(_) | Term::Attempt(_) | Term::Text(TextField::Delivery, _)
            );
            asks |= is_one;
        });
        asks
    }

    /// Returns the first term, as written, that uses a field known only after the response.
    pub fn asks_for_later(&self) -> Option<&'static str> {
        let mut found = None;
        self.root.each(&mut |term| {
            let name = match term {
                Term::Text(TextField::Verdict, _) => "verdict:",
                Term::Text(TextField::Note, _) => "note:",
                Term::Status(_) => "status:",
                Term::Has(Presence::Note) => "has:note",
                Term::Is(Flag::Pinned) => "is:pinned",
                _ => return,
            };
            found = found.or(Some(name));
        });
        found
    }

    /// Returns the parts of a request that it needs.
    pub fn needs(&self) -> Needs {
        self.root.needs()
    }
}

impl Condition {
    fn needs(&self) -> Needs {
        match self {
            Self::All(nodes) | Self::Any(nodes) => {
                nodes.iter().map(Self::needs).max().unwrap_or(Needs::Columns)
            }
            Self::Not(node) => node.needs(),
            Self::Term(term) => term.needs(),
        }
    }

    /// Visits the terms in order.
    fn each(&self, visit: &mut dyn FnMut(&Term)) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.each(visit)),
            Self::Not(node) => node.each(visit),
            Self::Term(term) => visit(term),
        }
    }

    fn finds(&self, subject: &SearchedRequest<'_>, memo: &TermCache) -> Option<bool> {
        match self {
            Self::All(nodes) => decided(nodes, subject, memo, false),
            Self::Any(nodes) => decided(nodes, subject, memo, true),
            Self::Not(node) => node.finds(subject, memo).map(|found| !found),
            Self::Term(term) => term.finds(subject, memo),
        }
    }
}

/// Returns the first of `nodes` that decides as `deciding`; otherwise all must be known.
fn decided(
    nodes: &[Condition],
    subject: &SearchedRequest<'_>,
    memo: &TermCache,
    deciding: bool,
) -> Option<bool> {
    let mut all_known = true;
    for node in nodes {
        match node.finds(subject, memo) {
            Some(found) if found == deciding => return Some(deciding),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!deciding)
}

impl SyntaxError {
    fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self { range, message: message.into() }
    }

    /// Converts the position to a browser's units.
    fn within(self, text: &str) -> QueryError {
        let Self { range, message } = self;
        QueryError { start: utf16(text, range.start), end: utf16(text, range.end), message }
    }
}

/// Returns the searched part of a body: its start, without its content coding if that can be
/// decoded. `raw` is the body as received, or a start of it.
pub fn searched<'a>(head: &[u8], raw: &'a [u8]) -> Cow<'a, [u8]> {
    let start = &raw[..raw.len().min(SEARCHED_BODY_BYTES)];
    if raw.is_empty() {
        return Cow::Borrowed(start);
    }
    let codings = head::values(head, "content-encoding").join(&b',');
    let decoded = std::str::from_utf8(&codings)
        .ok()
        .and_then(|codings| coding::start(codings, raw, SEARCHED_BODY_BYTES));
    match decoded {
        Some(mut decoded) => {
            decoded.bytes.truncate(SEARCHED_BODY_BYTES);
            Cow::Owned(decoded.bytes)
        }
        None => Cow::Borrowed(start),
    }
}

/// Returns the byte offset of a UTF-16 offset; the text's end if it is shorter.
pub fn byte_at(text: &str, units: u32) -> usize {
    let mut left = usize::try_from(units).unwrap_or(usize::MAX);
    for (at, c) in text.char_indices() {
        if left < c.len_utf16() {
            return at;
        }
        left -= c.len_utf16();
    }
    text.len()
}

/// Returns the UTF-16 offset of a byte offset.
pub fn utf16(text: &str, byte: usize) -> u32 {
    let units = text.char_indices().take_while(|(at, _)| *at < byte).map(|(_, c)| c.len_utf16());
    u32::try_from(units.sum::<usize>()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
