//! Truncation for lists and feeds of values that senders can make as long as a head: each slow
//! reader keeps hundreds of rows in memory.

use hookglass_wire::{Summary, Text};

use hookglass_message::head;

/// The maximum bytes of a target or content type in lists and feeds.
const LISTED_BYTES: usize = 2 * 1024;

/// The maximum bytes of sender- and owner-controlled values in one list. A full list ends early:
/// its reader continues from there.
pub(crate) const LIST_BYTES: usize = 512 * 1024;

/// Returns how many of these rows fit into one list; at least one.
pub(crate) fn fitting(requests: &[Summary]) -> usize {
    let mut bytes = 0;
    let fit = requests.iter().take_while(|request| {
        bytes += row_bytes(request);
        bytes <= LIST_BYTES
    });
    fit.count().max(1).min(requests.len())
}

/// Returns the approximate memory size of a row.
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

/// Truncates a request for lists and feeds.
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
