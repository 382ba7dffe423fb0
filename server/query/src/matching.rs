//! Matches a request against a term.

use std::{net::IpAddr, sync::OnceLock};

use hookglass_message::{
    head::{self, bytes_of},
    json::{self, JsonValue},
};
use hookglass_wire::Summary;

use super::{
    decimal::Decimal,
    fields::{Flag, Presence, Term, Test, TextField},
    lexer::Comparator,
    text::{Pattern, Substring},
};

/// The parts of a request that have been read.
#[derive(Debug, Clone, Copy)]
pub struct SearchedRequest<'a> {
    /// The list entry.
    pub summary: &'a Summary,
    /// Request line and headers.
    pub head: Option<&'a [u8]>,
    /// The start of the body, decoded.
    pub body: Option<&'a [u8]>,
}

/// Parsed parts of a request, cached for later terms.
#[derive(Debug, Default)]
pub struct TermCache {
    query: OnceLock<Vec<(String, String)>>,
    form: OnceLock<Vec<(String, String)>>,
}

impl Term {
    /// Returns `None` if the decision depends on a part that was not read.
    pub(super) fn finds(&self, subject: &SearchedRequest<'_>, memo: &TermCache) -> Option<bool> {
        let summary = subject.summary;
        let within = |range: &std::ops::Range<i64>, value: i64| Some(range.contains(&value));
        match self {
            Self::Word(needle) => word(needle, subject),
            Self::Text(field, pattern) => text(*field, pattern, subject),
            Self::From(network) => {
                let address = summary.remote_addr.parse::<IpAddr>();
                Some(address.is_ok_and(|address| network.contains(&address)))
            }
            Self::Size(range) => {
                within(range, i64::try_from(summary.body_bytes).unwrap_or(i64::MAX))
            }
            Self::Seq(range) => within(range, summary.seq),
            Self::Status(range) => {
                Some(summary.status.is_some_and(|status| range.contains(&i64::from(status))))
            }
            Self::Attempt(range) => within(range, summary.attempt.map_or(1, i64::from)),
            Self::Received(range) => within(range, summary.received_at.as_micros()),
            Self::Is(flag) => Some(is(*flag, summary)),
            Self::Has(thing) => Some(has(*thing, summary)),
            Self::Header(name, test) => {
                Some(head::values(subject.head?, name).iter().any(|value| test.takes(value)))
            }
            Self::Query(name, test) => {
                let fields = || parameters(query(&bytes_of(&summary.target)));
                Some(test.takes_any(memo.query.get_or_init(fields), name))
            }
            Self::Body(pattern) => {
                let body = subject.body?;
                Some(!body.is_empty() && pattern.matches(body))
            }
            Self::Within(steps, test) => {
                let body = subject.body?;
                if let [json::PathStep::Name(name)] = steps.as_slice()
                    && is_form(summary)
                {
                    let fields = memo.form.get_or_init(|| parameters(body));
                    return Some(test.takes_any(fields, name));
                }
                Some(json::any_at(body, steps, &mut |found| test.takes_found(&found)))
            }
        }
    }
}

impl Test {
    fn takes_any(&self, fields: &[(String, String)], name: &str) -> bool {
        fields.iter().any(|(sent, value)| sent == name && self.takes(value.as_bytes()))
    }

    fn takes(&self, value: &[u8]) -> bool {
        match self {
            Self::Is(pattern, _) => pattern.matches(value),
            Self::Compares(comparison, number) => std::str::from_utf8(value)
                .ok()
                .and_then(|text| Decimal::parse(text.trim()))
                .is_some_and(|sent| compares(*comparison, &sent, number)),
        }
    }

    fn takes_found(&self, found: &JsonValue<'_>) -> bool {
        match (self, found) {
            (Self::Is(Pattern::Present, _), _) => true,
            (_, JsonValue::Nested) => false,
            (_, JsonValue::Text(text)) => self.takes(text.as_bytes()),
            // However the number was written.
            (Self::Is(_, Some(number)), JsonValue::Bare(sent)) => {
                Decimal::parse(sent).is_some_and(|sent| sent == *number)
            }
            (_, JsonValue::Bare(sent)) => self.takes(sent.as_bytes()),
        }
    }
}

fn compares(comparison: Comparator, sent: &Decimal, number: &Decimal) -> bool {
    match comparison {
        Comparator::Below => sent < number,
        Comparator::AtMost => sent <= number,
        Comparator::Above => sent > number,
        Comparator::AtLeast => sent >= number,
    }
}

fn word(needle: &Substring, subject: &SearchedRequest<'_>) -> Option<bool> {
    if needle.is_in(&bytes_of(&subject.summary.target)) {
        return Some(true);
    }
    if let Some(head) = subject.head {
        // The target was searched before; words do not match method and version.
        let fields = memchr::memchr(b'\n', head).map_or(&[][..], |end| &head[end + 1..]);
        if needle.is_in(fields) {
            return Some(true);
        }
    }
    let body = needle.is_in(subject.body?);
    if body || subject.head.is_some() { Some(body) } else { None }
}

fn text(field: TextField, pattern: &Pattern, subject: &SearchedRequest<'_>) -> Option<bool> {
    let summary = subject.summary;
    let is = |value: &str| pattern.matches(value.as_bytes());
    let may_be = |value: &Option<String>| value.as_deref().is_some_and(is);
    Some(match field {
        TextField::Method => is(&summary.method),
        TextField::Path => {
            let target = bytes_of(&summary.target);
            let path = head::path(&target);
            let (own, below) = split_endpoint(path);
            pattern.matches(below) || pattern.names(own) && pattern.matches(path)
        }
        TextField::Target => pattern.matches(&bytes_of(&summary.target)),
        TextField::Host => {
            head::values(subject.head?, "host").iter().any(|value| pattern.matches(value))
        }
        TextField::Label => may_be(&summary.label),
        TextField::Sender => may_be(&summary.sender),
        TextField::From => is(&summary.remote_addr),
        TextField::Type => {
            summary.content_type.as_ref().is_some_and(|value| pattern.matches(&bytes_of(value)))
        }
        TextField::Note => may_be(&summary.note),
        TextField::Verdict => may_be(&summary.verdict),
        TextField::Delivery => match (&summary.delivery_id, pattern) {
            (Some(id), _) => is(id),
            (None, Pattern::Present) => false,
            (None, _) => is(&summary.delivery()),
        },
    })
}

/// Splits a path into the endpoint's own segment with the `/` before it, and the rest; `/` if there
/// is none.
fn split_endpoint(path: &[u8]) -> (&[u8], &[u8]) {
    let next = path.iter().skip(1).position(|byte| *byte == b'/').map(|at| at + 1);
    next.map_or((path, b"/"), |at| path.split_at(at))
}

fn is(flag: Flag, summary: &Summary) -> bool {
    let marked = |mark: &str| summary.mark.as_deref() == Some(mark);
    match flag {
        // A request that was refused before its body was read is not cut, but refused.
        Flag::Cut => !summary.complete && (summary.refused.is_none() || summary.body_bytes > 0),
        Flag::Refused => summary.refused.is_some(),
        Flag::Pinned => summary.pinned,
        Flag::Preview => marked("preview"),
        Flag::Preflight => marked("preflight"),
    }
}

fn has(thing: Presence, summary: &Summary) -> bool {
    match thing {
        Presence::Body => summary.body_bytes > 0,
        Presence::Query => !query(&bytes_of(&summary.target)).is_empty(),
        Presence::Note => summary.note.is_some(),
        Presence::Label => summary.label.is_some(),
        Presence::Sender => summary.sender.is_some(),
        Presence::Type => summary.content_type.is_some(),
    }
}

/// Returns the text after the first `?` of a target.
fn query(target: &[u8]) -> &[u8] {
    memchr::memchr(b'?', target).map_or(&[], |at| &target[at + 1..])
}

/// Returns the names and values of a query or a form (WHATWG URL §5.1).
fn parameters(bytes: &[u8]) -> Vec<(String, String)> {
    serde_urlencoded::from_bytes(bytes).unwrap_or_default()
}

fn is_form(summary: &Summary) -> bool {
    let form = b"application/x-www-form-urlencoded";
    summary.content_type.as_ref().is_some_and(|value| {
        bytes_of(value).get(..form.len()).is_some_and(|start| start.eq_ignore_ascii_case(form))
    })
}
