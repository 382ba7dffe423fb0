//! Values within JSON, found by their path without building a tree; a text that was cut off is
//! read as far as it goes.

mod path;
pub mod token;
mod tree;

use std::borrow::Cow;

pub use self::{
    path::{PathStep, quoted, quoted_name, steps, unescaped},
    tree::{JsonMatch, PathTree, gather},
};

/// How deep `paths` looks.
const SHOWN_DEPTH: usize = 4;

/// A value that is no object and no array; of those only that they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonValue<'a> {
    /// A string, its escapes undone.
    Text(Cow<'a, str>),
    /// A number as it was written, or `true`, `false`, `null`.
    Bare(&'a str),
    /// An object or an array.
    Nested,
}

/// Whether `accept` takes one of the values at a path.
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

/// The text of bytes as far as they are one: the last character may be cut off, and what is no
/// UTF-8 before that is no JSON. A byte order mark before it is none of its own (RFC 8259 §8.1).
fn readable(json: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(json);
    let text = text.or_else(|error| std::str::from_utf8(&json[..error.valid_up_to()])).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Paths of values in a JSON text with the values as they were written, at most `most`, in order;
/// of arrays the first element stands for all.
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

    /// Goes past the next value and shows those at the path to `accept`, until it is content.
    /// `None` once it is, or where the text ends or is no JSON.
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

    /// Goes past a value, however deep.
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
            // Only the first byte of an escape matters for where the string ends.
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
        // Lone surrogates are no text: shown as they were written.
        let text = serde_json::from_str(whole).unwrap_or_else(|_| inner.to_owned());
        Some(Cow::Owned(text))
    }

    /// A number or a literal; `None` if nothing stands there.
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
