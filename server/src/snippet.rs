//! A captured request as a command or program that sends it again, byte for byte as far as the tool
//! can. Pure text work: it knows neither the store nor the web.

mod curl;
mod fetch;
mod http;
mod literal;
mod message;
mod notes;
mod shell;

use std::str::FromStr;

pub(crate) use self::message::{Body, Message};

/// Longer bodies are not written into a snippet: it reads them from a file, and says where that is
/// downloaded. What is pasted should stay something that one can look through.
pub(crate) const INLINE_BYTES: u64 = 64 * 1024;

/// What a snippet is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Curl,
    Fetch,
    Http,
}

impl Tool {
    /// All, in the order in which they are listed.
    pub(crate) const ALL: [Self; 3] = [Self::Curl, Self::Fetch, Self::Http];

    /// Its name in URLs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Fetch => "fetch",
            Self::Http => "http",
        }
    }

    /// The request for this tool: a comment on what the tool cannot send, then what sends the rest.
    /// There are no control characters in it but line feeds, and each line ends with one.
    pub(crate) fn write(self, message: &Message) -> String {
        match self {
            Self::Curl => curl::write(message),
            Self::Fetch => fetch::write(message),
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
