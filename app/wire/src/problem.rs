//! Errors as RFC 9457 problem details.

use serde::{Deserialize, Serialize};

use crate::json::{Readable, Reader, Unreadable};

/// What went wrong, as `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, thiserror::Error)]
#[error("{title}: {detail}")]
pub struct Problem {
    /// The stable cause, such as `/problems/slug-taken`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The cause in a few words, the same for every occurrence.
    pub title: String,
    /// The HTTP status; 0 if there was no response.
    pub status: u16,
    /// What to do about this occurrence, in a sentence.
    pub detail: String,
    /// Where the error begins in a search, in UTF-16 code units, for `/problems/invalid-query`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// Where it ends, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<u32>,
}

impl Readable for Problem {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        let Self { kind, title, status, detail, start, end } = self;
        let slots: &mut [&mut dyn Readable] = &mut [kind, title, status, detail, start, end];
        reader.object("type title status detail", "start end", slots)
    }
}

impl Problem {
    /// Returns a failure to reach the server or to understand its response, created in the browser.
    #[must_use]
    pub fn unreachable(detail: impl Into<String>) -> Self {
        Self {
            kind: "/problems/unreachable".to_owned(),
            title: "No answer from the server".to_owned(),
            status: 0,
            detail: detail.into(),
            start: None,
            end: None,
        }
    }

    /// Whether the resource does not exist (any more) for this caller, so that a retry is useless.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self.status, 401 | 404 | 410)
    }
}
