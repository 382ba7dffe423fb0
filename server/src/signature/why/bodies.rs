//! What a body may have been before something on the way changed it.

use super::json;

/// Bodies that may have been signed before something on the way changed them.
pub(super) fn other_bodies(body: &[u8]) -> Vec<(Vec<u8>, String)> {
    let mut bodies: Vec<(Vec<u8>, String)> = Vec::new();
    let mut add = |other: Vec<u8>, hint: &str| {
        if other != body {
            bodies.push((other, hint.to_owned()));
        }
    };
    let ended = body.strip_suffix(b"\n").map(|body| body.strip_suffix(b"\r").unwrap_or(body));
    if let Some(without) = ended {
        add(
            without.to_vec(),
            "The body was signed without the line break at its end: something added it after \
             signing. Send the bytes that were signed (curl: --data-binary, printf instead of \
             echo).",
        );
    }
    for end in ["\n", "\r\n"] {
        add(
            [body, end.as_bytes()].concat(),
            "The body was signed with a line break at its end that did not arrive: sign the bytes \
             that are sent (curl's -d drops line breaks, --data-binary keeps them).",
        );
    }
    add(body.trim_ascii().to_vec(), "The body was signed without the white space around it.");
    add(
        Vec::new(),
        "The signature is that of an empty body: the sender signs before the body is there, or \
         after it was read.",
    );
    if body.contains(&b'\n') || body.contains(&b'\r') {
        let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
        add(
            text.replace('\n', "\r\n").into_bytes(),
            "The body was signed with CRLF line ends that did not arrive.",
        );
        add(text.into_bytes(), "The body was signed with LF line ends and sent with CRLF.");
    }
    if let Some(without) = body.strip_prefix(b"\xef\xbb\xbf") {
        add(without.to_vec(), "The body was signed without the byte order mark at its start.");
    }
    for (text, how) in json::spellings(body) {
        add(
            text.into_bytes(),
            &format!(
                "The sender signed the same JSON written another way ({how}): let it sign the \
                 very text that it sends, not the data written out once more."
            ),
        );
    }
    bodies
}
