//! Errors of pages and API, with their status and problem details (RFC 9457).

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hookglass_store::StoreError;
use hookglass_wire::{GoneReason, Problem, QueryError};

use crate::{
    limits::rates::Exceeded,
    rendering::RenderError,
    respond::{SettingError, response::problem_response},
};

/// Why a call failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    /// The call is invalid; the text says why and what to send instead.
    #[error("{0}")]
    Invalid(String),
    /// A setting is invalid.
    #[error("{0}")]
    InvalidField(SettingError),
    /// A search is invalid.
    #[error("{}", .0.message)]
    InvalidQuery(QueryError),
    #[error("no valid key")]
    UnknownKey,
    #[error("not from a page of this origin")]
    CrossOrigin,
    /// The request used another host than this origin.
    #[error("not under this host name")]
    Misdirected(String),
    #[error("no new workspaces here")]
    CreationClosed,
    #[error("not found")]
    NotFound,
    #[error("no request #{0} to compare with")]
    NoOther(i64),
    #[error("method not allowed")]
    MethodNotAllowed,
    #[error("slug taken")]
    SlugTaken,
    #[error("{0} endpoints already")]
    TooManyEndpoints(u32),
    #[error("{0} endpoints in all already")]
    TooManyEndpointsInAll(u32),
    #[error("{0} secrets already")]
    TooManySecrets(u32),
    #[error("{} from one address in an hour", .0.value)]
    TooManyCreations(Exceeded),
    #[error("{0} requests are pinned already")]
    TooManyPins(u32),
    #[error("pinned requests may take up to {0} bytes")]
    PinsTooLarge(u64),
    #[error("response settings may take up to {0} bytes")]
    AnswersTooLarge(u64),
    #[error("gone")]
    Gone(GoneReason),
    #[error("body over {0} bytes")]
    BodyTooLarge(usize),
    #[error("unsupported content type")]
    UnsupportedMediaType,
    #[error("range past {0} bytes")]
    RangeNotSatisfiable(u64),
    #[error("too many bytes of downloads in memory")]
    TooManyDownloads,
    #[error("too many bytes of responses in memory")]
    TooManyResponses,
    #[error("cannot store now")]
    Unavailable,
    /// Already logged where it occurred.
    #[error("internal error")]
    Internal,
}

impl Error {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::InvalidField(_) | Self::InvalidQuery(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::UnknownKey => StatusCode::UNAUTHORIZED,
            Self::CrossOrigin | Self::CreationClosed => StatusCode::FORBIDDEN,
            Self::Misdirected(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::NotFound | Self::NoOther(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SlugTaken
            | Self::TooManyEndpoints(_)
            | Self::TooManySecrets(_)
            | Self::TooManyPins(_)
            | Self::PinsTooLarge(_)
            | Self::AnswersTooLarge(_) => StatusCode::CONFLICT,
            Self::TooManyEndpointsInAll(_) | Self::TooManyDownloads | Self::TooManyResponses => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooManyCreations(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Gone(_) => StatusCode::GONE,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn problem(&self) -> Problem {
        let (kind, title, detail) = match self {
            Self::Invalid(detail) => {
                ("invalid-request", "The request is not valid", detail.clone())
            }
            Self::InvalidField(fault) if fault.in_query => {
                ("invalid-query", "The search cannot be read", fault.to_string())
            }
            Self::InvalidField(fault) => {
                ("invalid-request", "The request is not valid", fault.to_string())
            }
            Self::InvalidQuery(error) => {
                ("invalid-query", "The search cannot be read", error.message.clone())
            }
            Self::UnknownKey => (
                "unknown-key",
                "No valid key",
                "Send the workspace's key as `Authorization: Bearer hgk_…`.".to_owned(),
            ),
            Self::CrossOrigin => (
                "cross-origin",
                "Not from a page of Hookglass",
                "Browsers may do this only from Hookglass's own pages; programs must not send \
                 Origin or Sec-Fetch-* headers."
                    .to_owned(),
            ),
            Self::Misdirected(origin) => (
                "misdirected",
                "Not under this host name",
                format!(
                    "This server's pages and API are at {origin}: use that URL. A proxy in front must \
                     forward the Host of its client."
                ),
            ),
            Self::CreationClosed => (
                "key-needed",
                "A key is needed",
                "This server does not create workspaces; ask its operator for a key.".to_owned(),
            ),
            Self::NotFound => (
                "not-found",
                "Not found",
                "There is nothing here, or it belongs to another workspace: check the URL and the \
                 key."
                    .to_owned(),
            ),
            Self::NoOther(seq) => (
                "not-found",
                "Nothing to compare with",
                format!(
                    "There is no request #{seq} here: send the number of another one, or `previous`."
                ),
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                "Method not allowed",
                "See the Allow header for the methods that this resource supports.".to_owned(),
            ),
            Self::SlugTaken => (
                "slug-taken",
                "The slug is taken",
                "Choose another slug, or leave it out to get a random one.".to_owned(),
            ),
            Self::TooManyEndpoints(limit) => (
                "too-many-endpoints",
                "Too many endpoints",
                format!("A workspace may have {limit} endpoints; delete one first."),
            ),
            Self::TooManyPins(limit) => (
                "too-many-pins",
                "Too many pinned requests",
                format!("An endpoint may have {limit} pinned requests; unpin one first."),
            ),
            Self::PinsTooLarge(limit) => (
                "pins-too-large",
                "Pinned requests take too much room",
                format!(
                    "Pinned requests may take up {limit} bytes of this server's storage; unpin a \
                     large request first."
                ),
            ),
            Self::AnswersTooLarge(limit) => (
                "answers-too-large",
                "Answers take too much room",
                format!(
                    "Response settings may take up {limit} bytes of this server's storage; \
                     shorten or remove a long response first."
                ),
            ),
            Self::TooManySecrets(limit) => (
                "too-many-secrets",
                "Too many secrets",
                format!("An endpoint may have {limit} secrets; delete one first."),
            ),
            Self::TooManyEndpointsInAll(limit) => (
                "server-full",
                "The server is full",
                format!(
                    "It has {limit} endpoints and creates no more (max-endpoints-total); try \
                     again when some have expired."
                ),
            ),
            Self::TooManyCreations(Exceeded { limit, value, .. }) => (
                "too-many-creations",
                "Too many new endpoints",
                format!(
                    "One address may create {value} endpoints per hour ({limit}); use \
                     those you have."
                ),
            ),
            Self::Gone(reason) => (
                "gone",
                "The endpoint is gone",
                match reason {
                    GoneReason::Expired => "It has expired.".to_owned(),
                    GoneReason::Deleted => "It was deleted.".to_owned(),
                },
            ),
            Self::BodyTooLarge(limit) => {
                ("body-too-large", "The body is too large", format!("Send at most {limit} bytes."))
            }
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                "Unsupported content type",
                "Send application/json or application/x-www-form-urlencoded.".to_owned(),
            ),
            Self::RangeNotSatisfiable(bytes) => (
                "range-not-satisfiable",
                "The range is past the end",
                format!("The body has {bytes} bytes."),
            ),
            Self::TooManyDownloads => (
                "too-many-downloads",
                "Too many downloads at once",
                "Wait until the current ones end, then try again.".to_owned(),
            ),
            Self::TooManyResponses => (
                "too-many-responses",
                "Too many responses at once",
                "Read the current responses to their end, then try again.".to_owned(),
            ),
            Self::Unavailable => {
                ("unavailable", "Cannot store now", "Try again in a few seconds.".to_owned())
            }
            Self::Internal => (
                "internal",
                "Internal error",
                "It was logged; try again, and tell the operator if it persists.".to_owned(),
            ),
        };
        let place = match self {
            Self::InvalidQuery(error) => Some((error.start, error.end)),
            Self::InvalidField(fault) => fault.place,
            _ => None,
        };
        Problem {
            kind: format!("/problems/{kind}"),
            title: title.to_owned(),
            status: self.status().as_u16(),
            detail,
            start: place.map(|(start, _)| start),
            end: place.map(|(_, end)| end),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Gone(reason) => Self::Gone(reason),
            StoreError::SlugTaken => Self::SlugTaken,
            StoreError::TooManyEndpoints(limit) => Self::TooManyEndpoints(limit),
            StoreError::TooManyPins(limit) => Self::TooManyPins(limit),
            StoreError::PinsTooLarge(limit) => Self::PinsTooLarge(limit),
            StoreError::AnswersTooLarge(limit) => Self::AnswersTooLarge(limit),
            StoreError::TooManySecrets(limit) => Self::TooManySecrets(limit),
            StoreError::TooManyEndpointsInAll(limit) => Self::TooManyEndpointsInAll(limit),
            // Retrying finds space, or what changed meanwhile.
            StoreError::Full { .. }
            | StoreError::Outdated
            | StoreError::Busy
            | StoreError::Closed
            | StoreError::Aborted => Self::Unavailable,
            StoreError::Engine(cause) => Self::internal(&cause),
        }
    }
}

impl From<SettingError> for Error {
    fn from(fault: SettingError) -> Self {
        Self::InvalidField(fault)
    }
}

impl From<RenderError> for Error {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Invalid(detail) => Self::Invalid(detail),
            RenderError::NotThere => Self::NotFound,
            RenderError::NoOther(seq) => Self::NoOther(seq),
            RenderError::Store(error) => error.into(),
            RenderError::Failed => Self::Internal,
        }
    }
}

impl Error {
    /// Logs a cause that callers must not see.
    pub(crate) fn internal(cause: &Arc<dyn std::error::Error + Send + Sync>) -> Self {
        tracing::error!(error = &**cause as &dyn std::error::Error, "a call failed");
        Self::Internal
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = problem_response(&self.problem());
        let headers = response.headers_mut();
        match self {
            Self::Unavailable | Self::TooManyDownloads | Self::TooManyResponses => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            Self::TooManyCreations(exceeded) => {
                headers.insert(header::RETRY_AFTER, exceeded.retry_after().into());
            }
            Self::RangeNotSatisfiable(bytes) => {
                if let Ok(range) = HeaderValue::try_from(format!("bytes */{bytes}")) {
                    headers.insert(header::CONTENT_RANGE, range);
                }
            }
            Self::UnknownKey => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Invalid(_)
            | Self::InvalidField(_)
            | Self::InvalidQuery(_)
            | Self::CrossOrigin
            | Self::Misdirected(_)
            | Self::CreationClosed
            | Self::NotFound
            | Self::NoOther(_)
            | Self::MethodNotAllowed
            | Self::SlugTaken
            | Self::TooManyEndpoints(_)
            | Self::TooManyEndpointsInAll(_)
            | Self::TooManySecrets(_)
            | Self::TooManyPins(_)
            | Self::PinsTooLarge(_)
            | Self::AnswersTooLarge(_)
            | Self::Gone(_)
            | Self::BodyTooLarge(_)
            | Self::UnsupportedMediaType
            | Self::Internal => {}
        }
        response
    }
}

/// The response to a method that a route does not support; the router adds `Allow`.
pub(crate) async fn method_not_allowed() -> Error {
    Error::MethodNotAllowed
}
