//! A captured request as a command or program that sends it again, byte for byte as far as the tool
//! can. Pure text work: it knows neither the store nor the web.

mod curl;
mod fetch;
mod go;
mod http;
mod httpie;
mod literal;
mod message;
mod notes;
mod php;
mod python;
mod rust;
mod shell;
mod wget;

use std::str::FromStr;

pub(crate) use self::message::{SnippetBody, SnippetRequest};

/// Longer bodies are not written into a snippet: it reads them from a file, and says where that is
/// downloaded. What is pasted should stay something that one can look through.
pub(crate) const INLINE_BYTES: u64 = 64 * 1024;

/// What a snippet is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Curl,
    Httpie,
    Wget,
    Fetch,
    Python,
    Go,
    Rust,
    Php,
    Http,
}

impl Tool {
    /// All, in the order in which they are listed.
    pub(crate) const ALL: [Self; 9] = [
        Self::Curl,
        Self::Httpie,
        Self::Wget,
        Self::Fetch,
        Self::Python,
        Self::Go,
        Self::Rust,
        Self::Php,
        Self::Http,
    ];

    /// Its name in URLs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Httpie => "httpie",
            Self::Wget => "wget",
            Self::Fetch => "fetch",
            Self::Python => "python",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Php => "php",
            Self::Http => "http",
        }
    }

    /// The request for this tool: a comment on what the tool cannot send, then what sends the rest.
    /// There are no control characters in it but line feeds, and each line ends with one.
    pub(crate) fn write(self, message: &SnippetRequest) -> String {
        match self {
            Self::Curl => curl::write(message),
            Self::Httpie => httpie::write(message),
            Self::Wget => wget::write(message),
            Self::Fetch => fetch::write(message),
            Self::Python => python::write(message),
            Self::Go => go::write(message),
            Self::Rust => rust::write(message),
            Self::Php => php::write(message),
            Self::Http => http::write(message),
        }
    }
}

impl FromStr for Tool {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|tool| tool.name() == name).ok_or(())
    }
}
