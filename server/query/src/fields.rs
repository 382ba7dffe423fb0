//! The fields of the query language and their terms.

use std::{net::IpAddr, ops::Range, str::FromStr as _};

use hookglass_message::json::{self, PathStep, unescaped};
use ipnet::IpNet;

use super::{
    Needs, SyntaxError,
    decimal::Decimal,
    lexer::{Comparator, TermValue},
    text::{Pattern, Substring},
    time,
};

/// A condition on a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    /// Text anywhere in target, headers or body.
    Word(Substring),
    /// Text in one field.
    Text(TextField, Pattern),
    /// The client's address.
    From(IpNet),
    Size(Range<i64>),
    Seq(Range<i64>),
    Status(Range<i64>),
    /// A request without a number is a first attempt.
    Attempt(Range<i64>),
    /// Microseconds since the epoch.
    Received(Range<i64>),
    Is(Flag),
    Has(Presence),
    Header(String, Test),
    Query(String, Test),
    /// Text anywhere in the body.
    Body(Pattern),
    /// A value in a JSON body, or a field of a form.
    Within(Vec<PathStep>, Test),
}

/// A text field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextField {
    Method,
    Path,
    Target,
    Host,
    Label,
    Sender,
    From,
    Type,
    Note,
    Verdict,
    /// The id of a delivery; the first request of a guessed delivery does not store one.
    Delivery,
}

/// A flag of a request, after `is:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    Cut,
    Refused,
    Pinned,
    Preview,
    Preflight,
}

/// A part of a request, after `has:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Body,
    Query,
    Note,
    Label,
    Sender,
    Type,
}

/// A condition on a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// Text, and the same as a number if it is one.
    Is(Pattern, Option<Decimal>),
    Compares(Comparator, Decimal),
}

/// The fields in the order of suggestion, with their meanings.
pub(super) const FIELDS: [(&str, &str); 23] = [
    ("method:", "GET, POST, …"),
    ("path:", "the start of the path"),
    ("header.", "a header, as in header.x-github-event:push"),
    ("body.", "a value in a JSON or form body, as in body.repository.id:123"),
    ("query.", "a query parameter, as in query.page:2"),
    ("label:", "the event"),
    ("sender:", "the sender"),
    ("status:", "the response's status: 200, 4xx, >=400"),
    ("type:", "a part of the content type"),
    ("size:", "bytes of body: >10k, <=1MiB, 1k..5k"),
    ("after:", "since: -1h, 2026-11-21, a time"),
    ("before:", "until: -1h, 2026-11-21, a time"),
    ("is:", "cut, refused, pinned, noted, preview, preflight"),
    ("has:", "body, query, note, label, sender, type"),
    ("from:", "the client's address, or a network"),
    ("body:", "text in the body"),
    ("target:", "a part of path and query"),
    ("host:", "a part of the Host header"),
    ("note:", "a part of the note"),
    ("seq:", "the number: 42, >100, 10..20"),
    ("verdict:", "the signature's verdict: valid, invalid, unsigned, unknown"),
    ("attempt:", "the attempt of its delivery: 1, >1"),
    ("delivery:", "the sender's id of the delivery"),
];
/// The values of `is:`, with their meanings.
pub(super) const FLAGS: [(&str, &str); 6] = [
    ("cut", "the sender did not send all of it"),
    ("refused", "a limit refused it"),
    ("pinned", "kept by its owner"),
    ("noted", "has a note"),
    ("preview", "somebody previewed a link"),
    ("preflight", "a browser asked first"),
];
/// The values of `verdict:`.
pub(super) const VERDICTS: [&str; 4] = ["valid", "invalid", "unsigned", "unknown"];
/// The values of `has:`.
pub(super) const THINGS: [&str; 6] = ["body", "query", "note", "label", "sender", "type"];

impl Term {
    pub(super) fn word(value: TermValue) -> Result<Self, SyntaxError> {
        // Stars alone would match everything, which is dangerous when deleting the results.
        if value.text.is_empty() || !value.quoted && value.text.bytes().all(|byte| byte == b'*') {
            return Err(SyntaxError::new(value.range, "There is nothing to search for here."));
        }
        // Numbers as they are written wherever requests are shown.
        let number = value.text.strip_prefix('#').filter(|_| !value.quoted).and_then(whole);
        Ok(match number {
            Some(seq) => Self::Seq(seq..seq.saturating_add(1)),
            None if value.quoted => Self::Word(Substring::new(&value.text)),
            // An unquoted word may have anything around it.
            None => Self::Word(Substring::new(value.text.trim_matches('*'))),
        })
    }

    pub(super) const fn needs(&self) -> Needs {
        match self {
            Self::Text(TextField::Host, _) | Self::Header(..) => Needs::Head,
            Self::Word(_) | Self::Body(_) | Self::Within(..) => Needs::Body,
            Self::Text(..)
            | Self::From(_)
            | Self::Size(_)
            | Self::Seq(_)
            | Self::Status(_)
            | Self::Attempt(_)
            | Self::Received(_)
            | Self::Is(_)
            | Self::Has(_)
            | Self::Query(..) => Needs::Columns,
        }
    }
}

/// Parses the term `name:value`.
pub(super) fn term(
    text: &str,
    name: Range<usize>,
    value: &TermValue,
    now_us: i64,
) -> Result<Term, SyntaxError> {
    let field = &text[name.clone()];
    if value.text.is_empty() && !value.quoted {
        let at = value.range.end;
        return Err(SyntaxError::new(
            at..at,
            format!("Write a value for {field} after the colon."),
        ));
    }
    let (kind, rest) = field.split_once('.').unwrap_or((field, ""));
    let is_dotted = field.contains('.');
    let lower = kind.to_ascii_lowercase();
    if is_dotted {
        let rest_at = name.start + kind.len() + 1..name.end;
        return match lower.as_str() {
            "header" | "headers" if !rest.is_empty() => {
                Ok(Term::Header(unquoted(rest).to_ascii_lowercase(), test(value)?))
            }
            "query" if !rest.is_empty() => Ok(Term::Query(unquoted(rest), test(value)?)),
            "body" => match json::steps(rest) {
                Some(steps) => Ok(Term::Within(steps, test(value)?)),
                None => Err(SyntaxError::new(
                    rest_at,
                    "Write a path as in body.items[0].name, with * or [*] for any, and names \
                     with other characters in quotes.",
                )),
            },
            _ => Err(unknown(field, name)),
        };
    }
    let words = |field, plain: fn(String) -> Pattern| {
        let pattern = Pattern::new(&value.text, value.quoted, plain);
        refuse_comparison(value).map(|()| Term::Text(field, pattern))
    };
    let contains = |text: String| Pattern::Contains(Substring::new(&text));
    match lower.as_str() {
        "method" => words(TextField::Method, Pattern::Equals),
        "path" => words(TextField::Path, Pattern::Begins),
        "target" => words(TextField::Target, contains),
        "host" => words(TextField::Host, contains),
        "label" | "event" => words(TextField::Label, Pattern::Equals),
        "sender" => words(TextField::Sender, Pattern::Equals),
        "type" => words(TextField::Type, contains),
        "note" => words(TextField::Note, contains),
        "body" => {
            refuse_comparison(value)?;
            Ok(Term::Body(Pattern::new(&value.text, value.quoted, contains)))
        }
        "from" | "ip" => match network(&value.text) {
            Some(network) => refuse_comparison(value).map(|()| Term::From(network)),
            None => words(TextField::From, Pattern::Equals),
        },
        "size" => {
            numbers(value, time::size, "a size: 512, >10k, <=1MiB, or 1k..5k").map(Term::Size)
        }
        "seq" => numbers(value, whole, "a number: 42, >100, or 10..20").map(Term::Seq),
        "status" => status(value).map(Term::Status),
        "attempt" | "try" => numbers(value, whole, "a number: 1, >1, or 2..5").map(Term::Attempt),
        "delivery" => words(TextField::Delivery, Pattern::Equals),
        "verdict" | "signature" => verdict(value, words),
        "after" | "since" => instant(value, now_us).map(|from| Term::Received(from..i64::MAX)),
        "before" | "until" => instant(value, now_us).map(|to| Term::Received(i64::MIN..to)),
        "is" => is(value),
        "has" => has(value),
        "header" | "headers" | "query" => Err(SyntaxError::new(
            name,
            format!("Write {lower}.name:value, with the name after a dot."),
        )),
        _ => Err(unknown(field, name)),
    }
}

fn unknown(field: &str, name: Range<usize>) -> SyntaxError {
    let lower = field.to_ascii_lowercase();
    let near = FIELDS
        .iter()
        .map(|(name, _)| name.trim_end_matches([':', '.']))
        .map(|name| (distance(&lower, name), name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len() / 2 + 1)
        .min()
        .map(|(_, name)| name);
    let hint = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    SyntaxError::new(
        name,
        format!(
            "There is no field {field}.{hint} To search for text with a colon, put it in quotes."
        ),
    )
}

/// Returns the edit distance of two names in bytes.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, byte) in one.bytes().enumerate() {
        let mut corner = at;
        row[0] = at + 1;
        for (place, wanted) in other.bytes().enumerate() {
            let swapped = corner + usize::from(byte != wanted);
            corner = row[place + 1];
            row[place + 1] = swapped.min(corner + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

/// Unquotes a part of a field's name.
pub(super) fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(inner) => unescaped(inner),
        None => name.to_owned(),
    }
}

fn refuse_comparison(value: &TermValue) -> Result<(), SyntaxError> {
    if value.comparison.is_none() {
        return Ok(());
    }
    let message = "This field is text: it can only be equal. Leave the sign out, or quote it.";
    Err(SyntaxError::new(value.range.clone(), message))
}

fn test(value: &TermValue) -> Result<Test, SyntaxError> {
    let number = Decimal::parse(&value.text);
    match (value.comparison, number) {
        (Some(comparison), Some(number)) => Ok(Test::Compares(comparison, number)),
        (Some(_), None) => {
            let message = "Only numbers compare: write one after the sign, or quote all of it.";
            Err(SyntaxError::new(value.range.clone(), message))
        }
        (None, number) => {
            Ok(Test::Is(Pattern::new(&value.text, value.quoted, Pattern::Equals), number))
        }
    }
}

/// Parses an address or a network; `None` for wildcards and anything else.
fn network(text: &str) -> Option<IpNet> {
    IpNet::from_str(text).ok().or_else(|| IpAddr::from_str(text).ok().map(IpNet::from))
}

fn whole(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Parses a comparison, a range `1..5` (both included) or a single number.
fn numbers(
    value: &TermValue,
    read: fn(&str) -> Option<i64>,
    expected: &str,
) -> Result<Range<i64>, SyntaxError> {
    let fault = || SyntaxError::new(value.range.clone(), format!("This takes {expected}."));
    if let (None, Some((from, to))) = (value.comparison, value.text.split_once("..")) {
        let from = if from.is_empty() { Some(0) } else { read(from) };
        let to = if to.is_empty() { Some(i64::MAX - 1) } else { read(to) };
        return from.zip(to).map(|(from, to)| from..to.saturating_add(1)).ok_or_else(fault);
    }
    let number = read(&value.text).ok_or_else(fault)?;
    Ok(match value.comparison {
        None => number..number.saturating_add(1),
        Some(Comparator::Below) => i64::MIN..number,
        Some(Comparator::AtMost) => i64::MIN..number.saturating_add(1),
        Some(Comparator::Above) => number.saturating_add(1)..i64::MAX,
        Some(Comparator::AtLeast) => number..i64::MAX,
    })
}

fn status(value: &TermValue) -> Result<Range<i64>, SyntaxError> {
    if let (None, [class @ b'1'..=b'5', b'x' | b'X', b'x' | b'X']) =
        (value.comparison, value.text.as_bytes())
    {
        let from = i64::from(class - b'0') * 100;
        return Ok(from..from + 100);
    }
    numbers(value, whole, "a status: 200, 4xx, >=400, or 200..299")
}

fn instant(value: &TermValue, now_us: i64) -> Result<i64, SyntaxError> {
    refuse_comparison(value).and_then(|()| {
        time::time(&value.text, now_us).ok_or_else(|| {
            let message = "This takes a time: -15m, -1h, -2d, 2026-11-21, or \
                           2026-11-21T12:00:00Z (UTC without an offset).";
            SyntaxError::new(value.range.clone(), message)
        })
    })
}

fn is(value: &TermValue) -> Result<Term, SyntaxError> {
    let flag = match value.text.to_ascii_lowercase().as_str() {
        "cut" => Flag::Cut,
        "refused" => Flag::Refused,
        "pinned" => Flag::Pinned,
        "preview" => Flag::Preview,
        "preflight" => Flag::Preflight,
        "noted" => return Ok(Term::Has(Presence::Note)),
        _ => {
            let names = FLAGS.map(|(name, _)| name).join(", ");
            return Err(SyntaxError::new(
                value.range.clone(),
                format!("`is:` takes one of {names}."),
            ));
        }
    };
    Ok(Term::Is(flag))
}

fn verdict(
    value: &TermValue,
    words: impl Fn(TextField, fn(String) -> Pattern) -> Result<Term, SyntaxError>,
) -> Result<Term, SyntaxError> {
    let lower = value.text.to_ascii_lowercase();
    if lower != "*" && !VERDICTS.contains(&lower.as_str()) {
        let names = VERDICTS.join(", ");
        let message = format!("`verdict:` takes one of {names}, or * for any.");
        return Err(SyntaxError::new(value.range.clone(), message));
    }
    words(TextField::Verdict, Pattern::Equals)
}

fn has(value: &TermValue) -> Result<Term, SyntaxError> {
    Ok(Term::Has(match value.text.to_ascii_lowercase().as_str() {
        "body" => Presence::Body,
        "query" => Presence::Query,
        "note" => Presence::Note,
        "label" => Presence::Label,
        "sender" => Presence::Sender,
        "type" => Presence::Type,
        _ => {
            let names = THINGS.join(", ");
            let message = format!(
                "`has:` takes one of {names}; for a header or a value in the body write \
                 header.name:* or body.name:*."
            );
            return Err(SyntaxError::new(value.range.clone(), message));
        }
    }))
}
