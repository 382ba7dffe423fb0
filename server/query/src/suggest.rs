//! Completion at the cursor of a query that is being typed: the range to replace, and the kind of
//! value that fits.

use std::ops::Range;

use hookglass_message::json;

use super::{
    fields::{FIELDS, FLAGS, THINGS, VERDICTS, unquoted},
    lexer,
};

/// A completion at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The range to replace, in bytes.
    pub range: Range<usize>,
    /// The kind of value that fits.
    pub kind: CompletionKind,
    /// What was typed of it, without quotes, in lower case.
    pub typed: String,
}

/// A kind of completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompletionKind {
    /// A field.
    Field,
    /// A value of the field of this name, in lower case.
    Value(String),
    /// The name of a header.
    Header,
    /// The value of this header, without quotes and in lower case.
    HeaderValue(String),
    /// The name of a query parameter.
    Parameter,
    /// The value of this query parameter, without quotes.
    ParameterValue(String),
    /// A path in a JSON body.
    Path,
    /// A value at this path.
    PathValue(String),
}

/// Returns the completion at the cursor, which is before the byte `at`.
pub fn wanted(text: &str, at: usize) -> Completion {
    let at = text.floor_char_boundary(at.min(text.len()));
    // A field without a value is a token whose value is empty.
    let token = lexer::spans(text)
        .into_iter()
        .find(|span| span.start <= at && at <= span.end && !is_sign(&text[span.clone()]))
        .unwrap_or(at..at);
    let typed = &text[token.start..at];
    let Some(colon) = colon(typed) else {
        let (prefix, kind) = match typed.split_once('.') {
            Some((field, rest)) if field.eq_ignore_ascii_case("header") => {
                (rest, CompletionKind::Header)
            }
            Some((field, rest)) if field.eq_ignore_ascii_case("query") => {
                (rest, CompletionKind::Parameter)
            }
            Some((field, rest)) if field.eq_ignore_ascii_case("body") => {
                (rest, CompletionKind::Path)
            }
            _ => (typed, CompletionKind::Field),
        };
        let typed = prefix.trim_start_matches('"').to_lowercase();
        return Completion { range: token, kind, typed };
    };
    let (name, value) = (&typed[..colon], &typed[colon + 1..]);
    let kind = match name.split_once('.') {
        Some((field, rest)) if field.eq_ignore_ascii_case("header") => {
            CompletionKind::HeaderValue(unquoted(rest).to_ascii_lowercase())
        }
        Some((field, rest)) if field.eq_ignore_ascii_case("query") => {
            CompletionKind::ParameterValue(unquoted(rest))
        }
        Some((field, rest)) if field.eq_ignore_ascii_case("body") => {
            CompletionKind::PathValue(rest.to_owned())
        }
        _ => CompletionKind::Value(name.to_ascii_lowercase()),
    };
    let start = token.start + colon + 1;
    let typed = value.trim_start_matches('"').to_lowercase();
    Completion { range: start..token.end, kind, typed }
}

fn is_sign(token: &str) -> bool {
    matches!(token, "(" | ")" | "-")
}

/// Returns the position of the colon after a field's name, skipping quoted ones.
fn colon(typed: &str) -> Option<usize> {
    let (mut in_quotes, mut is_escaped) = (false, false);
    for (at, c) in typed.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = in_quotes,
            '"' if at == 0 => return None,
            '"' => in_quotes = !in_quotes,
            ':' if !in_quotes => return (at > 0).then_some(at),
            _ => {}
        }
    }
    None
}

/// Returns the fields and the values of `is:` and `has:` that begin with `typed`, with their
/// meanings.
pub fn fields(typed: &str) -> Vec<(String, &'static str)> {
    let flags = FLAGS.iter().map(|(name, about)| (format!("is:{name}"), *about));
    let things = THINGS.iter().map(|name| (format!("has:{name}"), ""));
    let fields = FIELDS.iter().map(|(name, about)| ((*name).to_owned(), *about));
    let begun = |(text, _): &(String, &str)| text.starts_with(typed);
    // Flags and things only after their prefix: there are many fields already.
    let flags =
        flags.chain(things).filter(|_| typed.starts_with("is:") || typed.starts_with("has:"));
    fields.chain(flags).filter(begun).collect()
}

/// Returns values that fit a field regardless of the stored requests.
pub fn presets(field: &str) -> &'static [&'static str] {
    match field {
        "status" => &["2xx", "4xx", "5xx", ">=400"],
        "size" => &[">1k", ">10k", ">1M", "0"],
        "after" | "since" | "before" | "until" => &["-15m", "-1h", "-1d", "-7d"],
        "is" => &["cut", "refused", "pinned", "noted", "preview", "preflight"],
        "has" => &THINGS,
        "verdict" | "signature" => &VERDICTS,
        "attempt" | "try" => &[">1", "1"],
        _ => &[],
    }
}

/// Writes a value for a query: in quotes if necessary.
pub fn quoted(value: &str) -> String {
    let is_plain = |c: char| {
        !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '(' | ')' | '*' | '\\')
    };
    if !value.is_empty() && value.chars().all(is_plain) && !value.starts_with(['<', '>']) {
        return value.to_owned();
    }
    json::quoted(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_token_at_the_cursor_is_replaced() {
        let text = "foo meth bar";
        let field = wanted(text, 8);
        assert_eq!(
            (field.kind, &text[field.range], field.typed.as_str()),
            (CompletionKind::Field, "meth", "meth")
        );
        let none = wanted("foo ", 4);
        assert_eq!((none.kind, none.range), (CompletionKind::Field, 4..4));
        let text = "-label:pi";
        let value = wanted(text, text.len());
        assert_eq!((value.kind, value.range), (CompletionKind::Value("label".to_owned()), 7..9));
        let text = "header.x-git:";
        let value = wanted(text, text.len());
        assert_eq!(value.kind, CompletionKind::HeaderValue("x-git".to_owned()));
        assert_eq!(wanted("body.re", 7).kind, CompletionKind::Path);
        assert_eq!(
            wanted("body.a[0].b:5", 13).kind,
            CompletionKind::PathValue("a[0].b".to_owned())
        );
        assert_eq!(wanted("note:\"two wo", 12).typed, "two wo");
        let text = r#"query."a\":b":x"#;
        let value = wanted(text, text.len());
        assert_eq!(
            (value.kind, value.range),
            (CompletionKind::ParameterValue("a\":b".to_owned()), 14..15)
        );
    }

    proptest! {
        #[test]
        fn the_place_lies_within_the_text(text in "[a-z:.\"() ü*-]{0,20}", at in 0_usize..30) {
            let wanted = wanted(&text, at);
            prop_assert!(wanted.range.end <= text.len());
            prop_assert!(text.get(wanted.range).is_some());
        }

        #[test]
        fn a_quoted_value_is_found_as_it_was(value in "\\PC{1,20}") {
            let text = format!("note:{}", quoted(&value));
            let tokens = lexer::tokens(&text).unwrap();
            let lexer::TokenKind::Field { value: read, .. } = &tokens[0].kind else { panic!("{text}") };
            prop_assert_eq!(&read.text, &value);
            prop_assert_eq!(tokens.len(), 1);
        }
    }
}
