//! What lists and feeds carry of what senders may make as long as a head: hundreds of rows at a time
//! are held for each who reads slowly.

use hookglass_wire::{Summary, Text};

use hookglass_message::head;

/// How much of a target, or of a content type, stands in lists and feeds, in bytes.
const LISTED_BYTES: usize = 2 * 1024;

/// How much one list carries of what senders and owners may make long, in bytes. A list that is full
/// ends early: its reader goes on from there.
pub(crate) const LIST_BYTES: usize = 512 * 1024;

/// How many of these rows one list carries; at least one.
pub(crate) fn fitting(requests: &[Summary]) -> usize {
    let mut bytes = 0;
    let fit = requests.iter().take_while(|request| {
        bytes += row_bytes(request);
        bytes <= LIST_BYTES
    });
    fit.count().max(1).min(requests.len())
}

/// About how much memory a row takes.
pub(crate) fn row_bytes(request: &Summary) -> usize {
    let text = |text: &Text| match text {
        Text::Utf8(text) | Text::Base64(text) => text.len(),
    };
    let option = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let Summary { method, target, content_type, label, note, mark, delivery_id, .. } = request;
    size_of::<Summary>()
        + method.len()
        + text(target)
        + content_type.as_ref().map_or(0, text)
        + option(label)
        + option(note)
        + option(mark)
        + option(delivery_id)
}

/// A request as lists and feeds show it.
pub fn truncate_for_list(mut summary: Summary) -> Summary {
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
