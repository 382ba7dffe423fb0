//! Writes one JSON text as common libraries write the same data, one spelling at a time, each with
//! a bound.

use std::iter::once;

use serde::de::IgnoredAny;
use serde_json::Value;

/// The maximum ratio of a spelling's length to the text's; longer ones are omitted.
const TIMES: usize = 4;
/// Short but deep texts may grow more than that when indented, in bytes.
const SHORT_BYTES: usize = 64 * 1024;
/// The longest spelling, in bytes: indented, one MiB of text can become hundreds.
const LONGEST_BYTES: usize = 2 * 1024 * 1024;
/// Texts with more values or members are not sorted: a value takes up to 0.7 KB of memory.
const SORTED_VALUES: usize = 16 * 1024;

/// Makes a spelling from another, within a bound.
type Write = fn(&str, usize) -> Option<String>;

const INDENTED: [(Write, &str); 2] = [
    (|text, most| indented(text, "  ", most), "indented by two spaces"),
    (|text, most| indented(text, "    ", most), "indented by four spaces"),
];
const DERIVED: [(Write, &str); 4] = [
    (escaped, "with characters beyond ASCII as \\u escapes"),
    (|text, most| slashed(text, "\\/", most), "with slashes as \\/, as PHP's json_encode does"),
    (|text, most| slashed(text, "/", most), "with slashes as they are"),
    (|text, _| unescaped(text), "with characters beyond ASCII as they are"),
];

/// Returns the other spellings, each with a description, made on demand. Empty if the text is not a
/// JSON object or array; omits those that would be too long.
pub(super) fn spellings(body: &[u8]) -> impl Iterator<Item = (String, &'static str)> {
    let text = std::str::from_utf8(body).map(str::trim).unwrap_or_default();
    let is_json = text.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok();
    once(text).filter(move |_| is_json).flat_map(|text| {
        let most = most_bytes(text);
        let by = move |(write, how): (Write, &'static str)| Some((write(text, most)?, how));
        let spaces = [
            ("", "without spaces, as JSON.stringify does"),
            (" ", "with spaces after colons and commas, as Python's json.dumps does"),
        ];
        let spaced_by = move |space: &str| spaced(text, space, most);
        let plain = spaces.into_iter();
        let plain = plain.filter_map(move |(space, how)| Some((spaced_by(space)?, how)));
        let bases = spaces.into_iter().filter_map(move |(space, _)| spaced_by(space));
        let derived = bases.flat_map(move |base| {
            let derived = DERIVED.into_iter();
            derived.filter_map(move |(write, how)| Some((write(&base, most)?, how)))
        });
        let sorted =
            once(text).filter_map(move |text| in_order(text, most)).flat_map(move |text| {
                let spaced = spaced(&text, " ", most);
                spaced.into_iter().chain([text]).map(|text| (text, "with its members sorted"))
            });
        plain.chain(INDENTED.into_iter().filter_map(by)).chain(derived).chain(sorted)
    })
}

/// Returns the maximum length of a spelling of the text, in bytes.
fn most_bytes(text: &str) -> usize {
    text.len().saturating_mul(TIMES).clamp(SHORT_BYTES, LONGEST_BYTES)
}

/// A text with a maximum length.
struct Respelled {
    text: String,
    most: usize,
}

impl Respelled {
    fn new(text: &str, most: usize) -> Self {
        Self { text: String::with_capacity(text.len().min(most)), most }
    }

    /// Returns `None` if it would be too long.
    fn push(&mut self, c: char) -> Option<()> {
        self.push_str(c.encode_utf8(&mut [0; 4]))
    }

    /// Returns `None` if it would be too long.
    fn push_str(&mut self, text: &str) -> Option<()> {
        if text.len() > self.most.saturating_sub(self.text.len()) {
            return None;
        }
        self.text.push_str(text);
        Some(())
    }

    fn line(&mut self, step: &str, depth: usize) -> Option<()> {
        self.push('\n')?;
        (0..depth).try_for_each(|_| self.push_str(step))
    }
}

/// Returns the text with every slash, escaped or not, written as `slash`. Outside strings JSON has
/// neither slashes nor backslashes.
fn slashed(text: &str, slash: &str, most: usize) -> Option<String> {
    let mut out = Respelled::new(text, most);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('/', _) | (_, Some('/')) => out.push_str(slash)?,
            (c, escaped) => {
                out.push(c)?;
                escaped.map_or(Some(()), |escaped| out.push(escaped))?;
            }
        }
    }
    Some(out.text)
}

/// Returns the text with other space after commas and colons: strings, numbers and order stay.
fn spaced(text: &str, space: &str, most: usize) -> Option<String> {
    let mut out = Respelled::new(text, most);
    each(text, |token| match token {
        JsonToken::Mark(c @ (',' | ':')) => {
            out.push(c)?;
            out.push_str(space)
        }
        JsonToken::Mark(c) | JsonToken::Plain(c) => out.push(c),
    })?;
    Some(out.text)
}

fn indented(text: &str, step: &str, most: usize) -> Option<String> {
    let mut out = Respelled::new(text, most);
    let mut depth = 0_usize;
    let mut opened = false;
    each(text, |token| {
        let closes = matches!(token, JsonToken::Mark(']' | '}'));
        if opened && !closes {
            out.line(step, depth)?;
        }
        match token {
            JsonToken::Mark(c @ ('{' | '[')) => {
                out.push(c)?;
                depth += 1;
            }
            JsonToken::Mark(c @ ('}' | ']')) => {
                depth = depth.saturating_sub(1);
                // An empty one stays on its line.
                if !opened {
                    out.line(step, depth)?;
                }
                out.push(c)?;
            }
            JsonToken::Mark(',') => {
                out.push(',')?;
                out.line(step, depth)?;
            }
            JsonToken::Mark(':') => out.push_str(": ")?,
            JsonToken::Mark(c) | JsonToken::Plain(c) => out.push(c)?,
        }
        opened = matches!(token, JsonToken::Mark('{' | '['));
        Some(())
    })?;
    Some(out.text)
}

#[derive(Clone, Copy)]
enum JsonToken {
    /// A structural character.
    Mark(char),
    /// A character of a string, a number or a word.
    Plain(char),
}

/// Visits the text without the white space between tokens, until `take` returns `None`.
fn each(text: &str, mut take: impl FnMut(JsonToken) -> Option<()>) -> Option<()> {
    let (mut in_string, mut after_backslash) = (false, false);
    for c in text.chars() {
        if in_string {
            take(JsonToken::Plain(c))?;
            if after_backslash {
                after_backslash = false;
            } else if c == '\\' {
                after_backslash = true;
            } else if c == '"' {
                in_string = false;
            }
        } else {
            match c {
                ' ' | '\t' | '\n' | '\r' => {}
                '{' | '}' | '[' | ']' | ',' | ':' => take(JsonToken::Mark(c))?,
                _ => {
                    in_string = c == '"';
                    take(JsonToken::Plain(c))?;
                }
            }
        }
    }
    Some(())
}

fn escaped(text: &str, most: usize) -> Option<String> {
    let mut out = Respelled::new(text, most);
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c)?;
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"))?;
            }
        }
    }
    Some(out.text)
}

/// Returns `None` if there is nothing to unescape. The result is no longer than the text.
fn unescaped(text: &str) -> Option<String> {
    if !text.contains("\\u") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        if !before.is_empty() {
            flush(&mut units, &mut out);
            out.push_str(before);
        }
        let unit = after
            .strip_prefix('u')
            .and_then(|digits| digits.get(..4))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
            .filter(|unit| *unit > 0x7f);
        if let Some(unit) = unit {
            units.push(unit);
            rest = after.get(5..)?;
        } else {
            flush(&mut units, &mut out);
            out.push('\\');
            let next = after.chars().next().map_or(0, char::len_utf8);
            out.push_str(after.get(..next)?);
            rest = after.get(next..)?;
        }
    }
    flush(&mut units, &mut out);
    out.push_str(rest);
    Some(out)
}

fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.push_str(&String::from_utf16_lossy(units));
    units.clear();
}

/// Returns the text with the members of every object sorted by name, without spaces.
fn in_order(text: &str, most: usize) -> Option<String> {
    let mut values = 0_usize;
    each(text, |token| {
        values += usize::from(matches!(token, JsonToken::Mark(',' | '{' | '[')));
        (values <= SORTED_VALUES).then_some(())
    })?;
    let value: Value = serde_json::from_str(text).ok()?;
    let written = serde_json::to_string(&sorted(value)).ok()?;
    (written.len() <= most).then_some(written)
}

/// Returns the value with the members of every object sorted by name.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(elements) => elements.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_written_as_common_libraries_write_it() {
        let text = r#"{ "b":1.0, "a":["x, y","é\"",{}],"u":"a/b" }"#;
        let all: Vec<String> = spellings(text.as_bytes()).map(|(text, _)| text).collect();
        for expected in [
            r#"{"b":1.0,"a":["x, y","é\"",{}],"u":"a/b"}"#,
            r#"{"b": 1.0, "a": ["x, y", "é\"", {}], "u": "a/b"}"#,
            r#"{"b":1.0,"a":["x, y","\u00e9\"",{}],"u":"a/b"}"#,
            r#"{"b":1.0,"a":["x, y","é\"",{}],"u":"a\/b"}"#,
            r#"{"a":["x, y","é\"",{}],"b":1.0,"u":"a/b"}"#,
            "{\n  \"b\": 1.0,\n  \"a\": [\n    \"x, y\",\n    \"é\\\"\",\n    {}\n  ],\n  \"u\": \"a/b\"\n}",
        ] {
            assert!(all.iter().any(|text| text == expected), "{expected} in {all:#?}");
        }
        let escaped: Vec<_> = spellings(r#"{"a":"\u00e9\ud83d\ude00\n"}"#.as_bytes()).collect();
        assert!(escaped.iter().any(|(text, _)| text == "{\"a\":\"é😀\\n\"}"), "{escaped:?}");
    }

    #[test]
    fn slashes_are_written_anew_and_backslashes_stay() {
        let text = r#"["/", "\/", "\\/", "\\\/", "\n"]"#;
        let slashed = |slash| slashed(text, slash, 100).unwrap();
        assert_eq!(slashed("/"), r#"["/", "/", "\\/", "\\/", "\n"]"#);
        assert_eq!(slashed(r"\/"), r#"["\/", "\/", "\\\/", "\\\/", "\n"]"#);
    }

    #[test]
    fn a_deep_text_is_not_written_without_a_bound() {
        let ones = "1,".repeat(512 * 1024 - 130);
        let text = format!("{}{ones}1{}", "[".repeat(126), "]".repeat(126));
        let all: Vec<(usize, &str)> =
            spellings(text.as_bytes()).map(|(text, how)| (text.len(), how)).collect();
        assert!(all.iter().all(|(bytes, _)| *bytes <= LONGEST_BYTES), "{all:?}");
        assert!(all.iter().any(|(_, how)| how.contains("Python")), "{all:?}");
        for how in ["indented", "sorted"] {
            assert!(all.iter().all(|(_, other)| !other.contains(how)), "{how} in {all:?}");
        }
    }

    #[test]
    fn a_short_text_may_grow_when_it_is_indented() {
        let text = format!("{}1,2{}", "[".repeat(60), "]".repeat(60));
        let indented = spellings(text.as_bytes()).filter(|(_, how)| how.contains("indented"));
        assert!(indented.map(|(text, _)| text.len()).min().unwrap() > text.len() * TIMES);
    }

    #[test]
    fn a_spelling_ends_at_its_bound() {
        for (text, write) in [
            ("[1,2]", (|text, most| spaced(text, " ", most)) as Write),
            ("[1,2]", |text, most| indented(text, "  ", most)),
            (r#"["/"]"#, |text, most| slashed(text, r"\/", most)),
            (r#"["é"]"#, escaped),
            ("[1,2]", in_order),
        ] {
            let whole = write(text, 100).unwrap();
            assert_eq!(write(text, whole.len()).unwrap(), whole);
            assert_eq!(write(text, whole.len() - 1), None, "{whole}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_is_the_same_data(
            names in proptest::collection::vec(".{0,8}", 1..5), numbers: Vec<i32>,
        ) {
            let value = serde_json::json!({ "names": names, "numbers": numbers });
            for (text, how) in spellings(value.to_string().as_bytes()) {
                let read: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&read, &value, "{}: {}", how, text);
            }
        }

        #[test]
        fn writing_anything_again_never_panics(bytes: Vec<u8>, text in "[{\\[]\\PC*") {
            spellings(&bytes).for_each(drop);
            spellings(text.as_bytes()).for_each(drop);
            unescaped(&text);
            indented(&text, " ", 1000);
        }
    }
}
