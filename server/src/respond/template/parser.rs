//! The parser of templates: one pass, no backtracking.

use std::ops::Range;

use memchr::memmem;

use super::{
    MAX_BYTES, MAX_SUBSTITUTIONS, TemplateError, TemplatePart, filter::Filter, source::ValueSource,
};

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
/// The most filters after a value.
const MAX_FILTERS: usize = 4;
/// The most names in a path.
const MAX_STEPS: usize = 32;
/// The most arguments of a filter.
const MAX_ARGUMENTS: usize = 3;

pub(super) fn parse(text: &str) -> Result<Vec<TemplatePart>, TemplateError> {
    if text.len() > MAX_BYTES {
        return Err(fault(MAX_BYTES..text.len(), "A template may have 1 MB; make it shorter."));
    }
    let mut pieces = Vec::new();
    let mut values = 0;
    let mut at = 0;
    while let Some(open) = memmem::find(&text.as_bytes()[at..], OPEN.as_bytes()) {
        let open = at + open;
        if open > at {
            pieces.push(TemplatePart::Text(text[at..open].into()));
        }
        values += 1;
        if values > MAX_SUBSTITUTIONS {
            let all = open..open + OPEN.len();
            return Err(fault(all, "A template may have 100 values; leave the rest out."));
        }
        let mut reader = TagParser { text, at: open + OPEN.len(), open };
        pieces.push(reader.value()?);
        at = reader.at;
    }
    if at < text.len() {
        pieces.push(TemplatePart::Text(text[at..].into()));
    }
    Ok(pieces)
}

fn fault(at: Range<usize>, message: impl Into<String>) -> TemplateError {
    TemplateError { at, message: message.into() }
}

/// Parses the text between two pairs of braces.
struct TagParser<'t> {
    text: &'t str,
    at: usize,
    /// Where the braces open.
    open: usize,
}

impl TagParser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Consumes `expected`, if it comes next.
    fn take(&mut self, expected: &str) -> bool {
        let is_there = self.text[self.at..].starts_with(expected);
        if is_there {
            self.at += expected.len();
        }
        is_there
    }

    /// The range for an error: up to the next space or brace.
    fn here(&self) -> Range<usize> {
        let rest = &self.text[self.at..];
        let ends = |c: char| c.is_whitespace() || matches!(c, '}' | '{' | '|' | ')' | '(');
        let length = rest.find(ends).unwrap_or(rest.len());
        let one = rest.chars().next().map_or(0, char::len_utf8);
        self.at..self.at + length.max(one)
    }

    fn unclosed(&self) -> TemplateError {
        fault(
            self.open..self.open + OPEN.len(),
            "These braces are not closed: write `}}` after the value, or `{{ \"{{\" }}` for the \
             braces themselves.",
        )
    }

    fn value(&mut self) -> Result<TemplatePart, TemplateError> {
        self.skip_space();
        let source = match self.peek() {
            None => return Err(self.unclosed()),
            Some('"' | '\'') => ValueSource::Literal(self.quoted()?.into()),
            Some(_) => self.path()?,
        };
        let mut filters = Vec::new();
        loop {
            self.skip_space();
            if self.take(CLOSE) {
                return Ok(TemplatePart::TemplateValue { source, filters });
            }
            if self.at == self.text.len() {
                return Err(self.unclosed());
            }
            let start = self.at;
            if !self.take("|") {
                let message = "Write `}}` here, or `|` and a filter: json, default or hmac.";
                return Err(fault(self.here(), message));
            }
            if filters.len() == MAX_FILTERS {
                return Err(fault(start..self.at, "A value takes at most 4 filters."));
            }
            filters.push(self.filter()?);
        }
    }

    fn path(&mut self) -> Result<ValueSource, TemplateError> {
        let mut steps: Vec<Box<str>> = Vec::new();
        let mut places = Vec::new();
        loop {
            let start = self.at;
            let step: Box<str> = match self.peek() {
                Some('"' | '\'') => self.quoted()?.into(),
                _ => self.name()?.into(),
            };
            steps.push(step);
            places.push(start..self.at);
            // An index in the notation of searches: `items[0]`.
            while self.take("[") {
                let start = self.at;
                let rest = &self.text[start..];
                let digits =
                    rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                self.at += digits;
                if digits == 0 || !self.take("]") {
                    return Err(fault(self.here(), "Write the element's number: `items[0]`."));
                }
                steps.push(rest[..digits].into());
                places.push(start..start + digits);
            }
            if steps.len() > MAX_STEPS {
                return Err(fault(self.open..self.at, "A path may have 32 names."));
            }
            if !self.take(".") {
                break;
            }
        }
        ValueSource::of(&steps).map_err(|(step, message)| {
            fault(places.get(step).cloned().unwrap_or(self.open..self.at), message)
        })
    }

    /// Parses an unquoted name.
    fn name(&mut self) -> Result<&str, TemplateError> {
        let rest = &self.text[self.at..];
        let ends = |c: char| {
            c.is_whitespace()
                || matches!(c, '.' | '|' | '{' | '}' | '[' | ']' | '(' | ')' | '"' | '\'')
        };
        let length = rest.find(ends).unwrap_or(rest.len());
        if length == 0 {
            let message = "Write what is to stand here, as in `{{ request.body.id }}`; for the \
                           two braces themselves write `{{ \"{{\" }}`.";
            return Err(fault(self.here(), message));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    /// Parses a quoted text, in quotes of either kind; a backslash escapes the next character.
    fn quoted(&mut self) -> Result<String, TemplateError> {
        let start = self.at;
        let mut characters = self.text[start..].char_indices();
        let quote = characters.next().map(|(_, quote)| quote);
        let mut text = String::new();
        while let Some((at, c)) = characters.next() {
            match c {
                c if Some(c) == quote => {
                    self.at = start + at + c.len_utf8();
                    return Ok(text);
                }
                '\\' => text.extend(characters.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err(fault(start..start + 1, "This text has no end: put a quotation mark behind it."))
    }

    fn filter(&mut self) -> Result<Filter, TemplateError> {
        self.skip_space();
        let start = self.at;
        let name = self.name()?.to_owned();
        let mut arguments = Vec::new();
        self.skip_space();
        if self.take("(") {
            loop {
                self.skip_space();
                if self.take(")") {
                    break;
                }
                if !matches!(self.peek(), Some('"' | '\'')) || arguments.len() == MAX_ARGUMENTS {
                    let message = "Write texts in quotation marks with commas between them, and \
                                   `)` after the last.";
                    return Err(fault(self.here(), message));
                }
                arguments.push(self.quoted()?);
                self.skip_space();
                let _ = self.take(",");
            }
        }
        let end = self.text[..self.at].trim_end().len();
        Filter::of(&name, arguments).map_err(|message| fault(start..end, message))
    }
}
