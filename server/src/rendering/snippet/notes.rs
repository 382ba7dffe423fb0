//! The comment at the top of a snippet: what its tool cannot send as captured.

use super::message::SnippetHeader;

/// The most bytes of a name or value in a comment.
const SHOWN_BYTES: usize = 100;
/// The most lines of a comment.
const LINES: usize = 40;

/// The lines of a comment.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    first: Vec<String>,
    lost: Vec<String>,
}

impl Notes {
    /// Adds a sentence before the losses.
    pub(crate) fn first(&mut self, line: String) {
        self.first.push(line);
    }

    /// Adds something that is not sent as captured.
    pub(crate) fn say(&mut self, parts: &[&str]) {
        self.lost.push(parts.concat());
    }

    /// Adds a header that is not sent as captured.
    pub(crate) fn header(&mut self, field: &SnippetHeader<'_>, reason: &str) {
        let (name, value) = (self.shown(field.name), self.shown(field.value));
        self.say(&[&name, ": ", &value, " - ", reason]);
    }

    /// Makes untrusted bytes safe in a comment of any language, and even where the shell runs the
    /// comment as a command, as zsh does by default: percent-encodes all but plain characters.
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

    /// Writes the comment, each line after `sign`; empty if there are no notes.
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
