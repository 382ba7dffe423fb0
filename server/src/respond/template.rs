//! Templates: text with values of the request, `{{ request.body.challenge }}`. Only substitution,
//! without loops, conditions or arithmetic, since any visitor may write one: parsing and rendering
//! take linear time and memory. Pure: knows neither the store nor HTTP. The language is in
//! `docs/replies.md`.

mod body;
mod filter;
mod parser;
mod source;

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
    collections::HashMap,
    ops::Range,
};

use hookglass_message::{
    json::{JsonMatch, PathTree},
    request_view::RequestView,
};
use hookglass_wire::Timestamp;
use uuid::Uuid;

use self::{filter::Filter, source::ValueSource};

/// The longest template, in bytes.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// The most values in a template.
const MAX_SUBSTITUTIONS: usize = 100;
/// The size limit of rendered text, in bytes.
pub(crate) const MAX_RENDERED_BYTES: usize = 2 * 1024 * 1024;
/// The largest body that is parsed for values, in bytes.
const MAX_PARSED_BYTES: usize = 1024 * 1024;
/// How many bytes filters may process in all for one request: hashing a large body a hundred times
/// would cost more than any response is worth.
const MAX_FILTERED_BYTES: usize = 8 * 1024 * 1024;

/// A text with values of the request.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pieces: Vec<TemplatePart>,
}

#[derive(Debug, Clone)]
enum TemplatePart {
    Text(Box<str>),
    TemplateValue { source: ValueSource, filters: Vec<Filter> },
}

/// An error in a template: its range, in bytes of the text, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct TemplateError {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
}

/// The result of rendering.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rendered {
    pub(crate) bytes: Vec<u8>,
    /// Notes for the template's owner: where the text was cut off, or a value left out for its
    /// size.
    pub(crate) notes: Vec<String>,
}

/// The values of one request, for the templates of one response. Query and body are parsed at most
/// once, on first use.
pub(crate) struct Context<'a> {
    sent: RequestView<'a>,
    /// The first value of each query parameter.
    in_query: OnceCell<HashMap<Vec<u8>, Vec<u8>>>,
    seq: i64,
    now: Timestamp,
    uuid: OnceCell<Uuid>,
    wanted: PathTree,
    found: OnceCell<Vec<Option<JsonMatch<'a>>>>,
    /// How many more bytes filters may process.
    left: Cell<usize>,
}

/// A value that is being substituted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplateValue<'a> {
    Missing,
    /// Text, or bytes that should be text.
    Text(Cow<'a, [u8]>),
    /// JSON, exactly as sent.
    Json(Cow<'a, str>),
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// The range that is wrong, and what to write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        parser::parse(text).map(|pieces| Self { pieces })
    }

    /// Whether the text is the same for each request.
    pub(crate) fn is_plain(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, TemplatePart::Text(_)))
    }

    /// The text of a template without values.
    pub(crate) fn plain(&self) -> Vec<u8> {
        let texts = self.pieces.iter().map(|piece| match piece {
            TemplatePart::Text(text) => text.as_bytes(),
            TemplatePart::TemplateValue { .. } => &[],
        });
        texts.collect::<Vec<_>>().concat()
    }

    /// The number of values.
    pub(crate) fn values(&self) -> usize {
        self.sources().count()
    }

    /// Whether it uses the request's number, which is unknown until the request is stored.
    pub(crate) fn needs_seq(&self) -> bool {
        self.sources().any(|source| *source == ValueSource::Seq)
    }

    /// Whether it uses the body.
    pub(crate) fn needs_body(&self) -> bool {
        self.sources().any(|source| matches!(source, ValueSource::Body | ValueSource::InBody(_)))
    }

    fn sources(&self) -> impl Iterator<Item = &ValueSource> {
        self.pieces.iter().filter_map(|piece| match piece {
            TemplatePart::Text(_) => None,
            TemplatePart::TemplateValue { source, .. } => Some(source),
        })
    }

    /// Renders the text for one request, at most [`MAX_RENDERED_BYTES`]. `context` must have been
    /// created with this template.
    pub(crate) fn render(&self, context: &Context<'_>) -> Rendered {
        let mut rendered = Rendered::default();
        let mut left_out = false;
        for piece in &self.pieces {
            let value = match piece {
                TemplatePart::Text(text) => TemplateValue::Text(Cow::Borrowed(text.as_bytes())),
                TemplatePart::TemplateValue { source, filters } => {
                    let mut value = Some(source.value(context));
                    for filter in filters {
                        value = value.and_then(|value| {
                            context.spend(value.bytes().len()).then(|| filter.apply(value))
                        });
                    }
                    left_out |= value.is_none();
                    value.unwrap_or(TemplateValue::Missing)
                }
            };
            let room = MAX_RENDERED_BYTES - rendered.bytes.len();
            let bytes = value.bytes();
            rendered.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if bytes.len() > room {
                rendered.notes.push(format!(
                    "The template's text was cut off after {MAX_RENDERED_BYTES} bytes."
                ));
                break;
            }
        }
        if left_out {
            rendered.notes.push(format!(
                "A value was left out: filters read at most {MAX_FILTERED_BYTES} bytes for a request."
            ));
        }
        rendered
    }
}

impl<'a> Context<'a> {
    /// Creates the context of a request that is or will be stored as `seq`, for these templates
    /// only; `now` is the time that they use.
    pub(crate) fn new<'t>(
        sent: RequestView<'a>,
        seq: i64,
        now: Timestamp,
        templates: impl IntoIterator<Item = &'t Template>,
    ) -> Self {
        let mut wanted = PathTree::default();
        for piece in templates.into_iter().flat_map(|template| &template.pieces) {
            if let TemplatePart::TemplateValue { source: ValueSource::InBody(path), .. } = piece {
                wanted.insert(path);
            }
        }
        Self {
            sent,
            in_query: OnceCell::new(),
            seq,
            now,
            uuid: OnceCell::new(),
            wanted,
            found: OnceCell::new(),
            left: Cell::new(MAX_FILTERED_BYTES),
        }
    }

    /// The first value of a query parameter.
    fn in_query(&self, name: &str) -> TemplateValue<'_> {
        let read = || {
            let mut first = HashMap::new();
            for (name, value) in self.sent.query_pairs() {
                first.entry(name).or_insert(value);
            }
            first
        };
        let value = self.in_query.get_or_init(read).get(name.as_bytes());
        value.map_or(TemplateValue::Missing, |value| TemplateValue::Text(Cow::Borrowed(value)))
    }

    /// The value at a path of the body.
    fn in_body(&self, path: &[Box<str>]) -> TemplateValue<'_> {
        let found = self.found.get_or_init(|| body::values(&self.sent, &self.wanted));
        let place = self.wanted.place(path);
        match place.and_then(|place| found.get(place)).and_then(Option::as_ref) {
            None => TemplateValue::Missing,
            Some(JsonMatch::Text(text)) => TemplateValue::Text(Cow::Borrowed(text.as_bytes())),
            Some(JsonMatch::Bytes(bytes)) => TemplateValue::Text(Cow::Borrowed(bytes)),
            Some(JsonMatch::Json(json)) => TemplateValue::Json(Cow::Borrowed(json)),
        }
    }

    /// Takes `bytes` from what filters may process; false if less is left.
    fn spend(&self, bytes: usize) -> bool {
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => false,
        }
    }
}

impl TemplateValue<'_> {
    /// The value as text; empty if it is missing.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Missing => &[],
            Self::Text(bytes) => bytes,
            Self::Json(json) => json.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests;
