//! Bodies as they may have been before something on the way changed them.

use std::borrow::Cow;

use super::json;

const LINE_ADDED: &str = "The body was signed without the line break at its end: something added \
                          it after signing. Send the bytes that were signed (curl: --data-binary, \
                          printf instead of echo).";
const LINE_LOST: &str = "The body was signed with a line break at its end that did not arrive: \
                         sign the bytes that are sent (curl's -d drops line breaks, --data-binary \
                         keeps them).";
const SPACE_ADDED: &str = "The body was signed without the white space around it.";
const EMPTY: &str = "The signature is that of an empty body: the sender signs before the body is \
                     there, or after it was read.";
const CRLF_LOST: &str = "The body was signed with CRLF line ends that did not arrive.";
const CRLF_ADDED: &str = "The body was signed with LF line ends and sent with CRLF.";
const MARK_ADDED: &str = "The body was signed without the byte order mark at its start.";

/// Returns bodies that may have been signed before something on the way changed them. Each is made
/// on demand, so that one is in memory at a time.
pub(super) fn other_bodies(
    body: &[u8],
) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'static, str>)> {
    let ended = body.strip_suffix(b"\n").map(|body| body.strip_suffix(b"\r").unwrap_or(body));
    let less = ended.map(|without| (without, LINE_ADDED)).into_iter();
    let more = ["\n", "\r\n"].into_iter();
    let more = more.map(move |end| ([body, end.as_bytes()].concat(), LINE_LOST));
    let bare = [(body.trim_ascii(), SPACE_ADDED), (&[], EMPTY)].into_iter();
    let has_lines = body.contains(&b'\n') || body.contains(&b'\r');
    let lines = [("\r\n", CRLF_LOST), ("\n", CRLF_ADDED)].into_iter().filter(move |_| has_lines);
    let lines = lines.map(move |(end, hint)| (with_line_ends(body, end), hint));
    let unmarked = body.strip_prefix(b"\xef\xbb\xbf").map(|without| (without, MARK_ADDED));
    let json = json::spellings(body).map(|(text, how)| {
        let hint = format!(
            "The sender signed the same JSON written another way ({how}): let it sign the exact \
             text that it sends, not the data serialized again."
        );
        (Cow::Owned(text.into_bytes()), Cow::Owned(hint))
    });
    less.map(part)
        .chain(more.map(made))
        .chain(bare.map(part))
        .chain(lines.map(made))
        .chain(unmarked.map(part))
        .chain(json)
        .filter(move |(other, _)| **other != *body)
}

fn part<'a>((body, hint): (&'a [u8], &'static str)) -> (Cow<'a, [u8]>, Cow<'static, str>) {
    (Cow::Borrowed(body), Cow::Borrowed(hint))
}

fn made<'a>((body, hint): (Vec<u8>, &'static str)) -> (Cow<'a, [u8]>, Cow<'static, str>) {
    (Cow::Owned(body), Cow::Borrowed(hint))
}

fn with_line_ends(body: &[u8], end: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    if end == "\n" { text.into_bytes() } else { text.replace('\n', end).into_bytes() }
}
