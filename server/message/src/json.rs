//! Finds values in JSON by their paths without building a tree; a truncated text is read as far as
//! it goes.

mod path;
pub mod token;
mod tree;

use std::borrow::Cow;

pub use self::{
    path::{PathStep, quoted, quoted_name, steps, unescaped},
    tree::{JsonMatch, PathTree, gather},
};

/// The maximum depth of `paths`.
const SHOWN_DEPTH: usize = 4;

/// A JSON value; of objects and arrays only their presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonValue<'a> {
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// A number as written, or `true`, `false`, `null`.
    Bare(&'a str),
    /// An object or an array.
    Nested,
}

/// Whether `accept` accepts one of the values at a path.
pub fn any_at(
    json: &[u8],
    steps: &[PathStep],
    accept: &mut dyn FnMut(JsonValue<'_>) -> bool,
) -> bool {
    let Some(text) = readable(json) else { return false };
    let mut reader = Walker { text, at: 0 };
    let mut done = false;
    reader.walk(steps, &mut |found| {
        done = done || accept(found);
        done
    });
    done
}

/// Returns bytes as text up to the first invalid byte: the last character may be truncated, and
/// JSON is always UTF-8. A byte order mark at the start is not part of it (RFC 8259 §8.1).
fn readable(json: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(json);
    let text = text.or_else(|error| std::str::from_utf8(&json[..error.valid_up_to()])).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Returns the paths of values in a JSON text with the values as written, at most `most`, in order;
/// the first element of an array stands for all.
pub fn paths(json: &[u8], most: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(text) = readable(json) {
        Walker { text, at: 0 }.collect("", 0, &mut found, most);
    }
    found
}

struct Walker<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walker<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Skips the next value and passes the values at the path to `accept` until it accepts one.
    /// Returns `None` then, and if the text ends or is not JSON.
    fn walk(
        &mut self,
        steps: &[PathStep],
        accept: &mut dyn FnMut(JsonValue<'_>) -> bool,
    ) -> Option<()> {
        self.skip_space();
        let Some((step, later)) = steps.split_first() else {
            let found = match self.peek()? {
                b'{' | b'[' => JsonValue::Nested,
                b'"' => JsonValue::Text(self.string()?),
                _ => JsonValue::Bare(self.bare()?),
            };
            let nested = found == JsonValue::Nested;
            if accept(found) {
                return None;
            }
            return if nested { self.skip() } else { Some(()) };
        };
        match self.peek()? {
            b'{' => self.members(step, later, accept),
            b'[' => self.elements(step, later, accept),
            _ => self.skip(),
        }
    }

    fn members(
        &mut self,
        step: &PathStep,
        later: &[PathStep],
        accept: &mut dyn FnMut(JsonValue<'_>) -> bool,
    ) -> Option<()> {
        self.at += 1;
        loop {
            self.skip_space();
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                b',' => {
                    self.at += 1;
                    continue;
                }
                b'"' => {}
                _ => return None,
            }
            let name = self.string()?;
            self.skip_space();
            if self.peek()? != b':' {
                return None;
            }
            self.at += 1;
            match step {
                PathStep::Any => self.walk(later, accept)?,
                PathStep::Name(wanted) if *wanted == name => self.walk(later, accept)?,
                PathStep::Name(_) | PathStep::Index(_) => self.skip()?,
            }
        }
    }

    fn elements(
        &mut self,
        step: &PathStep,
        later: &[PathStep],
        accept: &mut dyn FnMut(JsonValue<'_>) -> bool,
    ) -> Option<()> {
        self.at += 1;
        for index in 0.. {
            self.skip_space();
            if self.peek()? == b',' {
                self.at += 1;
                self.skip_space();
            }
            if self.peek()? == b']' {
                self.at += 1;
                return Some(());
            }
            match step {
                PathStep::Any => self.walk(later, accept)?,
                PathStep::Index(wanted) if *wanted == index => self.walk(later, accept)?,
                PathStep::Name(_) | PathStep::Index(_) => self.skip()?,
            }
        }
        None
    }

    fn collect(
        &mut self,
        path: &str,
        depth: usize,
        into: &mut Vec<(String, String)>,
        most: usize,
    ) -> Option<()> {
        self.skip_space();
        match self.peek()? {
            _ if into.len() >= most => return None,
            b'{' if depth < SHOWN_DEPTH => {
                self.at += 1;
                loop {
                    self.skip_space();
                    match self.peek()? {
                        b',' => self.at += 1,
                        b'"' => {
                            let name = quoted_name(&self.string()?);
                            self.skip_space();
                            if self.peek()? != b':' {
                                return None;
                            }
                            self.at += 1;
                            let dot = if path.is_empty() { "" } else { "." };
                            self.collect(&format!("{path}{dot}{name}"), depth + 1, into, most)?;
                        }
                        _ => break,
                    }
                }
                self.at += 1;
            }
            b'[' if depth < SHOWN_DEPTH => {
                let start = self.at;
                self.at += 1;
                self.skip_space();
                if self.peek()? != b']' {
                    self.collect(&format!("{path}[*]"), depth + 1, into, most)?;
                }
                self.at = start;
                self.skip()?;
            }
            b'"' => {
                let text = self.string()?.into_owned();
                into.push((path.to_owned(), text));
            }
            b'{' | b'[' => self.skip()?,
            _ => {
                let bare = self.bare()?.to_owned();
                into.push((path.to_owned(), bare));
            }
        }
        Some(())
    }

    /// Skips a value, however deep.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.skip_space();
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                _ => {
                    self.bare()?;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let next = memchr::memchr2(b'"', b'\\', rest)?;
            self.at += next + 1;
            if rest[next] == b'"' {
                return Some(());
            }
            // Only the first byte of an escape matters for finding the end of the string.
            if self.at < self.text.len() {
                self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
            }
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        self.skip_string()?;
        let inner = &self.text[start + 1..self.at - 1];
        if !inner.contains('\\') {
            return Some(Cow::Borrowed(inner));
        }
        let whole = &self.text[start..self.at];
        // Lone surrogates are not text: shown as written.
        let text = serde_json::from_str(whole).unwrap_or_else(|_| inner.to_owned());
        Some(Cow::Owned(text))
    }

    /// Reads a number or a literal; `None` if there is neither.
    fn bare(&mut self) -> Option<&'a str> {
        let rest = &self.text[self.at..];
        let ends = |c: char| {
            c.is_ascii_whitespace() || matches!(c, ',' | ':' | '[' | ']' | '{' | '}' | '"')
        };
        let end = rest.find(ends).unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }
}

#[cfg(test)]
mod tests;
