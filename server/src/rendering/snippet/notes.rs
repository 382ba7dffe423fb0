//! The comment ahead of a snippet: what its tool cannot send as it was captured.

use super::message::SnippetHeader;

/// The most that a comment shows of a name or value.
const SHOWN_BYTES: usize = 100;
/// The most lines that a comment has.
const LINES: usize = 40;

/// What a comment says.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    first: Vec<String>,
    lost: Vec<String>,
}

impl Notes {
    /// Adds a sentence that stands ahead of what is lost.
    pub(crate) fn first(&mut self, line: String) {
        self.first.push(line);
    }

    /// Adds something that is not sent as it was.
    pub(crate) fn say(&mut self, parts: &[&str]) {
        self.lost.push(parts.concat());
    }

    /// Adds a field that is not sent as it was.
    pub(crate) fn header(&mut self, field: &SnippetHeader<'_>, reason: &str) {
        let (name, value) = (self.shown(field.name), self.shown(field.value));
        self.say(&[&name, ": ", &value, " - ", reason]);
    }

    /// Bytes from outside, safe in a comment of any language and even where the shell takes the
    /// comment for a command, as zsh does unless told otherwise: what is not plain is
    /// percent-encoded.
    pub(crate) fn shown(&self, bytes: &[u8]) -> String {
        let mut shown = String::new();
        for &byte in bytes.iter().take(SHOWN_BYTES) {
            if byte.is_ascii_alphanumeric() || b" -_.,:/+@".contains(&byte) {
                shown.push(char::from(byte));
            } else {
                shown.push_str(&format!("%{byte:02X}"));
            }
        }
        if bytes.len() > SHOWN_BYTES {
            shown.push_str("...");
        }
        shown
    }

    /// The comment, each line behind `sign`; nothing if there is nothing to say.
    pub(crate) fn written(&self, sign: &str) -> String {
        let mut text = String::new();
        let mut line = |parts: &[&str]| {
            text.push_str(sign);
            parts.iter().for_each(|part| text.push_str(part));
            text.push('\n');
        };
        for first in &self.first {
            line(&[" ", first]);
        }
        if !self.lost.is_empty() {
            line(&[" Not sent as it was:"]);
        }
        for lost in self.lost.iter().take(LINES) {
            line(&["   ", lost]);
        }
        if let Some(more @ 1..) = self.lost.len().checked_sub(LINES) {
            line(&["   and ", &more.to_string(), " more"]);
        }
        text
    }
}
