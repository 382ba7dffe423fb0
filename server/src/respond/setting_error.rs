//! Errors in settings, for the person who sets them.

use hookglass_query as query;

use super::settings::MAX_BYTES;
use crate::respond::template;

/// What is wrong with a setting, and what to set instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {message}")]
pub(crate) struct SettingError {
    /// The path, such as `rules[0].reply.headers[2]`.
    pub(crate) field: String,
    /// A sentence.
    pub(crate) message: String,
    /// The range in the field's text, in UTF-16 code units, if known.
    pub(crate) place: Option<(u32, u32)>,
    /// Whether the error is in a search.
    pub(crate) in_query: bool,
}

impl SettingError {
    /// The settings as a whole are too large.
    pub(crate) fn too_large() -> Self {
        let message = format!(
            "All replies and rules of an endpoint together take at most {MAX_BYTES} bytes as JSON; \
             shorten some."
        );
        Self::new("rules", message)
    }

    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), place: None, in_query: false }
    }

    pub(super) fn of_template(field: String, text: &str, fault: template::TemplateError) -> Self {
        let place = (query::utf16(text, fault.at.start), query::utf16(text, fault.at.end));
        Self { place: Some(place), ..Self::new(field, fault.message) }
    }
}
