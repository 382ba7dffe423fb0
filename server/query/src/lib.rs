//! The query language: what a search says, which requests it finds, where it is wrong. Pure: knows
//! neither the store nor HTTP. `docs/API.md` has the language as a table.

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

use hookglass_wire::QueryError;

use self::fields::{Flag, Presence, Term, TextField};
pub use self::{bounds::Bounds, matching::SearchedRequest};
pub use self::{
    matching::TermCache,
    suggest::{Completion, CompletionKind, fields as suggested_fields, presets, quoted, wanted},
};
use hookglass_message::{coding, head};

/// The longest search, in bytes.
const MAX_BYTES: usize = 1024;
/// How many terms a search may have.
const MAX_TERMS: usize = 32;
/// How deep parentheses and negations may stand within each other.
const MAX_DEPTH: usize = 8;
/// How much of a decoded body is searched, in bytes.
pub const SEARCHED_BODY_BYTES: usize = 64 * 1024;

/// A search that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    root: Condition,
}

/// How terms hang together.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Term(Term),
}

/// What is wrong with a search, and where, in bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    range: Range<usize>,
    message: String,
}

/// How much of a request has to be read to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// What lists show.
    Columns,
    /// The head too.
    Head,
    /// The start of the body too.
    Body,
}

impl Query {
    /// Reads a search; `now_us` is what `-1h` counts from. `None` for one that is empty: it says
    /// nothing, so that it depends on the caller what that means.
    ///
    /// # Errors
    /// What is wrong, where, and what to do.
    pub fn parse(text: &str, now_us: i64) -> Result<Option<Self>, QueryError> {
        parser::parse(text, now_us)
            .map(|root| root.map(|root| Self { root }))
            .map_err(|fault| fault.within(text))
    }

    /// Whether it finds this request; `None` if that cannot be told without what the subject does
    /// not have.
    #[must_use]
    pub fn finds(&self, subject: &SearchedRequest<'_>) -> Option<bool> {
        self.finds_with(subject, &TermCache::default())
    }

    /// The same where other searches are asked about this request too: what was read for one of
    /// them is not read again. A memo is for one subject.
    pub fn finds_with(&self, subject: &SearchedRequest<'_>, memo: &TermCache) -> Option<bool> {
        self.root.finds(subject, memo)
    }

    /// How many terms it has.
    pub fn terms(&self) -> usize {
        let mut terms = 0;
        self.root.each(&mut |_| terms += 1);
        terms
    }

    /// What each request that it finds is within.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        bounds::of(&self.root)
    }

    /// Whether it asks for what is only known of a request once it is stored: its number, and which
    /// try of which delivery it is.
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

    /// The first term that asks for what comes of a request only after it is answered, as it is
    /// written.
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

    /// What has to be read to tell.
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

    /// Visits its terms in their order.
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

/// The first of `nodes` that is `deciding` decides; without one, all have to be known.
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

    /// The same with places as a browser counts them.
    fn within(self, text: &str) -> QueryError {
        let Self { range, message } = self;
        QueryError { start: utf16(text, range.start), end: utf16(text, range.end), message }
    }
}

/// What of a body is searched: its start, without its content coding where that can be undone.
/// `raw` is as it came, or a start of that.
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

/// The byte before which so many UTF-16 code units stand; the text's end if it has fewer.
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

/// How many UTF-16 code units come before a byte of a text.
pub fn utf16(text: &str, byte: usize) -> u32 {
    let units = text.char_indices().take_while(|(at, _)| *at < byte).map(|(_, c)| c.len_utf16());
    u32::try_from(units.sum::<usize>()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
