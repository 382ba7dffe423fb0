//! JSON set out for reading, with every token exactly as sent: numbers past 2^53, the order and
//! repetition of keys, escapes. It reads tokens and never values (RFC 8259).

mod token;

use std::fmt;

pub use self::token::Kind;
use self::token::Tokens;

/// How deep lines are indented: below, deeper levels stay at this depth, lest a hundred thousand
/// nested arrays become gigabytes of spaces.
const DEEPEST_INDENT: usize = 64;

/// Spaces a level.
const INDENT: &str = "  ";

/// Why a text could not be set out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// It is not JSON.
    Invalid {
        /// Where the first offence begins: line, counted from 1.
        line: usize,
        /// And character in the line, counted from 1.
        column: usize,
        /// What would have been right there.
        expected: &'static str,
    },
    /// Set out, it would be longer than asked for.
    TooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { line, column, expected } => {
                write!(f, "Not JSON from line {line}, character {column} on: expected {expected}")
            }
            Self::TooLong => f.write_str("Too long to set out"),
        }
    }
}

impl std::error::Error for Error {}

/// A stretch of JSON that has been set out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: Kind,
    /// Its text; all pieces in a row are the whole.
    pub text: String,
}

/// JSON text with one member or element a line, two spaces a level, of at most `limit` bytes.
/// Empty arrays and objects stay on their line.
///
/// # Errors
/// It is not JSON, or would become longer than `limit`.
pub fn pretty(text: &str, limit: usize) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len().min(limit));
    lay_out(text, limit, |_, text| out.push_str(text))?;
    Ok(out)
}

/// The same as `pretty`, as pieces to colour: neighbours of one kind are one piece.
///
/// # Errors
/// It is not JSON, or would become longer than `limit`.
pub fn pieces(text: &str, limit: usize) -> Result<Vec<Piece>, Error> {
    let mut pieces: Vec<Piece> = Vec::new();
    lay_out(text, limit, |kind, text| match pieces.last_mut() {
        Some(last) if last.kind == kind => last.text.push_str(text),
        _ => pieces.push(Piece { kind, text: text.to_owned() }),
    })?;
    Ok(pieces)
}

/// Checks the grammar and hands out tokens with the space between them.
fn lay_out(text: &str, limit: usize, mut put: impl FnMut(Kind, &str)) -> Result<(), Error> {
    let mut left = limit;
    let mut put = |kind: Kind, text: &str| match left.checked_sub(text.len()) {
        Some(less) => {
            left = less;
            put(kind, text);
            Ok(())
        }
        None => Err(Error::TooLong),
    };
    // One entry a level: whether it is an object. Never recursion, which would end the stack.
    let mut levels: Vec<bool> = Vec::new();
    let mut tokens = Tokens::new(text);
    loop {
        // Here a value begins.
        let token = tokens.value()?;
        put(token.kind, token.text)?;
        let opened = matches!(token.text, "{" | "[");
        if opened {
            let object = token.text == "{";
            let close = if object { "}" } else { "]" };
            if tokens.take(close) {
                put(Kind::Punctuation, close)?;
            } else {
                levels.push(object);
                line_break(levels.len(), &mut put)?;
                key(object, &mut tokens, &mut put)?;
                continue;
            }
        }
        // Here a value has ended, and with it perhaps those around it.
        loop {
            let Some(&object) = levels.last() else { return tokens.end() };
            if tokens.take(",") {
                put(Kind::Punctuation, ",")?;
                line_break(levels.len(), &mut put)?;
                key(object, &mut tokens, &mut put)?;
                break;
            }
            let (close, expected) =
                if object { ("}", "a comma or }") } else { ("]", "a comma or ]") };
            tokens.expect(close, expected)?;
            levels.pop();
            line_break(levels.len(), &mut put)?;
            put(Kind::Punctuation, close)?;
        }
    }
}

fn key(
    object: bool,
    tokens: &mut Tokens<'_>,
    put: &mut impl FnMut(Kind, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    if object {
        put(Kind::Key, tokens.key()?)?;
        tokens.expect(":", "a colon")?;
        put(Kind::Punctuation, ": ")?;
    }
    Ok(())
}

fn line_break(
    depth: usize,
    put: &mut impl FnMut(Kind, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    put(Kind::Punctuation, "\n")?;
    for _ in 0..depth.min(DEEPEST_INDENT) {
        put(Kind::Punctuation, INDENT)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
