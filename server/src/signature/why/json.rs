//! One JSON text written in the ways in which common libraries write the same data.

use serde_json::Value;

/// The other ways, with a name each. Empty for what is no JSON object or array.
pub(super) fn spellings(body: &[u8]) -> Vec<(String, &'static str)> {
    let Ok(text) = std::str::from_utf8(body) else { return Vec::new() };
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return Vec::new();
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let compact = spaced(text, "", "");
    let python = spaced(text, " ", " ");
    let mut all = vec![
        (compact.clone(), "without spaces, as JSON.stringify does"),
        (python.clone(), "with spaces after colons and commas, as Python's json.dumps does"),
        (indented(text, "  "), "indented by two spaces"),
        (indented(text, "    "), "indented by four spaces"),
    ];
    for base in [compact, python] {
        all.push((escaped(&base), "with characters beyond ASCII as \\u escapes"));
        all.push((slashed(&base, "\\/"), "with slashes as \\/, as PHP's json_encode does"));
        all.push((slashed(&base, "/"), "with slashes as they are"));
        if let Some(unescaped) = unescaped(&base) {
            all.push((unescaped, "with characters beyond ASCII as they are"));
        }
    }
    if let Ok(sorted) = serde_json::to_string(&sorted(value)) {
        all.push((spaced(&sorted, " ", " "), "with its members sorted"));
        all.push((sorted, "with its members sorted"));
    }
    all
}

/// The text with every slash, escaped or not, written as `slash`. Outside of strings JSON has none,
/// nor backslashes.
fn slashed(text: &str, slash: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('/', _) | (_, Some('/')) => out.push_str(slash),
            (c, escaped) => {
                out.push(c);
                out.extend(escaped);
            }
        }
    }
    out
}

/// The text with what stands between tokens replaced: strings, numbers and order stay.
fn spaced(text: &str, after_comma: &str, after_colon: &str) -> String {
    let mut out = String::with_capacity(text.len());
    each(text, |token| match token {
        Token::Mark(',') => {
            out.push(',');
            out.push_str(after_comma);
        }
        Token::Mark(':') => {
            out.push(':');
            out.push_str(after_colon);
        }
        Token::Mark(c) | Token::Plain(c) => out.push(c),
    });
    out
}

fn indented(text: &str, step: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut opened = false;
    each(text, |token| {
        let closes = matches!(token, Token::Mark(']' | '}'));
        if opened && !closes {
            line(&mut out, step, depth);
        }
        match token {
            Token::Mark(c @ ('{' | '[')) => {
                out.push(c);
                depth += 1;
            }
            Token::Mark(c @ ('}' | ']')) => {
                depth = depth.saturating_sub(1);
                // An empty one stays on its line.
                if !opened {
                    line(&mut out, step, depth);
                }
                out.push(c);
            }
            Token::Mark(',') => {
                out.push(',');
                line(&mut out, step, depth);
            }
            Token::Mark(':') => out.push_str(": "),
            Token::Mark(c) | Token::Plain(c) => out.push(c),
        }
        opened = matches!(token, Token::Mark('{' | '['));
    });
    out
}

fn line(out: &mut String, step: &str, depth: usize) {
    out.push('\n');
    for _ in 0..depth.min(128) {
        out.push_str(step);
    }
}

#[derive(Clone, Copy)]
enum Token {
    /// Of the structure.
    Mark(char),
    /// Within a string, a number or a word.
    Plain(char),
}

/// Walks over the text without the white space between tokens.
fn each(text: &str, mut take: impl FnMut(Token)) {
    let (mut in_string, mut after_backslash) = (false, false);
    for c in text.chars() {
        if in_string {
            take(Token::Plain(c));
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
                '{' | '}' | '[' | ']' | ',' | ':' => take(Token::Mark(c)),
                _ => {
                    in_string = c == '"';
                    take(Token::Plain(c));
                }
            }
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// `None` if there is nothing to take back.
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

/// The value with the members of every object in the order of their names.
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
        let all: Vec<String> =
            spellings(text.as_bytes()).into_iter().map(|(text, _)| text).collect();
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
        let escaped = spellings(r#"{"a":"\u00e9\ud83d\ude00\n"}"#.as_bytes());
        assert!(escaped.iter().any(|(text, _)| text == "{\"a\":\"é😀\\n\"}"), "{escaped:?}");
    }

    #[test]
    fn slashes_are_written_anew_and_backslashes_stay() {
        let text = r#"["/", "\/", "\\/", "\\\/", "\n"]"#;
        assert_eq!(slashed(text, "/"), r#"["/", "/", "\\/", "\\/", "\n"]"#);
        assert_eq!(slashed(text, r"\/"), r#"["\/", "\/", "\\\/", "\\\/", "\n"]"#);
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
            spellings(&bytes);
            spellings(text.as_bytes());
            unescaped(&text);
            indented(&text, " ");
        }
    }
}
