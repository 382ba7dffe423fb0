//! The values that templates can use.

use std::borrow::Cow;

use hyper::header::HeaderName;
use uuid::Uuid;

use super::{Context, TemplateValue};

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValueSource {
    /// A literal in the template.
    Literal(Box<str>),
    Method,
    Path,
    /// The whole query, as sent.
    Query,
    QueryField(Box<str>),
    Header(HeaderName),
    /// The whole body, as received.
    Body,
    InBody(Vec<Box<str>>),
    Seq,
    Now,
    UnixNow,
    Uuid,
}

impl ValueSource {
    /// Parses a dotted path; `Err` says which segment is wrong, and what to write.
    pub(super) fn of(path: &[Box<str>]) -> Result<Self, (usize, String)> {
        let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        match names.as_slice() {
            ["seq"] => Ok(Self::Seq),
            ["now"] => Ok(Self::Now),
            ["now", "unix"] => Ok(Self::UnixNow),
            ["uuid"] => Ok(Self::Uuid),
            ["request", "method"] => Ok(Self::Method),
            ["request", "path"] => Ok(Self::Path),
            ["request", "query"] => Ok(Self::Query),
            ["request", "query", name] => Ok(Self::QueryField((*name).into())),
            ["request", "header", name] => HeaderName::try_from(*name)
                .map(Self::Header)
                .map_err(|_| (2, format!("`{name}` is no name of a header field."))),
            ["request", "body"] => Ok(Self::Body),
            ["request", "body", ..] => Ok(Self::InBody(path[2..].to_vec())),
            ["request", "query", _, ..] => Err((
                3,
                "A field of the query has nothing below it; put a name with dots in quotes: \
                 `request.query.\"hub.challenge\"`."
                    .to_owned(),
            )),
            ["request", "header", ..] => {
                Err((1, "Write which header field: `request.header.x-request-id`.".to_owned()))
            }
            ["request", "method" | "path", ..] | ["seq" | "uuid", ..] => {
                Err((names.len() - 1, "It has nothing below it; leave that out.".to_owned()))
            }
            ["now", ..] => Err((1, "Of the time there is `now` and `now.unix`.".to_owned())),
            ["request", ..] => Err((
                1,
                "Of a request there is method, path, query, header and body, as in \
                 `request.body.id`."
                    .to_owned(),
            )),
            _ => Err((
                0,
                "Templates know `request`, `seq`, `now` and `uuid`. For the two braces \
                 themselves write `{{ \"{{\" }}`."
                    .to_owned(),
            )),
        }
    }

    /// Returns the value for one request.
    pub(super) fn value<'c>(&'c self, context: &'c Context<'_>) -> TemplateValue<'c> {
        let sent = &context.sent;
        match self {
            Self::Literal(text) => text_of(text),
            Self::Method => text_of(sent.method.as_str()),
            Self::Path => TemplateValue::Text(Cow::Borrowed(sent.path)),
            Self::Query => sent
                .query
                .map_or(TemplateValue::Missing, |query| TemplateValue::Text(Cow::Borrowed(query))),
            Self::QueryField(name) => context.in_query(name),
            Self::Header(name) => sent.headers.get(name).map_or(TemplateValue::Missing, |value| {
                TemplateValue::Text(Cow::Borrowed(value.as_bytes()))
            }),
            Self::Body => TemplateValue::Text(Cow::Borrowed(sent.body)),
            Self::InBody(path) => context.in_body(path),
            Self::Seq => number(context.seq),
            Self::Now => TemplateValue::Text(Cow::Owned(context.now.to_string().into_bytes())),
            Self::UnixNow => number(context.now.as_millis().div_euclid(1000)),
            Self::Uuid => {
                let uuid = context.uuid.get_or_init(Uuid::new_v4);
                TemplateValue::Text(Cow::Owned(uuid.to_string().into_bytes()))
            }
        }
    }
}

fn text_of(text: &str) -> TemplateValue<'_> {
    TemplateValue::Text(Cow::Borrowed(text.as_bytes()))
}

fn number(number: i64) -> TemplateValue<'static> {
    TemplateValue::Json(Cow::Owned(number.to_string()))
}
