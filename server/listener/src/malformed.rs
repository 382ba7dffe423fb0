//! Why a request cannot be parsed any further, and the response to its sender.

use hyper::StatusCode;

use super::framing::{MAX_FIELDS, MAX_HEAD_BYTES};

/// How long a head may take from its first byte, in seconds.
pub(crate) const HEAD_SECONDS: u64 = 10;

/// What is wrong with a request that cannot be framed or exceeds a limit of its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Malformed {
    /// A line of the head ends without CR.
    #[error("A line ends in a bare LF; end each line of the head in CR LF.")]
    BareLineFeed,
    /// The head has a CR without LF.
    #[error("The head has a CR without LF; end each line in CR LF and send no other CR.")]
    BareCarriageReturn,
    /// The request line cannot be parsed.
    #[error(
        "The request line cannot be read; send a method, a target without spaces or control \
         characters, and the version, with one space between them. (This port speaks plain HTTP, \
         not TLS.)"
    )]
    RequestLine,
    /// The version is not supported.
    #[error("This version is not supported; send HTTP/1.1, HTTP/1.0 or HTTP/2.")]
    Version,
    /// A header line has no valid name.
    #[error(
        "A field line has no name, white space in or after its name, or odd characters around a \
         name like Content-Length; send `Name: value`."
    )]
    FieldName,
    /// No `Host` header.
    #[error("The Host field is missing; send the host's name.")]
    NoHost,
    /// Several hosts, or two that differ.
    #[error(
        "There are several Host fields, or over HTTP/2 one that is not the `:authority`; send one \
         host."
    )]
    HostTwice,
    /// A header that decides on framing is folded.
    #[error(
        "Host, Content-Length, Transfer-Encoding, Connection or Expect goes on in a second line, \
         which programs read differently; send each on one line."
    )]
    Folded,
    /// Several `Content-Length` headers.
    #[error("There are several Content-Length fields; send one.")]
    LengthTwice,
    /// `Content-Length` is not a number.
    #[error("Content-Length is not a number; send the length in decimal digits only.")]
    Length,
    /// Both ways to frame a body at once.
    #[error("Content-Length and Transfer-Encoding contradict each other; send one of them.")]
    LengthAndTransferEncoding,
    /// A transfer coding other than `chunked`.
    #[error("This Transfer-Encoding is not supported; send `Transfer-Encoding: chunked` once.")]
    TransferEncoding,
    /// `Transfer-Encoding` in HTTP/1.0.
    #[error("HTTP/1.0 has no Transfer-Encoding; send Content-Length or use HTTP/1.1.")]
    TransferEncodingIn10,
    /// The chunks cannot be parsed.
    #[error("The chunks of the body cannot be read; frame them as RFC 9112 §7.1 says.")]
    Chunk,
    /// The body ended early.
    #[error("The body ended early; send as much as its length or its chunks say.")]
    Cut,
    /// The head is too large.
    #[error("The head is larger than {MAX_HEAD_BYTES} bytes (max-head).")]
    HeadTooLarge,
    /// The head has too many headers.
    #[error("The head has more than {MAX_FIELDS} fields (max-fields).")]
    TooManyFields,
    /// The head took too long.
    #[error("The head took longer than {HEAD_SECONDS} seconds (head-timeout); send it at once.")]
    HeadTimeout,
    /// Too many large heads are in memory.
    #[error(
        "Too many large heads are arriving at once (in-flight); send it again in a few seconds."
    )]
    Crowded,
}

impl Malformed {
    /// Returns the status of the response.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BareLineFeed
            | Self::BareCarriageReturn
            | Self::RequestLine
            | Self::FieldName
            | Self::NoHost
            | Self::HostTwice
            | Self::Folded
            | Self::LengthTwice
            | Self::Length
            | Self::LengthAndTransferEncoding
            | Self::TransferEncodingIn10
            | Self::Chunk
            | Self::Cut => StatusCode::BAD_REQUEST,
            Self::TransferEncoding => StatusCode::NOT_IMPLEMENTED,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::HeadTooLarge | Self::TooManyFields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::HeadTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Crowded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the limit's name and its value in its own unit; `framing` has none.
    pub const fn limit(self) -> (&'static str, u64) {
        match self {
            Self::HeadTooLarge => ("max-head", MAX_HEAD_BYTES as u64),
            Self::TooManyFields => ("max-fields", MAX_FIELDS as u64),
            Self::HeadTimeout => ("head-timeout", HEAD_SECONDS),
            Self::Crowded => ("in-flight", 0),
            _ => ("framing", 0),
        }
    }
}
