//! What lists and feeds carry of what senders may make as long as a head: hundreds of rows at a time
//! are held for each who reads slowly.

use hookglass_app::wire::{Summary, Text};

use crate::head;

/// How much of a target, or of a content type, stands in lists and feeds, in bytes.
const LISTED_BYTES: usize = 2 * 1024;

/// A request as lists and feeds show it.
pub(crate) fn listed(mut summary: Summary) -> Summary {
    cut(&mut summary.target);
    if let Some(content_type) = &mut summary.content_type {
        cut(content_type);
    }
    cut_text(&mut summary.method);
    summary
}

fn cut(text: &mut Text) {
    match text {
        Text::Utf8(text) => cut_text(text),
        Text::Base64(encoded) => {
            let bytes = head::unencoded(encoded);
            if bytes.len() > LISTED_BYTES {
                *text = head::text(&bytes[..LISTED_BYTES]);
            }
        }
    }
}

fn cut_text(text: &mut String) {
    if text.len() > LISTED_BYTES {
        text.truncate(text.floor_char_boundary(LISTED_BYTES));
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_between_characters() {
        let mut text = head::text("€".repeat(1000).as_bytes());
        cut(&mut text);
        assert_eq!(text, Text::Utf8("€".repeat(682)));
    }

    #[test]
    fn what_is_no_text_is_cut_too_and_what_is_short_stays() {
        let mut text = head::text(&[0xff; 60_000]);
        cut(&mut text);
        assert_eq!(text, head::text(&[0xff; LISTED_BYTES]));
        let mut short = head::text(b"/x?\xff");
        cut(&mut short);
        assert_eq!(short, head::text(b"/x?\xff"));
    }
}
