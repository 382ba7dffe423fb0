//! A captured request as a command or program that sends it again, byte for byte as far as the tool
//! can. Pure text: knows neither the store nor the web.

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

/// Longer bodies are not inlined: the snippet reads them from a file and says where to download it.
/// Pasted code should stay short enough to read.
pub(crate) const INLINE_BYTES: u64 = 64 * 1024;

/// The tool that a snippet is for.
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
    /// All tools, in the order in which they are listed.
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

    /// The tool's name in URLs.
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

    /// Writes the request for this tool: a comment on what the tool cannot send, then the code. The
    /// only control characters are line feeds, and each line ends with one.
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
