//! Templates: text with values of the request in it, `{{ request.body.challenge }}`. Substitution
//! only, without loops, conditions or arithmetic, since any visitor may write one: reading and
//! rendering take time and memory in proportion to their input. Pure: knows neither the store nor
//! HTTP. `docs/replies.md` has the language.

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

use hookglass_wire::Timestamp;
use uuid::Uuid;

use self::{filter::Filter, source::ValueSource};
use hookglass_message::{
    json::{JsonMatch, PathTree},
    request_view::RequestView,
};

/// The longest template, in bytes.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// How many values one may hold.
const MAX_SUBSTITUTIONS: usize = 100;
/// The most that is rendered, in bytes.
pub(crate) const MAX_RENDERED_BYTES: usize = 2 * 1024 * 1024;
/// The largest body whose values are looked for, in bytes.
const MAX_PARSED_BYTES: usize = 1024 * 1024;
/// How many bytes filters may read in all for one request: hashing a large body a hundred times
/// over would cost more than any answer is worth.
const MAX_FILTERED_BYTES: usize = 8 * 1024 * 1024;

/// A text with values of the request in it.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pieces: Vec<TemplatePart>,
}

#[derive(Debug, Clone)]
enum TemplatePart {
    Text(Box<str>),
    TemplateValue { source: ValueSource, filters: Vec<Filter> },
}

/// What is wrong with a template: where, in bytes of its text, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct TemplateError {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
}

/// What a template became.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rendered {
    pub(crate) bytes: Vec<u8>,
    /// What the template's owner should know of it, in sentences: where it was cut off, or a value
    /// left out for its size.
    pub(crate) notes: Vec<String>,
}

/// The values of one request, for the templates of one answer. Query and body are read at most once,
/// when the first of their values is asked for.
pub(crate) struct Context<'a> {
    sent: RequestView<'a>,
    /// The first value of each field of the query, by its name.
    in_query: OnceCell<HashMap<Vec<u8>, Vec<u8>>>,
    seq: i64,
    now: Timestamp,
    uuid: OnceCell<Uuid>,
    wanted: PathTree,
    found: OnceCell<Vec<Option<JsonMatch<'a>>>>,
    /// How many bytes filters may still read.
    left: Cell<usize>,
}

/// A value on its way into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplateValue<'a> {
    Missing,
    /// Text, or bytes that are meant to be.
    Text(Cow<'a, [u8]>),
    /// JSON, as it was sent.
    Json(Cow<'a, str>),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where it is wrong and what to write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        parser::parse(text).map(|pieces| Self { pieces })
    }

    /// Whether it is the same for each request.
    pub(crate) fn is_plain(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, TemplatePart::Text(_)))
    }

    /// The text of one that is the same for each request.
    pub(crate) fn plain(&self) -> Vec<u8> {
        let texts = self.pieces.iter().map(|piece| match piece {
            TemplatePart::Text(text) => text.as_bytes(),
            TemplatePart::TemplateValue { .. } => &[],
        });
        texts.collect::<Vec<_>>().concat()
    }

    /// How many values it has.
    pub(crate) fn values(&self) -> usize {
        self.sources().count()
    }

    /// Whether it names the number of the request, which is not known before that is stored.
    pub(crate) fn needs_seq(&self) -> bool {
        self.sources().any(|source| *source == ValueSource::Seq)
    }

    /// Whether it names something of the body.
    pub(crate) fn needs_body(&self) -> bool {
        self.sources().any(|source| matches!(source, ValueSource::Body | ValueSource::InBody(_)))
    }

    fn sources(&self) -> impl Iterator<Item = &ValueSource> {
        self.pieces.iter().filter_map(|piece| match piece {
            TemplatePart::Text(_) => None,
            TemplatePart::TemplateValue { source, .. } => Some(source),
        })
    }

    /// The text for one request, at most [`MAX_RENDERED_BYTES`]. `context` has to know of this
    /// template.
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
    /// The values of a request that is or will be stored as `seq`, for these templates and no
    /// others; `now` is what they take for the time.
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

    /// The first value that the query has for a name.
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

    /// What stands in the body at a path.
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

    /// Takes `bytes` off what filters may read; false if that is more than is left.
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
    /// The value as it stands in a text; nothing for one that is missing.
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
